"""Settings of a run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.errors import SettingsError
from crossvox.training.experiment import Experiment, read_experiment, write_experiment

FILES = sorted(Path(__file__).parents[2].glob("experiments/*.toml"))
EXPERIMENTS = [path for path in FILES if not path.stem.startswith("table1")]  # those are suites


def test_what_is_written_is_read_back(tiny: Callable[..., Experiment], tmp_path: Path) -> None:
    path = tmp_path / "experiment.toml"
    path.write_text(write_experiment(tiny()))
    assert read_experiment(path) == tiny()


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_experiment_of_ours_is_read(path: Path) -> None:
    experiment = read_experiment(path)
    assert experiment.cohort.target


def test_the_papers_experiment_has_the_papers_settings() -> None:
    experiment = read_experiment(Path(__file__).parents[2] / "experiments/paper_flair_to_t1.toml")
    assert experiment.training.epochs == 100
    assert sorted(experiment.training.patch or ()) == [48, 240, 288]
    assert experiment.training.ema == 0
    assert experiment.method_settings["learning_rate"] == 1e-4
    assert experiment.method_settings["l1_weight"] == 1.0
    assert experiment.method_settings["norm"] == "batch"


def test_changes_win_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "experiment.toml"
    path.write_text('[cohort]\nsource = ["FLAIR"]\ntarget = "T1w"\n[training]\nsteps = 5\n')
    experiment = read_experiment(path, changes=["training.steps=7", "cohort.source=FLAIR,T2w"])
    assert experiment.training.steps == 7
    assert experiment.cohort.source == ("FLAIR", "T2w")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[trainin]\nsteps = 1", "no section"),
        ("[training]\nstep = 1", "did you mean 'steps'"),
        ("[training]\nsteps = 'many'", r"training\.steps"),
        ("[method]\nname = 'gan4d'", "gan3d"),
        ("[method]\nwidht = 4", "did you mean 'width'"),
        ("steps = ", "not TOML"),
    ],
)
def test_a_mistake_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "experiment.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message):
        read_experiment(path, changes=["cohort.source=FLAIR", "cohort.target=T1w"])


@pytest.mark.parametrize("change", ["training.steps", "steps=3", "runs.steps=3"])
def test_a_change_that_is_no_setting_is_refused(change: str) -> None:
    with pytest.raises(SettingsError, match="section"):
        read_experiment(None, changes=[change])


def test_source_and_target_are_asked_for() -> None:
    with pytest.raises(SettingsError, match=r"cohort\.source.*--source FLAIR"):
        read_experiment(None)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read the experiment"):
        read_experiment(tmp_path / "none.toml")


@pytest.mark.parametrize("source", ["FLAIR, T2w", " FLAIR ,T2w ", "FLAIR,T2w"])
def test_spaces_around_modalities_are_no_part_of_their_names(source: str) -> None:
    changes = [f"cohort.source={source}", "cohort.target= T1w "]
    experiment = read_experiment(None, changes=changes)
    assert (experiment.cohort.source, experiment.cohort.target) == (("FLAIR", "T2w"), "T1w")


@pytest.mark.parametrize("source", ["FLAIR,", ",", '["FLAIR", ""]', '"FLAIR, FLAIR"', "3", "[3]"])
def test_sources_that_are_no_different_names_are_refused(source: str) -> None:
    with pytest.raises(SettingsError, match=r"cohort\.source"):
        read_experiment(None, changes=[f"cohort.source={source}", "cohort.target=T1w"])


@pytest.mark.parametrize(
    "change",
    [
        "training.clip=inf",
        "training.clip=nan",
        "training.ema=1",
        "training.ema=1.0",
        "training.ema=nan",
        "training.decay_share=nan",
        "training.decay_share=1.5",
        "training.minutes=inf",
        "training.minutes=nan",
        "training.minutes=0",
        "training.patch=[1000000000,16,16]",
        "training.patch=[16,16]",
        "training.batch=100000000",
        "training.accumulate=100000000",
        "training.steps=100000000000",
        "training.seed=18446744073709551616",
        "training.flip_share=nan",
        "preparation.percentiles=[nan,99]",
        "preparation.percentiles=[1,inf]",
        "preparation.target_limits=[5,5]",
        "preparation.target_limits=[9,-9]",
        "preparation.target_limits=[nan,1]",
        "preparation.target_limits=[0,inf]",
        "preparation.source_limits=[1,0]",
        "preparation.spacing_mm=[nan,1,1]",
        "preparation.spacing_mm=[inf,1,1]",
        "preparation.spacing_mm=[1e-9,1,1]",
    ],
)
def test_a_value_beyond_its_bounds_is_refused_by_name(change: str) -> None:
    name, _, _ = change.partition("=")
    changes = ["cohort.source=FLAIR", "cohort.target=T1w", change]
    with pytest.raises(SettingsError, match=name.replace(".", r"\.")) as refusal:
        read_experiment(None, changes=changes)
    assert "\n" not in str(refusal.value)


def test_rates_fall_over_the_second_half_unless_settings_say_otherwise() -> None:
    changes = ["cohort.source=FLAIR", "cohort.target=T1w"]
    assert read_experiment(None, changes=changes).training.decay_share == 0.5
    constant = read_experiment(None, changes=[*changes, "training.decay_share=0"])
    assert constant.training.decay_share == 0.0
