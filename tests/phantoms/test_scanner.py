"""Properties of the simulated scanner: grid, point spread, shading, noise."""

import numpy as np
import pytest

from crossvox.phantoms.scanner import (
    FIELD_OF_VIEW_CENTER_MM,
    blur,
    gaussian,
    poisson,
    rician,
    scanner_grid,
    shading,
)


def _generator() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("degrees", [0.0, 12.0])
@pytest.mark.parametrize("factor", [1, 4])
def test_every_grid_has_the_same_center_and_extent(factor: int, degrees: float) -> None:
    grid = scanner_grid(32, slice_thickness_factor=factor, oblique_degrees=degrees)
    np.testing.assert_allclose(grid.corners_mm().mean(axis=0), FIELD_OF_VIEW_CENTER_MM, atol=1e-9)
    extent = np.array(grid.shape) * grid.spacing_mm
    np.testing.assert_allclose(extent, 224.0, atol=1e-9)


def test_an_oblique_grid_is_turned_by_its_angle() -> None:
    grid = scanner_grid(32, slice_thickness_factor=1, oblique_degrees=12.0)
    directions = grid.affine[:3, :3] / grid.spacing_mm
    cosine = (np.trace(directions) - 1) / 2
    assert np.degrees(np.arccos(cosine)) == pytest.approx(12.0)


def test_a_point_spreads_to_its_full_width_at_half_maximum() -> None:
    voxels = np.zeros((41, 41, 41), np.float32)
    voxels[20, 20, 20] = 1
    seen = blur(voxels, fwhm_mm=8.0, spacing_mm=(1.0, 1.0, 2.0))
    assert seen.sum() == pytest.approx(1, abs=1e-4)
    assert seen[24, 20, 20] / seen[20, 20, 20] == pytest.approx(0.5, abs=1e-5)
    assert seen[20, 20, 22] / seen[20, 20, 20] == pytest.approx(0.5, abs=1e-5)


def test_a_point_spread_of_no_width_changes_nothing() -> None:
    voxels = _generator().normal(size=(4, 5, 6)).astype(np.float32)
    np.testing.assert_array_equal(blur(voxels, fwhm_mm=0, spacing_mm=(1, 1, 1)), voxels)


def test_what_is_constant_stays_constant_up_to_the_border() -> None:
    voxels = np.full((8, 9, 10), 5, np.float32)
    np.testing.assert_allclose(blur(voxels, fwhm_mm=6, spacing_mm=(1, 1, 1)), 5, rtol=1e-5)


def test_shading_is_one_on_average_and_as_strong_as_asked() -> None:
    grid = scanner_grid(16, slice_thickness_factor=1, oblique_degrees=0)
    coil = shading(grid, strength=0.2, generator=_generator())
    assert coil.mean() == pytest.approx(1, abs=1e-4)
    assert np.log(coil).std() == pytest.approx(0.2, abs=1e-3)


def test_no_shading_is_one_everywhere() -> None:
    grid = scanner_grid(16, slice_thickness_factor=1, oblique_degrees=0)
    np.testing.assert_array_equal(shading(grid, strength=0, generator=_generator()), 1)


def test_rician_noise_without_signal_has_the_mean_of_rayleigh() -> None:
    noise = rician(np.zeros((40, 40, 40), np.float32), sigma=3.0, generator=_generator())
    # The mean of 64000 draws with relative deviation 0.52 has a standard error of 0.2 %.
    assert noise.mean() == pytest.approx(3 * np.sqrt(np.pi / 2), rel=0.01)


def test_rician_noise_of_strong_signal_is_gaussian() -> None:
    noisy = rician(np.full((40, 40, 40), 300, np.float32), sigma=3.0, generator=_generator())
    assert noisy.std() == pytest.approx(3, rel=0.02)


def test_rician_noise_of_no_strength_is_the_magnitude() -> None:
    signal = np.array([[[-2.0, 3.0]]], np.float32)
    np.testing.assert_array_equal(rician(signal, sigma=0, generator=_generator()), [[[2, 3]]])


def test_gaussian_noise_has_its_deviation_and_no_bias() -> None:
    noisy = gaussian(np.zeros((40, 40, 40), np.float32), sigma=8.0, generator=_generator())
    assert noisy.mean() == pytest.approx(0, abs=0.1)
    assert noisy.std() == pytest.approx(8, rel=0.02)


def test_poisson_variance_grows_with_activity() -> None:
    generator = _generator()
    quiet, busy = (
        poisson(np.full((40, 40, 40), level, np.float32), noise=0.1, generator=generator)
        for level in (0.25, 1.0)
    )
    assert quiet.mean() == pytest.approx(0.25, rel=0.01)
    assert busy.std() == pytest.approx(0.1, rel=0.02)
    assert busy.var() / quiet.var() == pytest.approx(4, rel=0.05)
