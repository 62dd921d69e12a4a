"""What the check before training refuses, says and keeps."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.cohort import Case, read_cohort
from crossvox.errors import CohortError, CohortWarning
from crossvox.training.experiment import Experiment
from crossvox.training.faults import CHECK, refuse_faults
from crossvox.training.train import train

Tiny = Callable[..., Experiment]


@pytest.fixture
def cases(cohort_folder: Path) -> tuple[Case, ...]:
    return read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))


@pytest.fixture
def suspicious(cases: tuple[Case, ...], tmp_path: Path) -> tuple[Case, ...]:
    """A cohort of which one target is compressed although its name says that it is not."""
    misnamed = tmp_path / "misnamed.nii"
    misnamed.write_bytes(cases[0].images["T1w"].read_bytes())
    return (replace(cases[0], images={**cases[0].images, "T1w": misnamed}), *cases[1:])


@pytest.mark.filterwarnings("ignore::crossvox.errors.FileWarning")
def test_training_says_the_warnings_of_the_check_and_keeps_them_with_the_run(
    suspicious: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with pytest.warns(CohortWarning, match=rf"{suspicious[0].name}: .*gzipped although"):
        train(suspicious, run, tiny("cohort.check=true", "training.steps=1"))
    kept = json.loads((run / CHECK).read_text())
    assert (kept["modalities"], kept["cases"]) == (["FLAIR", "T1w"], 6)
    (finding,) = kept["findings"]
    assert (finding["case"], finding["severity"]) == (suspicious[0].name, "warning")


def test_a_cohort_with_errors_is_refused_and_no_record_is_written(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    absent = replace(cases[0], images={**cases[0].images, "T1w": tmp_path / "absent.nii.gz"})
    with pytest.raises(CohortError, match=r"1 fault\(s\): .*absent.nii.gz.*check=false"):
        refuse_faults((absent, *cases[1:3]), tiny(), tmp_path / CHECK)
    assert not (tmp_path / CHECK).exists()


def test_only_the_first_of_many_errors_are_named(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    absent = [
        replace(case, images={**case.images, "T1w": tmp_path / "absent.nii.gz"}) for case in cases
    ]
    with pytest.raises(CohortError, match=r"6 fault\(s\): .*sub-05: .*; and 1 more\. `crossvox"):
        refuse_faults(absent, tiny(), tmp_path / CHECK)


def test_a_sound_cohort_leaves_a_record_without_findings(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    refuse_faults(cases[:2], tiny(), tmp_path / CHECK)
    assert json.loads((tmp_path / CHECK).read_text())["findings"] == []


def test_a_volume_of_a_person_in_another_split_is_refused_before_training(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    double = replace(cases[0], subject="other", name="other", split="test")
    with pytest.raises(CohortError, match="other: FLAIR is the same file as FLAIR of sub-01"):
        train((*cases, double), tmp_path, tiny("cohort.check=true"))
