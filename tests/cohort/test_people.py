"""Who is who."""

from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.cohort import Case, read_cohort
from crossvox.cohort.examine import Examined, examine
from crossvox.cohort.people import report_leaks, report_wrong_people
from crossvox.phantom import PhantomSettings, write_phantom

MODALITIES = ("FLAIR", "T1w")


def _blank(subject: str, split: str) -> Examined:
    return Examined(case=Case(subject=subject, name=f"{subject}-{split}", images={}, split=split))


def test_a_person_in_two_splits_is_reported_for_each_case_without_any_image() -> None:
    cases = [_blank("a", "train"), _blank("a", "test"), _blank("b", "test")]
    report_leaks(cases, modalities=MODALITIES)
    assert [len(case.findings) for case in cases] == [1, 1, 0]


def test_cases_that_could_not_be_measured_are_passed_over() -> None:
    cases = [_blank("a", "train"), _blank("b", "train")]
    report_wrong_people(cases, source="FLAIR", target="T1w", seed=0)
    assert all(not case.findings for case in cases)


def test_most_targets_of_a_person_outside_the_cohort_fit_no_better_than_strangers(
    cohort_folder: Path,
) -> None:
    cases = read_cohort(cohort_folder, modalities=MODALITIES)
    found = 0
    for index in range(3):
        *others, foreign = cases[:index] + cases[index + 1 :]
        mixed = replace(cases[index], images={**cases[index].images, "T1w": foreign.images["T1w"]})
        examined = [examine(case, modalities=MODALITIES, step_mm=4.0) for case in (mixed, *others)]
        report_wrong_people(examined, source="FLAIR", target="T1w", seed=0)
        found += any("fits no better" in finding.problem for finding in examined[0].findings)
        assert all(not case.findings for case in examined[1:])
    assert found >= 2


@pytest.fixture(scope="module")
def blurred(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People in voxels of 14 mm."""
    folder = tmp_path_factory.mktemp("blurred")
    write_phantom(folder, cases=4, settings=PhantomSettings(size=16))
    return folder


def test_people_in_very_coarse_voxels_are_not_recognised_as_one(blurred: Path) -> None:
    cases = [
        examine(case, modalities=MODALITIES, step_mm=4.0)
        for case in read_cohort(blurred, modalities=MODALITIES)
    ]
    report_leaks(cases, modalities=MODALITIES)
    assert all(not case.findings for case in cases)
