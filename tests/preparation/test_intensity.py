"""Between units and network scale."""

import numpy as np
import pytest

from crossvox.errors import SettingsError
from crossvox.preparation.intensity import (
    IntensityScale,
    fit_scale,
    foreground_limits,
)
from crossvox.volume import Grid, Volume


def volume(voxels: np.ndarray, *, unit: str = "arbitrary") -> Volume:
    return Volume(voxels.astype(np.float32), Grid(voxels.shape, np.eye(4)), unit=unit)


def head(gain: float = 1.0) -> np.ndarray:
    voxels = np.random.default_rng(0).normal(2, 1, (24, 24, 24)).clip(0)
    voxels[6:18, 6:18, 6:18] = np.random.default_rng(1).normal(200, 30, (12, 12, 12))
    return voxels * gain


def test_hounsfield_units_return_exactly_from_a_window() -> None:
    scale = IntensityScale(kind="window", limits=(-1024, 3071))
    ct = volume(np.random.default_rng(0).integers(-1024, 3072, (8, 8, 8)), unit="HU")
    back = scale.restore(scale.normalize(ct), unit="HU")
    assert np.array_equal(np.round(back.voxels), ct.voxels)
    assert back.unit == "HU"


def test_normalized_voxels_lie_between_minus_one_and_one() -> None:
    scale = IntensityScale(kind="window", limits=(0, 10))
    normalized = scale.normalize(volume(np.linspace(-5, 20, 27).reshape(3, 3, 3)))
    assert normalized.voxels.min() == -1
    assert normalized.voxels.max() == 1
    assert normalized.unit == "normalized"


def test_a_volume_scale_takes_away_the_scanners_gain() -> None:
    scale = IntensityScale(kind="volume", limits=(0, 1))
    one, other = scale.normalize(volume(head())), scale.normalize(volume(head(gain=7.3)))
    # float32 and a histogram whose bins move with the gain
    np.testing.assert_allclose(one.voxels, other.voxels, atol=1e-4)


def test_a_cohort_scale_keeps_the_scanners_gain() -> None:
    scale = IntensityScale(kind="cohort", limits=(0, 1000))
    one, other = scale.normalize(volume(head())), scale.normalize(volume(head(gain=2)))
    np.testing.assert_allclose((other.voxels + 1), 2 * (one.voxels + 1), rtol=1e-5, atol=1e-6)


def test_the_low_limit_is_the_background() -> None:
    low, high = foreground_limits(head().astype(np.float32))
    assert low == pytest.approx(0, abs=0.5)
    assert 250 < high < 300


def test_a_constant_foreground_is_refused() -> None:
    with pytest.raises(SettingsError, match="constant"):
        foreground_limits(np.ones((4, 4, 4), dtype=np.float32))


def test_limits_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(SettingsError, match="low < high"):
        IntensityScale(kind="window", limits=(3, 3))


def test_a_volume_scale_restores_by_the_cohorts_median() -> None:
    limits = [(0.0, 100.0), (1.0, 300.0), (2.0, 200.0)]
    assert fit_scale(limits, kind="volume", percentiles=(1, 99)).limits == (1.0, 200.0)


def test_a_cohort_scale_spans_all_volumes() -> None:
    limits = [(0.0, 100.0), (1.0, 300.0), (2.0, 200.0)]
    assert fit_scale(limits, kind="cohort", percentiles=(1, 99)).limits == (0.0, 300.0)


@pytest.mark.parametrize("outlier", [(0.0, 30000.0 * 200), (-9e6, 250.0)])
def test_a_volume_in_another_unit_does_not_squeeze_the_others(
    outlier: tuple[float, float],
) -> None:
    limits = [(0.0, 100.0), (1.0, 300.0), (2.0, 200.0), outlier]
    assert fit_scale(limits, kind="cohort", percentiles=(1, 99)).limits == (0.0, 300.0)


def test_the_high_limit_is_the_percentile_of_the_foreground_that_is_set() -> None:
    voxels = head().astype(np.float32)
    foreground = voxels[6:18, 6:18, 6:18]
    for share in (60.0, 99.0):
        _, high = foreground_limits(voxels, percentiles=(0.5, share))
        assert high == pytest.approx(np.percentile(foreground, share), rel=1e-3)
    scale = IntensityScale(kind="volume", limits=(0, 1), percentiles=(0.5, 60.0))
    assert scale.limits_of(volume(voxels))[1] == pytest.approx(
        np.percentile(foreground, 60), rel=1e-3
    )


def test_a_cohort_reaches_four_times_its_median_range_beyond_the_low_limit() -> None:
    limits = [(60.0, high) for high in (190.0, 200.0, 200.0, 210.0, 610.0, 700.0)]
    # the medians are 60 and 205, so the highest that counts is 60 + 4 x 145 = 640
    assert fit_scale(limits, kind="cohort", percentiles=(1, 99)).limits == (60.0, 610.0)
