"""Recognizing two people in one pair, and one person in two cases."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.cohort import Case, read_cohort
from crossvox.files import write_volume
from crossvox.phantoms.folder import write_phantom
from crossvox.phantoms.settings import PhantomSettings
from crossvox.screening.alignment import align
from crossvox.screening.examine import ExaminedCase, examine
from crossvox.screening.people import (
    ONE_PERSON_INFORMATION,
    report_leaks,
    report_wrong_people,
)
from crossvox.volume import Grid, Volume

MODALITIES = ("FLAIR", "T1w")


def _blank(subject: str, split: str) -> ExaminedCase:
    return ExaminedCase(
        case=Case(subject=subject, name=f"{subject}-{split}", images={}, split=split)
    )


def test_a_person_in_two_splits_is_reported_for_each_case_without_any_image() -> None:
    cases = [_blank("a", "train"), _blank("a", "test"), _blank("b", "test")]
    report_leaks(cases, modalities=MODALITIES)
    assert [len(case.findings) for case in cases] == [1, 1, 0]


def test_cases_that_could_not_be_measured_are_passed_over() -> None:
    cases = [_blank("a", "train"), _blank("b", "train")]
    report_wrong_people(cases, source="FLAIR", target="T1w", seed=0)
    assert all(not case.findings for case in cases)


@pytest.mark.slow
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
    """Phantom people with 14 mm voxels."""
    folder = tmp_path_factory.mktemp("blurred")
    write_phantom(folder, cases=4, settings=PhantomSettings(size=16))
    return folder


def test_people_in_very_coarse_voxels_are_not_recognized_as_one(blurred: Path) -> None:
    cases = [
        examine(case, modalities=MODALITIES, step_mm=4.0)
        for case in read_cohort(blurred, modalities=MODALITIES)
    ]
    report_leaks(cases, modalities=MODALITIES)
    assert all(not case.findings for case in cases)


def _drawn_head(generator: np.random.Generator) -> NDArray[np.float32]:
    """Tissue indices of a head of a few ellipsoids, which vary little between people."""
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, 40)] * 3, indexing="ij")
    a, b, c = np.array([0.72, 0.85, 0.8]) * (1 + 0.06 * generator.standard_normal(3))
    radius = (x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2
    tissues = np.select([radius < 0.5, radius < 0.72, radius < 0.82, radius < 1], [4, 3, 2, 1], 0)
    for _ in range(9):
        center, size = generator.uniform(-0.45, 0.45, 3), generator.uniform(0.08, 0.2)
        far = (x - center[0]) ** 2 + (y - center[1]) ** 2 + (z - center[2]) ** 2
        tissues[(far < size**2) & (radius < 0.7)] = generator.integers(3, 6)
    return tissues.astype(np.float32)


def test_drawn_heads_of_few_shapes_are_not_taken_for_one_person(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    grid = Grid((40, 40, 40), np.diag([5.0, 5.0, 5.0, 1.0]))
    contrasts = {"FLAIR": (2, 240, 20, 330, 260, 480), "T1w": (2, 420, 15, 280, 400, 90)}
    examined = []
    for number in range(8):
        tissues = _drawn_head(generator).astype(int)
        images = {name: tmp_path / f"p{number}_{name}.nii" for name in MODALITIES}
        for name, path in images.items():
            noise = 1 + 0.02 * generator.standard_normal(tissues.shape)
            write_volume(path, Volume(np.array(contrasts[name])[tissues] * noise, grid))
        split = "test" if number % 2 else "train"
        case = Case(subject=f"p{number}", name=f"p{number}", images=images, split=split)
        examined.append(examine(case, modalities=MODALITIES, step_mm=4.0))
    volumes = [case.coarse("T1w") for case in examined]
    likeness = [align(volumes[0], other).information for other in volumes[1:]]
    assert max(likeness) > ONE_PERSON_INFORMATION
    report_leaks(examined, modalities=MODALITIES)
    assert all(not case.findings for case in examined)


def test_a_suspicious_pair_is_compared_with_a_fixed_number_of_people_and_that_is_said(
    cohort_folder: Path,
) -> None:
    cases = read_cohort(cohort_folder, modalities=MODALITIES)
    mixed = replace(cases[0], images={**cases[0].images, "T1w": cases[1].images["T1w"]})
    suspect, *others = [
        examine(case, modalities=MODALITIES, step_mm=4.0) for case in (mixed, *cases[2:])
    ]
    report_wrong_people([suspect, *others], source="FLAIR", target="T1w", seed=0, max_compared=3)
    assert "; 3 of 4 other cases compared" in suspect.findings[-1].problem


def test_people_who_look_alike_in_a_single_modality_are_a_warning(cohort_folder: Path) -> None:
    cases = read_cohort(cohort_folder, modalities=("T1w",))[:2]
    again = replace(cases[0], subject="x", name="x", split="test")
    examined = [examine(case, modalities=("T1w",), step_mm=4.0) for case in (*cases, again)]
    examined[2].voxels_sha256["T1w"] = "as if it were another scan of the same head"
    report_leaks(examined, modalities=("T1w",))
    (finding,) = (finding for case in examined for finding in case.findings)
    assert (finding.case, finding.severity) == (cases[0].name, "warning")
