"""Properties of simulated volumes."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from crossvox.errors import SettingsError
from crossvox.phantoms.phantom import PhantomCase, phantom_case
from crossvox.phantoms.scanner import Voxels
from crossvox.phantoms.settings import MODALITIES, PhantomSettings
from crossvox.phantoms.tissues import BONE, CSF, GRAY_MATTER, LESION, TISSUES, WHITE_MATTER, Tissue

ALL = PhantomSettings(size=32, modalities=MODALITIES, seed=3)
CLEAN = replace(ALL, noise=0.0, shading=0.0, ct_noise_hu=0.0, pet_noise=0.0, tissue_variation=0.0)


@cache
def _case(settings: PhantomSettings = ALL, case: int = 0) -> PhantomCase:
    return phantom_case(settings, case=case)


def _median(imaged: PhantomCase, modality: str, tissue: Tissue) -> float:
    label = TISSUES.index(tissue)
    inside = imaged.volumes[modality].voxels[imaged.labels.voxels == label]
    return float(np.median(inside))


def test_the_same_seed_gives_the_same_voxels() -> None:
    again = phantom_case(ALL, case=0)
    for modality in MODALITIES:
        np.testing.assert_array_equal(
            again.volumes[modality].voxels, _case().volumes[modality].voxels
        )


def test_people_and_seeds_differ() -> None:
    first = _case().volumes["T1w"].voxels
    for other in (_case(case=1), _case(replace(ALL, seed=4))):
        assert np.corrcoef(first.ravel(), other.volumes["T1w"].voxels.ravel())[0, 1] < 0.98


def test_a_modality_is_the_same_whatever_else_is_imaged() -> None:
    alone = phantom_case(replace(ALL, modalities=("T2w",)), case=0)
    np.testing.assert_array_equal(alone.volumes["T2w"].voxels, _case().volumes["T2w"].voxels)


def test_all_volumes_lie_on_one_grid_in_their_units() -> None:
    imaged = _case()
    assert all(volume.grid.matches(imaged.labels.grid) for volume in imaged.volumes.values())
    assert imaged.volumes["CT"].unit == "HU"
    assert imaged.volumes["FLAIR"].unit == "arbitrary"
    assert imaged.volumes["pet"].unit == "Bq/mL"


@pytest.mark.parametrize("modality", ["FLAIR", "T1w", "T2w", "PDw", "CT"])
def test_integers_fit_the_file(modality: str) -> None:
    volume = _case().volumes[modality]
    np.testing.assert_array_equal(volume.voxels, volume.voxels.astype(np.int16))
    assert volume.stored_as == "int16"


@pytest.mark.parametrize(
    ("modality", "brighter", "darker"),
    [
        ("FLAIR", LESION, WHITE_MATTER),
        ("FLAIR", GRAY_MATTER, CSF),
        ("T1w", WHITE_MATTER, GRAY_MATTER),
        ("T1w", WHITE_MATTER, LESION),
        ("T1w", GRAY_MATTER, CSF),
        ("T2w", CSF, GRAY_MATTER),
        ("T2w", GRAY_MATTER, WHITE_MATTER),
        ("PDw", GRAY_MATTER, BONE),
        ("CT", BONE, GRAY_MATTER),
        ("CT", GRAY_MATTER, CSF),
        ("pet", GRAY_MATTER, WHITE_MATTER),
    ],
)
def test_tissues_have_the_contrast_of_their_modality(
    modality: str, brighter: Tissue, darker: Tissue
) -> None:
    imaged = _case(replace(CLEAN, size=64))
    assert _median(imaged, modality, brighter) > _median(imaged, modality, darker)


def test_ct_is_in_hounsfield_units() -> None:
    voxels = _case().volumes["CT"].voxels
    # The mean of 64 voxels with 8 HU noise has a standard error of 1 HU.
    assert voxels[:4, :4, -4:].mean() == pytest.approx(-1000, abs=4)
    assert _median(_case(), "CT", BONE) > 300
    assert voxels.min() >= -1024


def test_the_background_of_mr_is_rayleigh_noise() -> None:
    corner = _case().volumes["FLAIR"].voxels[:5, :5, -8:]
    sigma = ALL.noise * 500
    # The mean of 200 draws with relative deviation 0.52 has a standard error of 4 %.
    assert corner.mean() == pytest.approx(sigma * np.sqrt(np.pi / 2), rel=0.15)


def test_the_gain_is_within_a_tenth_and_differs_between_people() -> None:
    levels = [_median(_case(CLEAN, k), "PDw", WHITE_MATTER) for k in range(3)]
    assert max(levels) / min(levels) < 1.1**2 * 1.1
    assert max(levels) / min(levels) > 1.005


def test_thick_slices_preserve_the_mean() -> None:
    thick = _case(replace(CLEAN, slice_thickness_factor=4))
    for modality in ("T1w", "CT"):
        thin = _case(CLEAN).volumes[modality].voxels
        assert thick.volumes[modality].voxels.shape == (32, 32, 8)
        spread = float(thin.max() - thin.min())
        # The point spread at the lower border differs slightly.
        assert thick.volumes[modality].voxels.mean() == pytest.approx(
            thin.mean(), abs=0.003 * spread
        )


def test_targets_are_misaligned_by_the_recorded_shift() -> None:
    still = _case(replace(CLEAN, size=64))
    moved = _case(replace(CLEAN, size=64, misalignment_mm=6.0))
    shift = np.array(moved.shift_mm["pet"])
    assert np.linalg.norm(shift) == pytest.approx(6.0)
    assert moved.shift_mm["FLAIR"] == (0.0, 0.0, 0.0)
    measured = _brain_center_mm(moved, "pet") - _brain_center_mm(still, "pet")
    # A center of mass is accurate to a small fraction of the 3.5 mm voxels.
    np.testing.assert_allclose(measured, shift, atol=0.2)
    np.testing.assert_array_equal(moved.volumes["FLAIR"].voxels, still.volumes["FLAIR"].voxels)


def test_an_oblique_grid_is_not_along_the_axes() -> None:
    grid = _case(replace(CLEAN, oblique_degrees=10.0)).labels.grid
    directions = np.abs(grid.affine[:3, :3]) / grid.spacing_mm
    assert 0.97 < directions.max(axis=0).min() < 0.999


@pytest.mark.parametrize("settings", [CLEAN, replace(CLEAN, mask="brain")])
def test_masks_are_zero_and_one(settings: PhantomSettings) -> None:
    mask = _case(settings).mask
    assert mask is not None
    assert set(np.unique(mask.voxels)) == {0, 1}


def test_the_brain_is_smaller_than_the_head() -> None:
    head, brain = (_case(settings).mask for settings in (CLEAN, replace(CLEAN, mask="brain")))
    assert head is not None
    assert brain is not None
    assert 0.2 < brain.voxels.sum() / head.voxels.sum() < 0.5


def test_there_may_be_no_mask() -> None:
    assert phantom_case(PhantomSettings(size=8, mask="none"), case=0).mask is None


def test_spin_echo_t1w_has_less_contrast_than_mprage() -> None:
    def contrast(imaged: PhantomCase) -> float:
        return _median(imaged, "T1w", WHITE_MATTER) / _median(imaged, "T1w", GRAY_MATTER)

    assert contrast(_case(CLEAN)) > contrast(_case(replace(CLEAN, t1w="spin_echo"))) > 1


def test_people_are_counted_from_zero() -> None:
    with pytest.raises(SettingsError, match="got -1"):
        phantom_case(ALL, case=-1)


def _brain_center_mm(imaged: PhantomCase, modality: str) -> np.typing.NDArray[np.float64]:
    volume = imaged.volumes[modality]
    weights: Voxels = np.maximum(volume.voxels - 6000, 0)
    indices = np.indices(weights.shape, dtype=np.float64).reshape(3, -1)
    center = (indices * weights.reshape(-1)).sum(axis=1) / float(weights.sum())
    return volume.grid.to_mm(center[None, :]).reshape(3)
