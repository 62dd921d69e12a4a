"""A suite as settings."""

from pathlib import Path

import pytest

from crossvox.errors import SettingsError
from crossvox.journey.suite_file import read_suite

SUITES = sorted(Path(__file__).parents[2].glob("experiments/table1*.toml"))
TEXT = """
[suite]
against = "two"
data = "cohort"
[cohort]
source = ["FLAIR"]
target = "T1w"
[preparation]
source_scale = "cohort"
[training]
steps = 7
batch = 2
[runs.one.method]
width = 4
[runs.two.method]
name = "gan3d"
width = 8
[runs.two.training]
batch = 3
[runs.two.preparation]
source_scale = "volume"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "suite.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_every_suite_of_ours_is_read_and_has_equal_budgets(path: Path) -> None:
    suite = read_suite(path)
    assert suite.against == "regression3d"
    assert {"gan3d", "regression3d", "pix2pix2d", "ddpm3d"} <= set(suite.experiments)
    minutes = {experiment.training.minutes for experiment in suite.experiments.values()}
    assert len(minutes) == 1
    assert None not in minutes


def test_runs_lay_their_own_over_what_is_shared(tmp_path: Path) -> None:
    suite = read_suite(written(tmp_path, TEXT))
    one, two = suite.experiments["one"], suite.experiments["two"]
    assert (one.training.steps, one.training.batch) == (7, 2)
    assert (two.training.steps, two.training.batch) == (7, 3)
    assert (one.preparation.source_scale, two.preparation.source_scale) == ("cohort", "volume")
    assert (one.method, one.method_settings["width"]) == ("gan3d", 4)
    assert suite.data == tmp_path / "cohort"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[training]", "[trainign]", "did you mean 'training'"),
        ("[suite]", "[suit]", "did you mean 'suite'"),
        ("[runs.two.training]", "[runs.two.traning]", "runs.two: .*did you mean 'training'"),
        ("[runs.two.training]\nbatch", "[runs.two.training]\nbacth", "did you mean 'batch'"),
        ("width = 8", "widht = 8", "runs.two: .*did you mean 'width'"),
        ("width = 8", "width = -8", r"runs.two: method\.width"),
        ("batch = 3", "patch = [40, 40, 40]", r"runs.two: training\.patch 40x40x40"),
        ('name = "gan3d"', 'name = "gan4d"', "runs.two: no method is called 'gan4d'"),
        ("batch = 3", "minutes = 3", "runs.two: .*two budgets"),
        ("runs.two.training", "runs.two.cohort", "runs.two: unknown section 'cohort'"),
        ('against = "two"', 'against = "three"', "three"),
        ('against = "two"', 'aginst = "two"', "did you mean 'against'"),
        ("[cohort]", "[phantom]\ncases = 4\n[cohort]", "two cohorts"),
        ('data = "cohort"', "[phantom]\ncases = 2", "phantom.cases must be at least 3"),
        ("[runs.one.method]", '[runs."a/b".method]', "the name of a run"),
        ("[runs.one.method]\nwidth = 4", "[runs]\none = 4", "runs.one must be a TOML table"),
    ],
)
def test_a_mistake_in_any_run_is_refused_by_name(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in TEXT
    with pytest.raises(SettingsError, match=told):
        read_suite(written(tmp_path, TEXT.replace(old, new)))


def test_a_suite_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no runs"):
        read_suite(written(tmp_path, TEXT[: TEXT.index("[runs")]))
