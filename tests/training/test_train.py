"""Runs that are interrupted, resumed, shared among processes and refused."""

import hashlib
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
from crossvox.phantoms.folder import write_phantom
from crossvox.phantoms.settings import PhantomSettings
from crossvox.progress import Quiet
from crossvox.synthesis.store import read_description
from crossvox.training.checkpoint import newest_checkpoint
from crossvox.training.experiment import Experiment
from crossvox.training.lock import locked
from crossvox.training.train import Trained, train

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
    trained: Trained, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    train(cases, tmp_path / "same", tiny())
    assert_equal_state(trained.folder, tmp_path / "same")
    train(cases, tmp_path / "other", tiny("training.seed=1"))
    one, other = state_of(trained.folder), state_of(tmp_path / "other")
    assert not torch.equal(one["generator.head.weight"], other["generator.head.weight"])


def test_more_steps_go_on_from_where_a_run_ended(
    trained: Trained, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    train(cases, tmp_path, tiny("training.steps=4"))
    train(cases, tmp_path, tiny("training.steps=6"))
    assert_equal_state(trained.folder, tmp_path)


@pytest.mark.parametrize("last", [3, 6])
def test_a_run_stopped_by_a_signal_goes_on_bit_exactly(
    trained: Trained,
    cases: tuple[Case, ...],
    tiny: Tiny,
    tmp_path: Path,
    last: int,
) -> None:
    class Stopping(Quiet):
        def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:  # noqa: ARG002 - the protocol's
            if step == last:
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(InterruptedRunError, match=f"step {last} of 6"):
        train(cases, tmp_path, tiny(), progress=Stopping())
    train(cases, tmp_path, tiny())
    assert_equal_state(trained.folder, tmp_path)


def test_recomputing_ends_with_the_same_weights(
    trained: Trained, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    train(cases, tmp_path / "again", tiny("training.recompute=blocks"))
    assert_equal_state(trained.folder, tmp_path / "again")


def test_an_average_and_accumulated_parts_resume_bit_exactly(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    changes = ("training.ema=0.9", "training.accumulate=2", "training.clip=0.1")
    train(cases, tmp_path / "through", tiny(*changes))
    train(cases, tmp_path / "resumed", tiny(*changes, "training.steps=2"))
    train(cases, tmp_path / "resumed", tiny(*changes))
    assert_equal_state(tmp_path / "through", tmp_path / "resumed")


def test_fresh_starts_again(
    trained: Trained, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(trained.folder, tmp_path / "run"))
    changed = tiny("training.seed=5")
    with pytest.raises(SettingsError, match="--fresh"):
        train(cases, folder, changed)
    train(cases, folder, changed, fresh=True)
    seeds = json.dumps(5)
    assert f"seed = {seeds}" in (folder / "experiment.toml").read_text()


def test_fresh_in_a_folder_that_is_no_run_removes_nothing(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    (tmp_path / "prepared").mkdir()
    (tmp_path / "prepared/mine.txt").write_text("precious")
    with pytest.raises(SettingsError, match="is not a run"):
        train(cases, tmp_path, tiny(), fresh=True)
    assert (tmp_path / "prepared/mine.txt").read_text() == "precious"
    assert not (tmp_path / "experiment.toml").exists()


def test_a_folder_that_another_process_trains_in_is_refused(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    with (
        locked(tmp_path),
        pytest.raises(SettingsError, match=f"trained by process {os.getpid()}"),
    ):
        train(cases, tmp_path, tiny(), fresh=True)


def test_a_finished_run_that_is_given_another_cohort_is_refused_and_scores_nobody(
    trained: Trained, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(trained.folder, tmp_path / "run"))
    write_phantom(
        tmp_path / "others",
        cases=6,
        settings=PhantomSettings(size=32, seed=1, modalities=("FLAIR", "T1w")),
    )
    others = read_cohort(tmp_path / "others", modalities=("FLAIR", "T1w"))
    with pytest.raises(CohortError, match="sub-01's FLAIR changed"):
        train(others, folder, tiny())
    with pytest.raises(CohortError, match="sub-01 is missing"):
        train(cases[1:], folder, tiny())
    train(others, folder, tiny(), fresh=True)


def test_a_synthesizer_tells_the_hashes_of_those_it_saw_and_a_lost_one_is_made_again(
    trained: Trained, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(trained.folder, tmp_path / "run"))
    shutil.rmtree(folder / "synthesizer")
    again = train(cases, folder, tiny())
    assert (again.best_step, again.best_ssim is None) == (6, False)
    description = read_description(folder)
    assert description.step == 6
    seen = {
        split: {
            case.subject: [hashlib.sha256(case.images["FLAIR"].read_bytes()).hexdigest()]
            for case in cases
            if case.split == split
        }
        for split in ("train", "validation")
    }
    assert description.cohort["source_sha256"] == seen
    assert_equal_state(folder, trained.folder)
    before = (folder / "synthesizer/synthesizer.json").stat().st_mtime_ns
    train(cases, folder, tiny())
    assert (folder / "synthesizer/synthesizer.json").stat().st_mtime_ns == before


def test_several_sources_are_learned_from(cohort_folder: Path, tiny: Tiny, tmp_path: Path) -> None:
    both = read_cohort(cohort_folder, modalities=("FLAIR", "T2w", "T1w"))
    train(both, tmp_path, tiny("cohort.source=FLAIR,T2w"))
    weights = load_file(tmp_path / "synthesizer/weights.safetensors")
    assert weights["generator.stem.units.0.0.weight"].shape[1] == 2


def test_a_cohort_without_training_people_is_refused(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    held_out = tuple(case for case in cases if case.split == "test")
    with pytest.raises(CohortError, match="for training"):
        train(held_out, tmp_path, tiny())


def test_faults_are_found_before_training(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
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
        train((swapped, second, *rest), tmp_path / "run", tiny("cohort.check=true"))


def command(folder: Path, data: Path, experiment: Path) -> list[str]:
    crossvox = str(Path(sys.executable).with_name("crossvox"))
    return [crossvox, "train", str(data), str(folder), "--experiment", str(experiment)]


def write_experiment_for_two_processes(path: Path, *, steps: int) -> Path:
    # instance norm: batch norm's statistics are of each process's part of the batch
    path.write_text(
        '[cohort]\nsource = ["FLAIR"]\ntarget = "T1w"\ncheck = false\n'
        "[method]\nwidth = 4\ndepth = 2\ndiscriminator_width = 4\ndiscriminator_levels = 2\n"
        'norm = "instance"\nl1_weight = 1.0\nlearning_rate = 1e-4\n'  # rounding stays small
        f"[training]\nsteps = {steps}\npatch = [16, 16, 16]\nbatch = 2\nvalidate_every = 100\n"
        'checkpoint_every = 2\nprecision = "32-true"\n'
    )
    return path


@pytest.mark.slow
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


@pytest.mark.slow
def test_two_processes_learn_what_one_does_at_the_same_batch(
    cohort_folder: Path, tmp_path: Path
) -> None:
    experiment = write_experiment_for_two_processes(tmp_path / "e.toml", steps=6)
    one = command(tmp_path / "one", cohort_folder, experiment)
    two = command(tmp_path / "two", cohort_folder, experiment)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    subprocess.run(one, check=True)
    subprocess.run([*torchrun, "--no-python", *two], check=True)
    one_row, two_row = (
        (tmp_path / name / "progress.csv").read_text().splitlines()[-1].split(",")
        for name in ("one", "two")
    )
    # the validation people are shared; weights differ by 1e-5
    assert [float(cell) for cell in one_row[-2:]] == pytest.approx(
        [float(cell) for cell in two_row[-2:]], abs=1e-4
    )
    first, second = state_of(tmp_path / "one"), state_of(tmp_path / "two")
    for name, value in first.items():
        # rounding turns the sign of a voxel's L1 here and there: 1 of 4096 terms of a gradient
        torch.testing.assert_close(value, second[name], atol=2e-4, rtol=0, msg=name)
