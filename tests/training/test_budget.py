"""A budget of minutes as a number of steps."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from crossvox.cohort import read_cohort
from crossvox.errors import SettingsError
from crossvox.training.budget import MOST_ROUNDS, refuse_two_budgets, rounds_agree
from crossvox.training.checkpoint import newest_checkpoint
from crossvox.training.experiment import Experiment, TrainingSettings, read_experiment
from crossvox.training.train import train

Tiny = Callable[..., Experiment]
MINUTES = 0.003  # some steps of this size


@pytest.fixture
def open_ended(tiny: Tiny) -> Tiny:
    """The tiny experiment with minutes in place of its steps."""

    def experiment(minutes: float) -> Experiment:
        given = tiny(f"training.minutes={minutes}", "training.ema=0.9", "training.decay_share=0.5")
        training = {**vars(given.training), "steps": None}
        return Experiment(**{**vars(given), "training": TrainingSettings(**training)})

    return experiment


def test_a_run_of_minutes_is_the_run_of_the_steps_they_pay_for_and_is_timed_once(
    cohort_folder: Path, tiny: Tiny, open_ended: Tiny, tmp_path: Path
) -> None:
    cases = read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))
    first = train(cases, tmp_path / "timed", open_ended(MINUTES))
    steps = first.experiment.training.steps
    assert steps is not None
    assert read_experiment(tmp_path / "timed/experiment.toml").training.steps == steps
    changes = (f"training.steps={steps}", "training.ema=0.9", "training.decay_share=0.5")
    train(cases, tmp_path / "given", tiny(*changes))
    one = newest_checkpoint(tmp_path / "timed/checkpoint")
    other = newest_checkpoint(tmp_path / "given/checkpoint")
    assert one is not None
    assert other is not None
    assert one.step == other.step == steps
    assert one.tensors.keys() == other.tensors.keys()
    assert all(torch.equal(value, other.tensors[name]) for name, value in one.tensors.items())
    again = train(cases, tmp_path / "timed", open_ended(MINUTES))
    assert again.experiment == first.experiment
    with pytest.raises(SettingsError, match=r"training\.minutes is 0\.003 there, 2\.0 requested"):
        train(cases, tmp_path / "timed", open_ended(2.0))


def test_the_shortest_budget_pays_for_one_step(
    cohort_folder: Path, open_ended: Tiny, tmp_path: Path
) -> None:
    cases = read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))
    done = train(cases, tmp_path, open_ended(1e-9))
    assert done.experiment.training.steps == 1


@pytest.mark.parametrize(
    ("rounds", "enough"),
    [
        ([], False),
        ([1.0], False),
        ([1.0, 1.1], True),
        ([9.0, 1.0], False),  # another program ended
        ([9.0, 1.0, 1.1], True),
        ([1.0, 9.0, 3.0], False),
        ([2.0**n for n in range(MOST_ROUNDS)], True),
    ],
)
def test_rounds_are_timed_until_a_second_is_as_fast_as_the_fastest(
    rounds: list[float],
    enough: bool,  # noqa: FBT001 - a case's outcome
) -> None:
    assert rounds_agree(rounds) == enough


TIMED = TrainingSettings(minutes=2, steps=70)


@pytest.mark.parametrize(
    ("requested", "existing"),
    [
        (TrainingSettings(minutes=2, steps=70), None),
        (TrainingSettings(minutes=2, epochs=7), None),
        (TrainingSettings(minutes=2, steps=71), TIMED),
        (TrainingSettings(steps=71), TIMED),
        (TrainingSettings(epochs=7), TIMED),
    ],
)
def test_a_second_budget_is_refused(
    requested: TrainingSettings, existing: TrainingSettings | None
) -> None:
    with pytest.raises(SettingsError, match=r"training\.minutes"):
        refuse_two_budgets(requested, existing)


@pytest.mark.parametrize(
    ("requested", "existing"),
    [
        (TrainingSettings(minutes=2), None),
        (TrainingSettings(steps=70), None),
        (TrainingSettings(epochs=7), TrainingSettings(steps=70)),
        (TIMED, TIMED),
        (TrainingSettings(minutes=2), TIMED),
        (TrainingSettings(), TIMED),
    ],
)
def test_one_budget_is_enough(
    requested: TrainingSettings, existing: TrainingSettings | None
) -> None:
    refuse_two_budgets(requested, existing)


@pytest.mark.slow
def test_two_processes_agree_on_the_steps(cohort_folder: Path, tmp_path: Path) -> None:
    given = tmp_path / "experiment.toml"
    given.write_text(
        '[cohort]\nsource = ["FLAIR"]\ntarget = "T1w"\ncheck = false\n'
        "[method]\nwidth = 4\ndepth = 2\ndiscriminator_width = 4\ndiscriminator_levels = 2\n"
        'norm = "instance"\n[training]\nminutes = 0.003\npatch = [16, 16, 16]\nbatch = 2\n'
        'precision = "32-true"\n'
    )
    crossvox = str(Path(sys.executable).with_name("crossvox"))
    words = ["train", str(cohort_folder), str(tmp_path / "run"), "--experiment", str(given)]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    # processes that do not agree wait for each other for ever
    subprocess.run([*torchrun, "--no-python", crossvox, *words], check=True, timeout=120)
    steps = read_experiment(tmp_path / "run/experiment.toml").training.steps
    checkpoint = newest_checkpoint(tmp_path / "run/checkpoint")
    assert checkpoint is not None
    assert checkpoint.step == steps
