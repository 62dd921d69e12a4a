"""Files to files: what is found before a model is loaded."""

from pathlib import Path

import pytest

from crossvox.errors import CohortError
from crossvox.journey.predict import predict_files
from crossvox.model import Model
from crossvox.synthesis.store import read_description
from crossvox.training.train import Trained


def never() -> Model:
    pytest.fail("the model was loaded")


def test_nothing_is_loaded_where_there_is_no_source(trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(CohortError):
        predict_files(read_description(trained.folder), never, tmp_path / "in", tmp_path / "out")
