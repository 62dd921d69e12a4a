"""Properties of Volume."""

import dataclasses

import numpy as np
import pytest

from crossvox.errors import GridError
from crossvox.volume import Grid, Volume

GRID = Grid((2, 3, 4), np.eye(4))


def test_voxels_become_float32() -> None:
    volume = Volume(np.arange(24).reshape(2, 3, 4), GRID)  # type: ignore[arg-type]  # on purpose
    assert volume.voxels.dtype == np.float32


def test_voxels_of_another_shape_than_the_grid_are_refused() -> None:
    with pytest.raises(GridError, match=r"\(2, 3, 5\).*\(2, 3, 4\)"):
        Volume(np.zeros((2, 3, 5), np.float32), GRID)


def test_other_voxels_keep_grid_modality_unit_and_stored_type() -> None:
    volume = Volume(
        np.zeros((2, 3, 4), np.float32), GRID, modality="T1w", unit="HU", stored_as="int16"
    )
    other = volume.with_voxels(np.ones((2, 3, 4), np.float32))
    assert (other.grid, other.modality, other.unit, other.stored_as) == (GRID, "T1w", "HU", "int16")
    assert other.voxels.min() == 1


def test_other_voxels_may_come_with_another_modality_and_unit() -> None:
    volume = Volume(np.zeros((2, 3, 4), np.float32), GRID, modality="FLAIR")
    other = volume.with_voxels(volume.voxels, modality="T1w", unit="normalized")
    assert (other.modality, other.unit) == ("T1w", "normalized")


def test_a_volume_is_frozen() -> None:
    volume = Volume(np.zeros((2, 3, 4), np.float32), GRID)
    with pytest.raises(dataclasses.FrozenInstanceError):
        volume.unit = "HU"  # type: ignore[misc]  # on purpose
