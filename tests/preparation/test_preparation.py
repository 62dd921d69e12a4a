"""A volume's way to the network and back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crossvox.errors import GridError, SettingsError
from crossvox.files import read_volume
from crossvox.preparation import IntensityScale, Preparation
from crossvox.preparation.preparation import shared_spacing
from crossvox.volume import Grid, Volume

OBLIQUE = np.array([[0, -0.9, 1.5, 3], [-1.2, 0, 0.4, -8], [0, -0.3, -3.9, 20], [0, 0, 0, 1.0]])
REAL = Path(__file__).resolve().parents[2] / "../shared/data"
UNIT = IntensityScale(kind="window", limits=(-1, 1))


def preparation(
    *, sources: int = 1, spacing: tuple[float, float, float] | None = None
) -> Preparation:
    return Preparation(
        source_modalities=("FLAIR", "T2w")[:sources],
        target_modality="T1w",
        target_unit="arbitrary",
        spacing_mm=spacing,
        source_scales=(UNIT,) * sources,
        target_scale=UNIT,
    )


def source(seed: int = 0, affine: np.ndarray = OBLIQUE) -> Volume:
    voxels = np.random.default_rng(seed).uniform(-1, 1, (9, 7, 5)).astype(np.float32)
    return Volume(voxels, Grid((9, 7, 5), affine), "FLAIR", stored_as="int16")


def test_an_oblique_left_handed_volume_returns_bit_exactly_to_its_own_grid() -> None:
    way = preparation()
    volume = source()
    (prepared,) = way.prepare_sources([volume])
    back = way.restore(prepared, source=volume)
    # the scale maps [-1, 1] onto itself: (v - -1) * 1 - 1 rounds once in float32
    np.testing.assert_allclose(back.voxels, volume.voxels, atol=1.2e-7)
    assert np.array_equal(back.grid.affine, volume.grid.affine)
    assert np.linalg.det(volume.grid.affine) > 0 or back.grid.shape == volume.grid.shape


def test_the_restored_volume_has_the_targets_modality_and_unit_and_the_sources_storage() -> None:
    way = preparation()
    back = way.restore(way.prepare_sources([source()])[0], source=source())
    assert (back.modality, back.unit, back.stored_as) == ("T1w", "arbitrary", "int16")


def test_another_spacing_returns_to_the_sources_own_grid() -> None:
    way = preparation(spacing=(2.0, 2.0, 2.0))
    volume = source()
    (prepared,) = way.prepare_sources([volume])
    assert prepared.grid.spacing_mm == pytest.approx((2, 2, 2))
    assert way.restore(prepared, source=volume).grid.matches(volume.grid, tolerance_mm=0)


def test_several_sources_meet_on_the_grid_of_the_first() -> None:
    shifted = OBLIQUE.copy()
    shifted[:3, 3] += 1
    first, second = preparation(sources=2).prepare_sources([source(), source(1, shifted)])
    assert first.grid.matches(second.grid, tolerance_mm=0)


def test_too_few_sources_are_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="FLAIR, T2w"):
        preparation(sources=2).prepare_sources([source()])


def test_target_and_mask_follow_the_source_to_its_working_grid() -> None:
    way = preparation()
    grid = way.prepare_sources([source()])[0].grid
    target = way.prepare_target(source(3), grid=grid)
    mask = way.prepare_mask(source().with_voxels(np.full((9, 7, 5), 4, np.float32)), grid=grid)
    assert target.grid is grid
    assert np.array_equal(mask.voxels, np.ones(grid.shape))


def test_a_source_much_unlike_those_trained_on_is_brought_to_their_spacing_and_returns() -> None:
    own = source().grid.spacing_mm
    known = replace(preparation(), trained_spacing_mm=(3.0, 3.0, 3.0))
    (prepared,) = known.prepare_sources([source()])
    assert own != pytest.approx((3, 3, 3), rel=0.1)
    assert prepared.grid.spacing_mm == pytest.approx((3, 3, 3))
    assert known.restore(prepared, source=source()).grid.matches(source().grid, tolerance_mm=0)


def test_a_source_much_like_those_trained_on_is_not_interpolated() -> None:
    (plain,) = preparation().prepare_sources([source()])
    x, y, z = plain.grid.spacing_mm
    known = replace(preparation(), trained_spacing_mm=(x * 1.05, y, z * 0.95))
    assert np.array_equal(known.prepare_sources([source()])[0].voxels, plain.voxels)


def test_grids_share_a_spacing_only_where_they_agree_to_a_tenth() -> None:
    grids = [Grid((4, 4, 4), np.diag([step, 1, 1, 1])) for step in (1.0, 1.05, 0.95)]
    assert shared_spacing(grids) == (1, 1, 1)
    assert shared_spacing([*grids, Grid((4, 4, 4), np.diag([1.3, 1, 1, 1]))]) is None


def ball(affine: np.ndarray, *, at_mm: tuple[float, float, float]) -> Volume:
    """A bright ball of 12 mm about `at_mm` in 24 voxels a side."""
    grid = Grid((24, 24, 24), affine)
    places = grid.to_mm(np.argwhere(np.ones(grid.shape)).astype(float)) - np.array(at_mm)
    bright = (np.linalg.norm(places, axis=1) < 12).reshape(grid.shape)
    return Volume(np.where(bright, np.float32(0.5), np.float32(-1)), grid)


def moved(mm: float) -> np.ndarray:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (mm, 0, 0)
    return affine


def test_where_the_target_ends_it_is_not_a_number() -> None:
    way = preparation()
    grid = way.prepare_sources([source()])[0].grid
    target = source(3)
    cut = Volume(target.voxels[:, :4].copy(), Grid((9, 4, 5), target.grid.affine))
    prepared = way.prepare_target(cut, grid=grid)
    assert np.isfinite(prepared.voxels).mean() == 4 / 7
    whole = way.prepare_target(target, grid=grid)
    shown = np.isfinite(prepared.voxels)
    assert np.array_equal(prepared.voxels[shown], whole.voxels[shown])


@pytest.mark.parametrize("spacing_mm", [0.9, 3.0, 5.0, 11.0])
def test_nothing_becomes_background_on_the_way_back(spacing_mm: float) -> None:
    way = preparation(spacing=(spacing_mm,) * 3)
    for affine in (OBLIQUE, np.eye(4)):
        volume = Volume(np.full((13, 11, 7), 0.5, np.float32), Grid((13, 11, 7), affine))
        (prepared,) = way.prepare_sources([volume])
        back = way.restore(prepared, source=volume)
        np.testing.assert_allclose(back.voxels, 0.5, atol=1e-6)  # weights in float32


def test_where_another_source_ends_the_network_is_given_background() -> None:
    first, second = ball(moved(0), at_mm=(24, 24, 24)), ball(moved(20), at_mm=(24, 24, 24))
    prepared = preparation(sources=2).prepare_sources([first, second])[1]
    assert (prepared.voxels[:9] == -1).all()
    assert (prepared.voxels[10:18, 12, 12] == 0.5).all()


@pytest.mark.parametrize(("shift_mm", "shown"), [(300, "0%"), (26, "4[0-9]%")])
def test_another_source_that_shows_less_than_half_the_head_is_refused(
    shift_mm: float, shown: str
) -> None:
    first = ball(moved(0), at_mm=(24, 24, 24))
    second = ball(moved(shift_mm), at_mm=(24 + shift_mm, 24, 24))
    with pytest.raises(GridError, match=f"T2w .*covers {shown} of the head in FLAIR"):
        preparation(sources=2).prepare_sources([first, second])


@pytest.mark.skipif(not REAL.is_dir(), reason="shared/data is not on this machine")
def test_a_real_head_survives_another_spacing_and_the_way_back() -> None:
    volume = read_volume(REAL / "flair_t1_2mm/sub-n01/anat/sub-n01_T1w.nii.gz")
    low, high = float(volume.voxels.min()), float(volume.voxels.max())
    scale = IntensityScale(kind="window", limits=(low, high))
    errors = []
    for spacing_mm in (1.3, 2.3, 3.3):
        way = replace(
            preparation(spacing=(spacing_mm,) * 3), source_scales=(scale,), target_scale=scale
        )
        (there,) = way.prepare_sources([volume])
        back = way.restore(there, source=volume)
        lost = (back.voxels == low) & (volume.voxels > 0.3 * high)
        assert not lost.any()
        # a shift by d mm along x would leave an error that correlates with the derivative
        slope = np.gradient(volume.voxels, axis=0)
        error = back.voxels - volume.voxels
        assert abs((error * slope).sum() / (slope**2).sum()) < 0.02
        errors.append(float(np.abs(error).mean()))
    assert errors[0] < errors[1] < errors[2] < 0.06 * high


def test_a_mask_takes_the_nearest_voxel_and_nothing_beyond_its_field_of_view() -> None:
    grid = Grid((8, 8, 8), np.eye(4))
    inside = np.zeros((4, 8, 8), dtype=np.float32)
    inside[1:] = 0.5  # any value above 0 is inside
    shifted = np.eye(4)
    shifted[0, 3] = 0.4
    mask = preparation().prepare_mask(Volume(inside, Grid((4, 8, 8), shifted)), grid=grid)
    assert mask.voxels[:, 0, 0].tolist() == [0, 1, 1, 1, 0, 0, 0, 0]
    assert mask.voxels.dtype == np.float32


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_half_the_head_is_half_the_head_on_a_large_grid_too(axis: int) -> None:
    # A long axis is sampled coarsely; each axis has its own step.
    shape, spacing = [24, 24, 24], [2.0, 2.0, 2.0]
    shape[axis], spacing[axis] = 480, 0.1
    grid = Grid((shape[0], shape[1], shape[2]), np.diag([*spacing, 1.0]))
    places = grid.to_mm(np.argwhere(np.ones(grid.shape)).astype(float)) - 24
    bright = (np.linalg.norm(places, axis=1) < 12).reshape(grid.shape)
    first = Volume(np.where(bright, np.float32(0.5), np.float32(-1)), grid)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[axis, 3] = 27.0
    second = Volume(np.zeros((24, 24, 24), dtype=np.float32), Grid((24, 24, 24), affine))
    # a cap of 10 mm of a ball of radius 12 mm: 10^2 (3 x 12 - 10) / (4 x 12^3) = 37.6 %
    with pytest.raises(GridError, match=r"covers 3[78]% of the head in FLAIR"):
        preparation(sources=2).prepare_sources([first, second])
