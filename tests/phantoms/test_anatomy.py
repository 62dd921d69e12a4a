"""Properties of heads sampled on grids."""

from functools import cache

import numpy as np
import pytest

from crossvox.phantoms.anatomy import Anatomy, anatomy_on, compose
from crossvox.phantoms.person import Person, draw_person
from crossvox.phantoms.scanner import scanner_grid
from crossvox.phantoms.tissues import (
    AIR,
    BONE,
    CSF,
    DEEP_GRAY,
    GRAY_MATTER,
    LESION,
    TISSUES,
    VITREOUS,
    WHITE_MATTER,
    Tissue,
)
from crossvox.volume import Grid

SIZE = 32


def _grid(*, size: int = SIZE, factor: int = 1, degrees: float = 0.0) -> Grid:
    return scanner_grid(size, slice_thickness_factor=factor, oblique_degrees=degrees)


@cache
def _person(seed: int = 0) -> Person:
    return draw_person(np.random.default_rng(seed), tissue_variation=0.0)


@cache
def _anatomy(seed: int = 0) -> Anatomy:
    return anatomy_on(_grid(), _person(seed))


def _millilitres(anatomy: Anatomy, tissue: Tissue) -> float:
    return float(anatomy.shares[TISSUES.index(tissue)].sum()) * _grid().voxel_mm3 / 1000


def test_shares_are_not_negative_and_add_up_to_one() -> None:
    shares = _anatomy().shares
    assert shares.min() >= 0
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-5)


def test_edges_hold_several_tissues() -> None:
    largest = _anatomy().shares.max(axis=0)
    # A hard label map would have no mixed voxels.
    assert (largest < 0.9).mean() > 0.1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("tissue", "least_ml", "most_ml"),
    [
        (GRAY_MATTER, 450, 850),
        (WHITE_MATTER, 400, 750),
        (DEEP_GRAY, 10, 60),
        (CSF, 150, 700),
        (BONE, 200, 700),
        (VITREOUS, 5, 20),
        (LESION, 0.05, 60),
    ],
)
def test_tissues_have_human_volumes(
    seed: int, tissue: Tissue, least_ml: float, most_ml: float
) -> None:
    assert least_ml < _millilitres(_anatomy(seed), tissue) < most_ml


@pytest.mark.parametrize("seed", range(3))
def test_the_head_fills_the_field_without_touching_its_top(seed: int) -> None:
    head = _anatomy(seed).head > 0.5
    extent = [np.ptp(np.nonzero(head)[axis]) + 1 for axis in range(3)]
    assert min(extent) > 0.6 * SIZE
    assert not head[:, :, -1].any()
    assert not head[[0, -1]].any()


def test_the_brain_lies_in_the_head_and_holds_its_matter() -> None:
    anatomy = _anatomy()
    matter = anatomy.shares[[TISSUES.index(t) for t in (GRAY_MATTER, WHITE_MATTER)]].sum(axis=0)
    assert (anatomy.brain <= anatomy.head + 1e-5).all()
    assert (matter <= anatomy.brain + 1e-3).mean() > 0.99


def test_left_and_right_differ_but_not_much() -> None:
    brain = _anatomy().brain
    difference = np.abs(brain - brain[::-1]).sum() / brain.sum()
    assert 0.01 < difference < 0.3


def test_two_people_differ() -> None:
    assert np.abs(_anatomy(0).shares - _anatomy(1).shares).max() > 0.5


def test_a_head_that_moves_is_the_head_on_a_grid_that_moves_back() -> None:
    shift_mm = (4.0, -3.0, 2.0)
    affine = _grid().affine.copy()
    affine[:3, 3] -= shift_mm
    moved = anatomy_on(_grid(), _person(), shift_mm=shift_mm)
    expected = anatomy_on(Grid(_grid().shape, affine), _person())
    # Both compute the same positions with sums in another order, then round to float32.
    np.testing.assert_allclose(moved.shares, expected.shares, atol=1e-3)


def test_a_head_that_moves_takes_its_brain_along() -> None:
    shift_mm = np.array([6.0, -4.0, 5.0])
    moved = anatomy_on(_grid(), _person(), shift_mm=tuple(shift_mm))
    distance = _center_mm(moved.brain) - _center_mm(_anatomy().brain)
    # The spinal cord below is less than a hundredth of the brain's volume.
    np.testing.assert_allclose(distance, shift_mm, atol=0.5)


def test_an_oblique_grid_sees_the_same_brain() -> None:
    oblique = anatomy_on(_grid(degrees=15.0), _person())
    assert oblique.brain.sum() == pytest.approx(_anatomy().brain.sum(), rel=0.01)


def test_thick_slices_hold_the_mean_of_thin_ones() -> None:
    thick = anatomy_on(_grid(factor=4), _person()).shares
    thin = _anatomy().shares
    mean = thin.reshape(*thin.shape[:3], -1, 4).mean(axis=-1)
    np.testing.assert_allclose(thick, mean, atol=1e-4)


def test_labels_are_places_in_the_table() -> None:
    labels = _anatomy().labels()
    assert labels[0, 0, 0] == TISSUES.index(AIR)
    assert set(np.unique(labels)) <= set(range(len(TISSUES)))
    assert set(np.unique(labels)) >= {TISSUES.index(t) for t in (GRAY_MATTER, WHITE_MATTER)}


def test_layers_in_front_take_their_part_first() -> None:
    half = np.full(1, 0.5, np.float32)
    shares = compose([(BONE, half), (CSF, half)], background=AIR)[:, 0]
    assert shares[TISSUES.index(BONE)] == pytest.approx(0.5)
    assert shares[TISSUES.index(CSF)] == pytest.approx(0.25)
    assert shares[TISSUES.index(AIR)] == pytest.approx(0.25)


def _center_mm(weights: np.typing.NDArray[np.float32]) -> np.typing.NDArray[np.float64]:
    indices = np.indices(weights.shape, dtype=np.float64).reshape(3, -1)
    center = (indices * weights.reshape(-1)).sum(axis=1) / float(weights.sum())
    return _grid().to_mm(center[None, :]).reshape(3)
