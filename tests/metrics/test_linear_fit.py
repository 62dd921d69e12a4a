"""The best linear map of intensities, against numpy's least squares."""

import numpy as np
import pytest

from crossvox.errors import GridError
from crossvox.metrics import linear_fit, linearly_fitted, mae

SHAPE = (9, 8, 7)


def test_the_fit_is_that_of_least_squares_inside_the_mask() -> None:
    generator = np.random.default_rng(0)
    reference = generator.normal(500, 100, SHAPE)
    made = 3 - 0.5 * reference + generator.normal(0, 30, SHAPE)
    mask = generator.random(SHAPE) > 0.5
    slope, offset = linear_fit(made, reference, mask=mask)
    expected = np.polyfit(made[mask], reference[mask], deg=1)
    assert (slope, offset) == pytest.approx(tuple(expected), rel=1e-9)


def test_wrong_brightness_and_contrast_vanish_after_the_fit() -> None:
    reference = np.random.default_rng(1).normal(500, 100, SHAPE).astype(np.float32)
    mask = np.ones(SHAPE, dtype=bool)
    fitted = linearly_fitted(np.float32(0.3) * reference - np.float32(40), reference, mask=mask)
    assert fitted.dtype == np.float32
    # float32 of intensities of some hundreds
    assert mae(fitted, reference, mask=mask) == pytest.approx(0, abs=1e-3)


def test_a_constant_volume_becomes_the_mean_of_the_reference() -> None:
    reference = np.random.default_rng(2).normal(500, 100, SHAPE)
    mask = np.ones(SHAPE, dtype=bool)
    assert linear_fit(np.full(SHAPE, 0.1), reference, mask=mask) == (0.0, reference.mean())


def test_an_empty_mask_is_refused() -> None:
    volume = np.zeros(SHAPE)
    with pytest.raises(GridError, match="a mask that is not empty"):
        linear_fit(volume, volume, mask=np.zeros(SHAPE, dtype=bool))


def test_volumes_in_float64_stay_so() -> None:
    reference = np.random.default_rng(1).normal(500, 100, SHAPE)
    fitted = linearly_fitted(0.3 * reference - 40, reference, mask=np.ones(SHAPE, dtype=bool))
    assert fitted.dtype == np.float64
    np.testing.assert_allclose(fitted, reference, rtol=1e-12)
