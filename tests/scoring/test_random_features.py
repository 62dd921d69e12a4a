import numpy as np
import pytest

from crossvox.metrics import frechet_distance
from crossvox.scoring.random_features import random_features

SHAPE = (40, 33, 25)
EXPECTED_MEAN = 0.152054


def noise(seed: int, scale: float = 1.0) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(0, scale, SHAPE).astype(np.float32)


def test_there_is_one_row_for_each_cell_that_the_mask_half_fills() -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[:16, :8, :12] = True
    features = random_features(noise(0), mask=mask, low=0.0, data_range=1.0)
    # 2 x 1 cells fully inside, and 2 x 1 whose third axis is filled by 4 of 8
    assert features.shape == (4, 64)


def test_features_are_the_same_every_time() -> None:
    mask = np.ones(SHAPE, dtype=bool)
    once, again = (random_features(noise(0), mask=mask, low=0, data_range=1) for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_the_weights_do_not_drift_between_versions() -> None:
    mask = np.ones(SHAPE, dtype=bool)
    ramp = np.linspace(0, 1, int(np.prod(SHAPE)), dtype=np.float32).reshape(SHAPE)
    features = random_features(ramp, mask=mask, low=0, data_range=1)
    # measured when the network was fixed; float32 sums differ by 1e-6 between machines
    assert features.mean() == pytest.approx(EXPECTED_MEAN, rel=1e-3)


def test_the_distance_grows_with_the_difference_of_textures() -> None:
    mask = np.ones(SHAPE, dtype=bool)
    clouds = [
        random_features(noise(seed, scale), mask=mask, low=0, data_range=1)
        for seed, scale in ((0, 1.0), (1, 1.0), (2, 2.0))
    ]
    assert frechet_distance(clouds[0], clouds[1]) < frechet_distance(clouds[0], clouds[2])


def test_an_empty_mask_gives_no_rows() -> None:
    empty = np.zeros(SHAPE, dtype=bool)
    assert random_features(noise(0), mask=empty, low=0, data_range=1).shape == (0, 64)
