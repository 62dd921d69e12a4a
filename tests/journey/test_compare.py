"""Runs and folders of volumes are timed and compared."""

from pathlib import Path

import pytest

from crossvox.errors import SettingsError
from crossvox.journey.compare import compare_runs
from crossvox.journey.contestants import ContestSettings


@pytest.mark.slow
def test_runs_are_timed_and_compared_beside_the_mean_training_target(
    finished: Path, other: Path, tmp_path: Path
) -> None:
    settings = ContestSettings(against="other", names=("gan", "other"))
    out = tmp_path / "out"
    done = compare_runs([finished, other], out, settings=settings)
    assert done.against == "other"
    assert done.page.is_file()
    assert all(one.costs.seconds and one.costs.peak_memory_bytes for one in done.contestants)
    assert "mean training target" in done.results[0].scores
    assert sorted(path.name for path in (out / "timing").iterdir()) == [
        "gan", "gan.csv", "other", "other.csv"
    ]  # fmt: skip


@pytest.mark.slow
def test_a_run_that_cannot_be_timed_is_compared_without_seconds(
    finished: Path, other: Path, tmp_path: Path
) -> None:
    weights = other / "synthesizer/weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    done = compare_runs([finished, other], tmp_path / "out")
    (sound, damaged) = done.contestants
    assert sound.costs.seconds
    assert damaged.costs.seconds is None
    assert damaged.costs.remark in done.page.read_text()
    assert "Time and memory of other could not be measured" in damaged.costs.remark


def test_an_unknown_opponent_is_refused_before_anything_is_timed(
    finished: Path, other: Path, tmp_path: Path
) -> None:
    settings = ContestSettings(against="gna")
    with pytest.raises(SettingsError, match="gna"):
        compare_runs([finished, other], tmp_path / "out", settings=settings)
    assert not (tmp_path / "out").exists()
