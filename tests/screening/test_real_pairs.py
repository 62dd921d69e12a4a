"""The check reproduces known faults of real pairs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crossvox.cohort import read_cohort
from crossvox.screening import check_cohort

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
MODALITIES = ("FLAIR", "T1w")

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="shared/data is not on this machine")


def _manifest(folder: Path) -> Path:
    rows = ["subject,session,FLAIR,T1w"]
    for subject, session in (("sub-03", "2"), ("sub-12", "1")):
        stem = DATA.resolve() / "unregistered" / f"{subject}_ses-{session}"
        rows.append(f"{subject},{session},{stem}_FLAIR.nii.gz,{stem}_T1w.nii.gz")
    (folder / "cohort.csv").write_text("\n".join(rows))
    return folder / "cohort.csv"


def _known_shift_mm(name: str, center: np.ndarray) -> np.ndarray:
    """Displacement in mm (RAS+) of `center` under the ITK transform."""
    text = (DATA / "unregistered" / f"{name}_from-T1w_to-FLAIR_itk.txt").read_text()
    numbers = {
        line.split(":")[0]: np.array(line.split(":")[1].split(), dtype=np.float64)
        for line in text.splitlines()
        if line.startswith(("Parameters", "FixedParameters"))
    }
    matrix, translation = numbers["Parameters"][:9].reshape(3, 3), numbers["Parameters"][9:]
    to_lps = np.array([-1, -1, 1])
    arm = center * to_lps - numbers["FixedParameters"]
    return np.asarray((matrix @ arm - arm + translation) * to_lps)


def test_pairs_as_scanned_are_found_shifted_by_what_their_registration_says(
    tmp_path: Path,
) -> None:
    cases = read_cohort(_manifest(tmp_path), modalities=MODALITIES)
    found = check_cohort(cases, modalities=MODALITIES)
    for row in found.rows:
        grid = row.grids["FLAIR"]
        known = _known_shift_mm(row.name, grid.corners_mm().mean(axis=0))
        np.testing.assert_allclose(row.pairs[0].shift_mm, known, atol=1.5)
    severities = {finding.case: finding.severity for finding in found.findings}
    assert severities == {"sub-03_ses-2": "error", "sub-12_ses-1": "warning"}


def test_aligned_native_pairs_show_only_the_field_of_view_that_is_known_to_be_cut() -> None:
    cases = read_cohort(DATA / "flair_t1_native", modalities=MODALITIES)
    found = check_cohort(cases, modalities=MODALITIES)
    (finding,) = found.findings
    assert (finding.case, finding.severity) == ("sub-01_ses-1", "warning")
    assert "does not cover 9% of the head" in finding.problem
    assert max(row.pairs[0].distance_mm for row in found.rows) < 1


def test_exchanged_native_targets_of_two_people_are_found() -> None:
    cases = list(read_cohort(DATA / "flair_t1_native", modalities=MODALITIES)[:4])
    first, third = cases[0], cases[2]
    targets = first.images["T1w"], third.images["T1w"]
    images = ({**first.images, "T1w": targets[1]}, {**third.images, "T1w": targets[0]})
    cases[0] = type(first)(subject="sub-01", name=first.name, images=images[0])
    cases[2] = type(third)(subject="sub-03", name=third.name, images=images[1])
    found = check_cohort(cases, modalities=MODALITIES)
    mixed = {finding.case for finding in found.findings if "another person" in finding.problem}
    assert mixed == {first.name, third.name}


@pytest.mark.slow
def test_no_error_is_found_in_the_aligned_pairs_at_2_mm() -> None:
    cases = read_cohort(DATA / "flair_t1_2mm", modalities=MODALITIES)
    found = check_cohort(cases, modalities=MODALITIES)
    assert found.error_count == 0
    assert len(found.rows) == 21
    assert found.findings == ()
    assert max(row.pairs[0].distance_mm for row in found.rows) < 1


@pytest.mark.slow
@pytest.mark.parametrize("person", ["sub-n09", "sub-n15"])
def test_twin_scans_of_one_person_under_two_names_in_two_splits_are_an_error(person: str) -> None:
    cases = [
        replace(case, subject="sub-x", split="test" if case.split != "test" else "train")
        if case.name == f"{person}_ses-2"
        else case
        for case in read_cohort(DATA / "flair_t1_2mm", modalities=MODALITIES)
    ]
    (finding,) = check_cohort(cases, modalities=MODALITIES).findings
    assert (finding.case, finding.severity) == (f"{person}_ses-1", "error")
    assert f"seems to show the same person as {person}_ses-2" in finding.problem
