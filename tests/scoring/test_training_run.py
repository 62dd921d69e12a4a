from pathlib import Path

import numpy as np
import pytest

from crossvox.errors import CohortError, FileError
from crossvox.scoring import read_run


def test_a_run_tells_its_settings_and_every_column(tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text("[training]\nsteps = 20\n")
    table = "step,generator,validation_mae,note\n0,2.5,,a\n10,2.0,40,b\n"
    (tmp_path / "progress.csv").write_text(table)
    run = read_run(tmp_path)
    assert run.name == tmp_path.name
    assert "steps = 20" in run.experiment
    assert run.columns.keys() == {"step", "generator", "validation_mae"}
    np.testing.assert_array_equal(run.columns["validation_mae"], [np.nan, 40])


def test_a_run_may_have_only_one_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text("step,loss\n")
    run = read_run(tmp_path)
    assert run.experiment == ""
    assert run.columns == {}


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="folder of a training run"):
        read_run(tmp_path)


def test_progress_that_is_not_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_bytes(b"step,loss\n1,\xff\n")
    with pytest.raises(FileError, match=r"progress\.csv is not a UTF-8 CSV file"):
        read_run(tmp_path)
