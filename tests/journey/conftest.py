"""A finished run, evaluated once for all that look at it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.journey.run import evaluate_run
from crossvox.training.train import Trained


@pytest.fixture(scope="session")
def finished(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(trained.folder, tmp_path_factory.mktemp("finished") / "gan"))
    assert evaluate_run(replace(trained, folder=folder))
    return folder


@pytest.fixture
def other(finished: Path, tmp_path: Path) -> Path:
    """A second run: a copy that may be changed."""
    return Path(shutil.copytree(finished, tmp_path / "other"))
