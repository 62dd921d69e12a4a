"""Parsing file names and spellings of modalities."""

from pathlib import Path

import pytest

from crossvox.cohort.names import (
    canonical_modality,
    nearest_spelling,
    parse_name,
    safe_name,
    spelling_among,
)
from crossvox.errors import CohortError


def test_a_bids_name_is_taken_apart() -> None:
    name = parse_name(Path("sub-01_ses-2_acq-a-b_T1w.nii.gz"))
    assert dict(name.entities) == {"sub": "01", "ses": "2", "acq": "a-b"}
    assert (name.suffix, name.rest, name.person) == ("T1w", "sub-01_ses-2_acq-a-b", "sub-01")


def test_a_name_without_subject_is_a_person_by_what_precedes_the_modality() -> None:
    name = parse_name(Path("p01_left_FLAIR.nii"))
    assert (name.suffix, name.person) == ("FLAIR", "p01_left")


def test_a_name_of_one_part_has_no_suffix() -> None:
    assert parse_name(Path("p01.nii.gz")).suffix == ""


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b", "-o", "a\0b"])
def test_names_that_could_leave_the_output_folder_are_refused(name: str) -> None:
    with pytest.raises(CohortError, match="cannot be used in file names"):
        safe_name(name, origin="row 1")


@pytest.mark.parametrize("name", ["sub-01_ses-2", "Jürgen", "p01.a+b"])
def test_ordinary_names_are_kept(name: str) -> None:
    assert safe_name(name, origin="row 1") == name


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [
        ("ct", "CT"),
        ("sCT", "CT"),
        ("cbct", "CBCT"),
        (" flair ", "FLAIR"),
        ("t1", "T1w"),
        ("x", "x"),
    ],
)
def test_a_modality_has_one_spelling(spelled: str, meant: str) -> None:
    assert canonical_modality(spelled) == meant


@pytest.mark.parametrize(
    ("held", "name", "expected"),
    [
        (("FLAIR", "T1w"), "flair", "FLAIR"),
        (("ct", "mr"), "CT", "ct"),
        (("T1w", "t1"), "t1", "t1"),
        (("T1w", "t1"), "T1", None),
        (("FLAIR",), "T1w", None),
    ],
)
def test_a_modality_is_found_by_its_meaning_unless_two_fit(
    held: tuple[str, ...], name: str, expected: str | None
) -> None:
    assert spelling_among(held, name) == expected


def test_the_nearest_spelling_is_found_whatever_the_letters_case() -> None:
    assert nearest_spelling(("FLAIR", "T1w"), "fliar") == "FLAIR"
    assert nearest_spelling(("FLAIR", "T1w"), "bold") is None
