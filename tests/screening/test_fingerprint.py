"""Fingerprints find the few cases that may show the same person."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.cohort import read_cohort
from crossvox.files import read_volume
from crossvox.screening.coarse import CoarseVolume, coarsen, lattice_around
from crossvox.screening.fingerprint import BLOCK, BOX_CELLS, Fingerprint, fingerprint, nearest
from crossvox.volume import Grid, Volume


def _all_but_itself(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    different: NDArray[np.bool_] = rows[:, None] != columns[None, :]
    return different


@pytest.fixture(scope="module")
def volumes(cohort_folder: Path) -> list[Volume]:
    cases = read_cohort(cohort_folder, modalities=("T1w",))
    return [read_volume(case.images["T1w"]) for case in cases]


def _coarse(volume: Volume) -> CoarseVolume:
    return coarsen(volume, lattice_around(volume.grid, step_mm=4.0))


def _cosine(one: Fingerprint, other: Fingerprint) -> float:
    first, second = one.astype(float), other.astype(float)
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def test_a_person_moved_and_scanned_with_other_shading_is_more_alike_than_any_other(
    volumes: list[Volume],
) -> None:
    first = volumes[0]
    affine = first.grid.affine.copy()
    affine[:3, 3] += (5, -9, 14)
    shading = np.linspace(0.8, 1.2, first.grid.shape[0], dtype=np.float32)[:, None, None]
    again = fingerprint(_coarse(Volume(first.voxels * shading, Grid(first.grid.shape, affine))))
    own, *others = [_cosine(again, fingerprint(_coarse(volume))) for volume in volumes]
    assert own > max(others) + 0.1


def test_the_nearest_are_found_over_the_borders_of_blocks() -> None:
    generator = np.random.default_rng(0)
    count = 2 * BLOCK + 10
    prints = generator.integers(-99, 99, (count, 40)).astype(np.int8)
    prints[BLOCK + 3] = prints[1]
    prints[count - 1] = prints[1]
    found = nearest([[row] for row in prints], count=2, comparable=_all_but_itself)
    assert len(found) == count
    assert set(found[1]) == {BLOCK + 3, count - 1}
    assert set(found[count - 1]) == {1, BLOCK + 3}


def test_only_comparable_cases_are_found() -> None:
    prints = [[np.array([1, 0], np.int8)]] * 3
    assert nearest(prints, count=5, comparable=_all_but_itself) == [(1, 2), (0, 2), (0, 1)]
    nothing = nearest(
        prints, count=5, comparable=lambda rows, columns: np.zeros((rows.size, columns.size), bool)
    )
    assert nothing == [(), (), ()]


def test_a_volume_without_a_head_has_an_empty_fingerprint(volumes: list[Volume]) -> None:
    coarse = _coarse(volumes[0])
    nobody = CoarseVolume(
        lattice=coarse.lattice,
        levels=coarse.levels,
        head=np.zeros_like(coarse.head),
        empty=coarse.empty,
        median=0.0,
    )
    assert fingerprint(nobody).shape == (BOX_CELLS,)
    assert not fingerprint(nobody).any()


def test_a_head_larger_than_the_box_is_cut_to_it(volumes: list[Volume]) -> None:
    coarse = coarsen(volumes[0], lattice_around(volumes[0].grid, step_mm=2.0))
    assert np.abs(fingerprint(coarse)).max() == 127
