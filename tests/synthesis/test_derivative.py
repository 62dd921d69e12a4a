"""Volumes synthesized from a BIDS study go to a derivative."""

import json
from pathlib import Path

import pytest

from crossvox.cohort import read_cohort
from crossvox.errors import CohortError
from crossvox.synthesis.derivative import (
    DATASET,
    describe_derivative,
    is_bids_cohort,
    refuse_study,
)


def test_a_study_is_no_place_for_derivatives_and_a_place_is_named(cohort_folder: Path) -> None:
    cases = read_cohort(cohort_folder, modalities=("FLAIR",))
    assert is_bids_cohort(cases)
    with pytest.raises(CohortError, match=r"is a study, .*; give .*/derivatives/crossvox"):
        refuse_study(cohort_folder, cases)
    refuse_study(cohort_folder / "derivatives/crossvox", cases)


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"DatasetType": "raw"}', "nothing"])
def test_any_description_that_is_not_of_a_derivative_is_left_alone(
    cohort_folder: Path, tmp_path: Path, said: str
) -> None:
    (tmp_path / DATASET).write_text(said)
    with pytest.raises(CohortError, match="is a study"):
        refuse_study(tmp_path, read_cohort(cohort_folder, modalities=("FLAIR",)))
    describe_derivative(tmp_path)
    assert (tmp_path / DATASET).read_text() == said


def test_a_derivative_of_somebody_else_keeps_its_description(
    cohort_folder: Path, tmp_path: Path
) -> None:
    said = json.dumps({"Name": "Theirs", "DatasetType": "derivative"})
    (tmp_path / DATASET).write_text(said)
    refuse_study(tmp_path, read_cohort(cohort_folder, modalities=("FLAIR",)))
    describe_derivative(tmp_path)
    assert (tmp_path / DATASET).read_text() == said


def test_the_folder_of_the_sources_is_refused_without_a_description_too(
    cohort_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study/sub-01").symlink_to(cohort_folder / "sub-01")
    cases = read_cohort(tmp_path / "study", modalities=("FLAIR",))
    with pytest.raises(CohortError, match=r"holds the sources, such as sub-01_FLAIR"):
        refuse_study(tmp_path / "study", cases)


def test_a_new_folder_is_described_as_a_derivative(tmp_path: Path) -> None:
    describe_derivative(tmp_path / "out")
    said = json.loads((tmp_path / "out" / DATASET).read_text())
    assert said["DatasetType"] == "derivative"
    assert said["GeneratedBy"][0]["Name"] == "crossvox"
