"""Measuring the translation between two volumes."""

from pathlib import Path

import numpy as np
import pytest

from crossvox.cohort import read_cohort
from crossvox.files import read_volume
from crossvox.screening.alignment import align, mutual_information
from crossvox.screening.coarse import CoarseVolume, coarsen, lattice_around
from crossvox.volume import Grid, Volume


@pytest.fixture(scope="module")
def pair(cohort_folder: Path) -> tuple[Volume, Volume]:
    case = read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))[0]
    return read_volume(case.images["FLAIR"]), read_volume(case.images["T1w"])


def _coarse(volume: Volume, like: Volume) -> CoarseVolume:
    return coarsen(volume, lattice_around(like.grid, step_mm=4.0))


def _moved(volume: Volume, by_mm: tuple[float, float, float]) -> Volume:
    affine = volume.grid.affine.copy()
    affine[:3, 3] += by_mm
    return Volume(volume.voxels, Grid(volume.grid.shape, affine))


def test_a_volume_tells_everything_about_itself(pair: tuple[Volume, Volume]) -> None:
    coarse = _coarse(pair[0], pair[0])
    found = align(coarse, coarse)
    # Studholme 1999: 2 for identical images, and 1 is subtracted.
    assert found.information == pytest.approx(1.0)
    assert found.dice == 1
    # 0.5 mm is an eighth of a lattice step; the two sides of the maximum differ slightly.
    assert found.distance_mm < 0.5


def test_noise_tells_nothing(pair: tuple[Volume, Volume]) -> None:
    coarse = _coarse(pair[0], pair[0])
    noise = np.random.default_rng(0).integers(0, 32, coarse.levels.shape).astype(np.int8)
    other = CoarseVolume(
        lattice=coarse.lattice, levels=noise, head=coarse.head, empty=coarse.empty, median=1.0
    )
    # Chance raises it by about 0.005 with 31 x 31 bins over 2 x 30 000 points.
    assert mutual_information(coarse, other) < 0.01


@pytest.mark.parametrize(
    "shift", [(0, 0, 0), (3, 0, 0), (-5, 2.5, 7), (0, -14, 0), (30, 0, -25), (1.3, -0.7, 2.1)]
)
def test_a_known_shift_of_the_other_modality_is_measured(
    pair: tuple[Volume, Volume], shift: tuple[float, float, float]
) -> None:
    source, target = pair
    found = align(_coarse(source, source), _coarse(_moved(target, shift), source))
    # 1 mm is a quarter of a lattice step, on phantoms with 7 mm voxels.
    np.testing.assert_allclose(found.shift_mm, shift, atol=1.0)


def test_heads_that_do_not_overlap_tell_nothing(pair: tuple[Volume, Volume]) -> None:
    coarse = _coarse(pair[0], pair[0])
    assert mutual_information(coarse, coarse, steps=(40, 0, 0)) == 0
    assert mutual_information(coarse, coarse, steps=(400, 0, 0)) == 0
