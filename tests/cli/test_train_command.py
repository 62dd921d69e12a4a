"""`crossvox train` as it is typed; whole processes are in journeys/."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.errors import CohortWarning
from crossvox.files import NOTICE, read_volume, write_volume
from crossvox.training.experiment import read_experiment
from crossvox.training.train import Trained

Command = Callable[..., int]
NAMES = ("--source", "FLAIR", "--target", "T1w", "--set", "cohort.check=false")
SMALL = (
    *("--set", "method.width=4", "--set", "method.depth=1", "--set", "training.steps=1"),
    *("--set", "method.discriminator_width=4", "--set", "method.discriminator_levels=1"),
    *("--set", "training.patch=[16,16,16]"),
)


def test_training_tells_its_plan_and_ends_with_scores_and_the_way_to_the_report(
    crossvox: Command, cohort_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert crossvox("train", cohort_folder, tmp_path, *NAMES, *SMALL) == 0
    told = capsys.readouterr()
    *table, last = told.out.splitlines()
    assert last == str(tmp_path / "evaluation/report.html")
    assert (tmp_path / "evaluation/report.html").is_file()
    for name in ("SSIM", "MAE", "PSNR", "synthesized", "copied"):
        assert any(name in line for line in table)
    lines = told.err.splitlines()
    plan = next(n for n, line in enumerate(lines) if line.startswith("training.patch = 16x16x16"))
    first = next(n for n, line in enumerate(lines) if line.startswith("training 1/1"))
    assert plan < first


def test_a_plan_alone_tells_each_setting_with_its_reason_and_writes_nothing(
    crossvox: Command, cohort_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert crossvox("train", cohort_folder, out, *NAMES, *SMALL, "--plan-only") == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.partition(" = ")[0] for line in lines]
    wanted = ("preparation.spacing_mm", "preparation.target_scale", "training.patch", "memory")
    assert {*wanted, "training.steps", "training.validate_every", "hours"} <= set(names)
    assert all(line.endswith(")") for line in lines)
    assert not out.exists()


@pytest.mark.slow
def test_an_experiment_is_trained_and_options_win_over_it(
    crossvox: Command, cohort_folder: Path, trained: Trained, tmp_path: Path
) -> None:
    given = trained.folder / "experiment.toml"
    changed = ("--experiment", given, "--source", "T2w", "--set", "training.steps=1")
    assert crossvox("train", cohort_folder, tmp_path, *changed) == 0
    made = read_experiment(tmp_path / "experiment.toml")
    assert made.cohort.source == ("T2w",)
    assert made.cohort.target == "T1w"
    assert made.training.steps == 1


def test_without_anyone_to_test_on_it_ends_with_the_way_to_the_synthesizer(
    crossvox: Command, cohort_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        f"p{n},train,{cohort_folder}/sub-0{n}/anat/sub-0{n}_FLAIR.nii.gz,"
        f"{cohort_folder}/sub-0{n}/anat/sub-0{n}_T1w.nii.gz"
        for n in (1, 2)
    ]
    table = tmp_path / "cohort.csv"
    table.write_text("\n".join(["subject,split,FLAIR,T1w", *rows]))
    assert crossvox("train", table, tmp_path / "run", *NAMES, *SMALL) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "run/synthesizer")
    assert (tmp_path / "run/synthesizer/weights.safetensors").is_file()


@pytest.mark.slow
def test_cases_left_out_are_told_and_synthesized_ones_learned_from_only_if_asked_for(
    crossvox: Command, cohort_folder: Path, tmp_path: Path
) -> None:
    study, run = tmp_path / "study", tmp_path / "run"
    shutil.copytree(cohort_folder, study)
    next(study.glob("sub-01/anat/*_T1w.nii.gz")).unlink()
    (filled_in,) = study.glob("sub-02/anat/*_T1w.nii.gz")
    write_volume(filled_in, read_volume(filled_in), description=NOTICE)
    told = "2 of 6 cases are left out: sub-01 lacks T1w; sub-02 has only a synthesized T1w"
    with pytest.warns(CohortWarning, match=told):
        assert crossvox("train", study, run, *NAMES, *SMALL) == 0
    with pytest.warns(CohortWarning, match="1 of 6 cases is left out: sub-01 lacks T1w"):
        assert crossvox("train", study, run, *NAMES, *SMALL, "--allow-synthetic", "--fresh") == 0
    assert read_experiment(run / "experiment.toml").cohort.allow_synthetic


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("method.widht=4", "method.widht; did you mean 'width'?"),
        ("training.steps=0", "greater than or equal to 1, got 0"),
        ("training.patch=[16,0,16]", "training.patch"),
        ("training.batch=0", "training.batch"),
        ("training.accumulate=3", "set it to a multiple of 3"),
        ("training.checkpoint_every=0", "training.checkpoint_every"),
        ("training.report_every=0", "training.report_every"),
        ("training.validate_every=0", "training.validate_every"),
        ("training.ema=2", "training.ema"),
        ("training.steps=true", "training.steps"),
        ("training.clip=inf", "training.clip"),
        ("method.learning_rate=nan", "method.learning_rate"),
        ("method.depth=9", "method.depth"),
        ("method.discriminator_levels=6", "method.discriminator_levels 6"),
        ("training.patch=[40,40,40]", "training.patch 40x40x40"),
        ("training.patch=[8,8,8]", "training.patch 8x8x8"),
        ("training.clip=-1", "training.clip"),
        ("training.seed=-1", "training.seed"),
        ("cohort.target=FLAIR", "is a source too"),
        ("cohort.fractions=[2,0,0]", "cohort.fractions"),
        ("preparation.percentiles=[9,3]", "got 9 and 3"),
        ("preparation.spacing_mm=[2,0,2]", "preparation.spacing_mm"),
        ("preparation.source_scale=window", "without limits"),
        ("method.name=gan", "there are: "),
    ],
)
def test_an_impossible_setting_is_refused_before_anything_is_learned(
    crossvox: Command,
    cohort_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: str,
    told: str,
) -> None:
    small = ("--set", "method.width=2", "--set", "training.steps=1")
    assert crossvox("train", cohort_folder, tmp_path, *NAMES, *small, "--set", change) == 2
    assert told in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "checkpoint").exists()


@pytest.mark.slow
def test_a_patch_that_memory_does_not_hold_is_refused_before_anything_is_prepared(
    crossvox: Command, cohort_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    huge = ("--set", "training.patch=[2048,2048,2048]")
    assert crossvox("train", cohort_folder, tmp_path / "run", *NAMES[:4], *huge) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("crossvox: training.patch 2048x2048x2048 takes ")
    assert "GiB are free; training.patch=[" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--device", "tpu"), "no device 'tpu' on this machine; choose from: "),
        (("--experiment", Path()), "cannot read the experiment"),
        (("--experiment", "nowhere.toml"), "cannot read the experiment nowhere.toml"),
        (("--source", "CT"), "no case has all of CT, T1w"),
    ],
)
def test_what_is_not_there_is_refused(
    crossvox: Command,
    cohort_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    told: str,
) -> None:
    options = (*NAMES, *words) if "--source" not in words else (*NAMES[2:], *words)
    assert crossvox("train", cohort_folder, tmp_path, *options) == 2
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_another_experiment_in_the_same_folder_is_refused(
    crossvox: Command, cohort_folder: Path, trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--experiment", trained.folder / "experiment.toml", "--set", "training.seed=3")
    assert crossvox("train", cohort_folder, trained.folder, *words) == 2
    assert "training.seed is 0 there, 3 requested" in capsys.readouterr().err


def test_a_broken_file_is_found_before_training(
    crossvox: Command, cohort_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Path(shutil.copytree(cohort_folder, tmp_path / "data"))
    broken = data / "sub-02/anat/sub-02_FLAIR.nii.gz"
    broken.write_bytes(broken.read_bytes()[:500])
    assert crossvox("train", data, tmp_path / "run", *NAMES[:4]) == 2
    assert "sub-02" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "run").exists()


def test_a_file_that_breaks_only_the_preparation_is_named(
    crossvox: Command, cohort_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = Path(shutil.copytree(cohort_folder, tmp_path / "data"))
    for number in (1, 5):  # one to learn from, one to validate on
        path = data / f"sub-0{number}/anat/sub-0{number}_T1w.nii.gz"
        volume = read_volume(path)
        write_volume(path, volume.with_voxels(volume.voxels * 0 + 7))
        if number == 1:
            continue
    assert crossvox("train", data, tmp_path / "run", *NAMES, *SMALL) == 2
    assert "sub-01_T1w.nii.gz" in capsys.readouterr().err.splitlines()[-1]
