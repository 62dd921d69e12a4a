"""Cohorts of small files whose voxels do not matter."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crossvox.files import write_volume
from crossvox.volume import Grid, Volume

Place = Callable[..., Path]


@pytest.fixture(scope="session")
def some_volume() -> Volume:
    voxels = np.random.default_rng(0).random((4, 4, 4)).astype(np.float32)
    return Volume(voxels, Grid((4, 4, 4), np.eye(4)))


@pytest.fixture
def place(tmp_path: Path, some_volume: Volume) -> Place:
    """Writes a volume at each of the names below the test's folder, which it returns."""

    def write(*names: str) -> Path:
        for name in names:
            write_volume(tmp_path / name, some_volume)
        return tmp_path

    return write
