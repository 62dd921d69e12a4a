"""Runs that are interrupted, resumed, shared among processes and refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from crossvox.cohort import Case, read_cohort
from crossvox.errors import CohortError, InterruptedRunError, SettingsError
from crossvox.training.checkpoint import newest_checkpoint
from crossvox.training.experiment import Experiment
from crossvox.training.train import Trained, TrainingProgress, train

Tiny = Callable[..., Experiment]


@pytest.fixture
def cases(cohort_folder: Path) -> tuple[Case, ...]:
    return read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))


def state_of(folder: Path) -> Mapping[str, torch.Tensor]:
    checkpoint = newest_checkpoint(folder / "checkpoint")
    assert checkpoint is not None
    return checkpoint.tensors


def assert_equal_state(one: Path, other: Path) -> None:
    first, second = state_of(one), state_of(other)
    assert first.keys() == second.keys()
    different = [name for name in first if not torch.equal(first[name], second[name])]
    assert different == []


def test_a_run_leaves_the_folder_that_others_script_against(trained: Trained) -> None:
    names = {path.name for path in trained.folder.iterdir()}
    assert {"experiment.toml", "progress.csv", "checkpoint", "synthesizer"} <= names
    header = (trained.folder / "progress.csv").read_text().splitlines()[0].split(",")
    assert header[0] == "step"
    assert {"generator", "discriminator", "ssim", "seconds_per_step"} <= set(header)


def test_equal_seeds_give_equal_weights_and_others_do_not(
    trained: Trained, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, silent: TrainingProgress
) -> None:
    train(cases, tmp_path / "same", tiny(), progress=silent)
    assert_equal_state(trained.folder, tmp_path / "same")
    train(cases, tmp_path / "other", tiny("training.seed=1"), progress=silent)
    one, other = state_of(trained.folder), state_of(tmp_path / "other")
    assert not torch.equal(one["generator.head.weight"], other["generator.head.weight"])


def test_more_steps_go_on_from_where_a_run_ended(
    trained: Trained, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, silent: TrainingProgress
) -> None:
    train(cases, tmp_path, tiny("training.steps=4"), progress=silent)
    train(cases, tmp_path, tiny("training.steps=6"), progress=silent)
    assert_equal_state(trained.folder, tmp_path)


@pytest.mark.parametrize("last", [3, 6])
def test_a_run_stopped_by_a_signal_goes_on_bit_exactly(
    trained: Trained,
    cases: tuple[Case, ...],
    tiny: Tiny,
    tmp_path: Path,
    silent: TrainingProgress,
    last: int,
) -> None:
    class Stopping:
        stage = staticmethod(silent.stage)

        def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:  # noqa: ARG002 - the protocol's
            if step == last:
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(InterruptedRunError, match=f"step {last} of 6"):
        train(cases, tmp_path, tiny(), progress=Stopping())
    train(cases, tmp_path, tiny(), progress=silent)
    assert_equal_state(trained.folder, tmp_path)


def test_recomputing_ends_with_the_same_weights(
    trained: Trained, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, silent: TrainingProgress
) -> None:
    train(cases, tmp_path / "again", tiny("training.recompute=blocks"), progress=silent)
    assert_equal_state(trained.folder, tmp_path / "again")


def test_an_average_and_accumulated_parts_resume_bit_exactly(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, silent: TrainingProgress
) -> None:
    changes = ("training.ema=0.9", "training.accumulate=2", "training.clip=0.1")
    train(cases, tmp_path / "through", tiny(*changes), progress=silent)
    train(cases, tmp_path / "resumed", tiny(*changes, "training.steps=2"), progress=silent)
    train(cases, tmp_path / "resumed", tiny(*changes), progress=silent)
    assert_equal_state(tmp_path / "through", tmp_path / "resumed")


def test_fresh_starts_again(
    trained: Trained, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, silent: TrainingProgress
) -> None:
    folder = Path(shutil.copytree(trained.folder, tmp_path / "run"))
    changed = tiny("training.seed=5")
    with pytest.raises(SettingsError, match="--fresh"):
        train(cases, folder, changed, progress=silent)
    train(cases, folder, changed, fresh=True, progress=silent)
    seeds = json.dumps(5)
    assert f"seed = {seeds}" in (folder / "experiment.toml").read_text()


def test_several_sources_are_learned_from(
    cohort_folder: Path, tiny: Tiny, tmp_path: Path, silent: TrainingProgress
) -> None:
    both = read_cohort(cohort_folder, modalities=("FLAIR", "T2w", "T1w"))
    train(both, tmp_path, tiny("cohort.source=FLAIR,T2w"), progress=silent)
    weights = load_file(tmp_path / "synthesizer/weights.safetensors")
    assert weights["generator.stem.units.0.0.weight"].shape[1] == 2


def test_a_cohort_without_training_people_is_refused(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, silent: TrainingProgress
) -> None:
    held_out = tuple(case for case in cases if case.split == "test")
    with pytest.raises(CohortError, match="for training"):
        train(held_out, tmp_path, tiny(), progress=silent)


def test_faults_are_found_before_training(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, silent: TrainingProgress
) -> None:
    first, second, *rest = cases
    swapped = Case(
        subject=first.subject,
        name=first.name,
        images={**first.images, "T1w": tmp_path / "absent.nii.gz"},
        mask=first.mask,
        split=first.split,
    )
    with pytest.raises(CohortError, match="crossvox check"):
        train((swapped, second, *rest), tmp_path, tiny("cohort.check=true"), progress=silent)


def command(folder: Path, data: Path, experiment: Path) -> list[str]:
    crossvox = str(Path(sys.executable).with_name("crossvox"))
    return [crossvox, "train", str(data), str(folder), "--experiment", str(experiment)]


def write_experiment_for_two_processes(path: Path, *, steps: int) -> Path:
    # instance norm: batch norm's statistics are of each process's part of the batch
    path.write_text(
        '[cohort]\nsource = ["FLAIR"]\ntarget = "T1w"\ncheck = false\n'
        "[method]\nwidth = 4\ndepth = 2\ndiscriminator_width = 4\ndiscriminator_levels = 2\n"
        'norm = "instance"\n'
        f"[training]\nsteps = {steps}\npatch = [16, 16, 16]\nbatch = 2\nvalidate_every = 100\n"
        'checkpoint_every = 2\nprecision = "32-true"\n'
    )
    return path


def test_killed_at_any_moment_and_run_again_ends_with_equal_weights(
    cohort_folder: Path, tmp_path: Path
) -> None:
    experiment = write_experiment_for_two_processes(tmp_path / "e.toml", steps=40)
    subprocess.run(command(tmp_path / "through", cohort_folder, experiment), check=True)
    killed = command(tmp_path / "killed", cohort_folder, experiment)
    for number in range(3):
        process = subprocess.Popen(killed)
        _wait_for_a_save(tmp_path / "killed/checkpoint", seconds=60)
        time.sleep(0.013 * number)  # between and inside saves: every second step saves
        process.kill()
        process.wait()
    subprocess.run(killed, check=True)
    assert_equal_state(tmp_path / "through", tmp_path / "killed")


def _wait_for_a_save(folder: Path, *, seconds: float) -> None:
    before = set(folder.glob("*")) if folder.exists() else set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = set(folder.glob("*")) if folder.exists() else set()
        if now - before:
            return
        time.sleep(0.002)
    raise AssertionError(f"nothing was saved in {folder}")


def test_two_processes_learn_what_one_does_at_the_same_batch(
    cohort_folder: Path, tmp_path: Path
) -> None:
    experiment = write_experiment_for_two_processes(tmp_path / "e.toml", steps=6)
    one = command(tmp_path / "one", cohort_folder, experiment)
    two = command(tmp_path / "two", cohort_folder, experiment)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    subprocess.run(one, check=True)
    subprocess.run([*torchrun, "--no-python", *two], check=True)
    first, second = state_of(tmp_path / "one"), state_of(tmp_path / "two")
    for name, value in first.items():
        # rounding turns the sign of a voxel's L1 here and there: 1 of 4096 terms of a gradient
        torch.testing.assert_close(value, second[name], atol=2e-4, rtol=0, msg=name)
