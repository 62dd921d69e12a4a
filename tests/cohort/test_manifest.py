"""Reading cohorts from CSV, TSV and JSON tables."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.cohort import read_cohort, survey_cohort
from crossvox.errors import CohortError, FileError

Place = Callable[..., Path]


def _table(place: Place, text: str, name: str = "cohort.csv") -> Path:
    folder = place("a/f.nii.gz", "a/t.nii.gz", "m.nii.gz")
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_row_is_a_case_with_paths_relative_to_the_table(place: Place) -> None:
    path = _table(
        place,
        "subject,session,FLAIR,T1w,mask,split\np1,2,a/f.nii.gz,a/t.nii.gz,m.nii.gz,val\n",
    )
    (case,) = read_cohort(path)
    assert (case.subject, case.name, case.split) == ("p1", "p1_ses-2", "validation")
    assert case.images == {"FLAIR": path.parent / "a/f.nii.gz", "T1w": path.parent / "a/t.nii.gz"}
    assert case.mask == path.parent / "m.nii.gz"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cohort.csv", "\ufeffsubject;FLAIR\np1;a/f.nii.gz\n"),
        ("cohort.tsv", "subject\tFLAIR\np1\ta/f.nii.gz\n"),
        ("cohort.json", json.dumps([{"subject": "p1", "FLAIR": "a/f.nii.gz", "mask": None}])),
    ],
)
def test_spreadsheet_and_json_tables_say_the_same(place: Place, name: str, text: str) -> None:
    (case,) = read_cohort(_table(place, text, name))
    assert (case.name, case.mask, case.split) == ("p1", None, None)
    assert list(case.images) == ["FLAIR"]


def test_rows_that_lack_a_wanted_modality_are_left_out(place: Place) -> None:
    path = _table(place, "subject,FLAIR,T1w\np1,a/f.nii.gz,\np2,a/f.nii.gz,a/t.nii.gz\n")
    reading = survey_cohort(path, modalities=("FLAIR", "T1w"))
    assert [case.name for case in reading.cases] == ["p2"]
    assert reading.left_out == {"p1": "lacks T1w"}


def test_columns_in_small_letters_are_found_as_they_are_and_by_their_meaning(
    place: Place,
) -> None:
    path = _table(place, "subject,mr,ct\np1,a/f.nii.gz,a/t.nii.gz\n")
    assert survey_cohort(path, modalities=("mr", "ct")).notes == ()
    reading = survey_cohort(path, modalities=("mr", "CT"))
    assert reading.modalities == ("mr", "ct")
    assert list(reading.cases[0].images) == ["mr", "ct"]
    assert reading.notes == ("no modality CT here; using ct",)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.csv", "", "empty"),
        ("c.csv", "subject,FLAIR\n,a/f.nii.gz\n", "row 1: has no subject"),
        ("c.csv", "subject,FLAIR\np1,a/x.nii.gz\n", "row 1: there is no file"),
        ("c.csv", "subject,FLAIR\n../p,a/f.nii.gz\n", "cannot be used in file names"),
        ("c.csv", "subject,FLAIR,split\np1,a/f.nii.gz,maybe\n", "unknown split 'maybe'"),
        ("c.csv", "subject,FLAIR\np1,a/f.nii.gz\np1,a/t.nii.gz\n", "2 cases are named p1"),
        ("c.csv", "subject,FLAIR\n", "holds no volumes"),
        ("c.json", "{", "not JSON"),
        ("c.json", '{"subject": "p1"}', "must be a list of objects"),
    ],
)
def test_a_table_that_cannot_be_followed_is_refused(
    place: Place, name: str, text: str, message: str
) -> None:
    with pytest.raises(CohortError, match=message):
        read_cohort(_table(place, text, name))


def test_a_table_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(b"subject,FLAIR\np\xff,a\n")
    with pytest.raises(FileError, match=r"c\.csv is not a UTF-8 CSV file"):
        read_cohort(tmp_path / "c.csv")


@pytest.mark.parametrize("session", ["2", "ses-2"])
def test_a_session_may_carry_its_prefix(place: Place, session: str) -> None:
    path = _table(place, f"subject,session,FLAIR\np1,{session},a/f.nii.gz\n")
    assert read_cohort(path)[0].name == "p1_ses-2"


def test_session_zero_is_a_session(place: Place) -> None:
    text = json.dumps([{"subject": "p1", "session": 0, "FLAIR": "a/f.nii.gz"}])
    assert read_cohort(_table(place, text, "cohort.json"))[0].name == "p1_ses-0"


def test_short_and_long_rows_are_read_as_far_as_the_header_goes(place: Place) -> None:
    path = _table(place, "subject,FLAIR,T1w\np1,a/f.nii.gz\np2,a/f.nii.gz,a/t.nii.gz,more\n")
    one, two = read_cohort(path)
    assert list(one.images) == ["FLAIR"]
    assert list(two.images) == ["FLAIR", "T1w"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("../p1,a/f.nii.gz,,", "row 1: '../p1'"),
        ("p1,a/f.nii.gz,none.nii,", "row 1: there is no file .*none.nii"),
        ("p1,a/f.nii.gz,,some", "row 1: unknown split 'some'"),
    ],
)
def test_a_fault_is_named_with_its_row(place: Place, row: str, told: str) -> None:
    with pytest.raises(CohortError, match=f"cohort.csv, {told}"):
        read_cohort(_table(place, f"subject,FLAIR,mask,split\n{row}\n"))


def test_a_cell_beyond_what_csv_reads_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cohort.csv").write_text("subject,FLAIR\n" + "a" * 200_000 + ",f.nii.gz\n")
    with pytest.raises(FileError, match=r"cohort\.csv is not a UTF-8 CSV file \(field larger"):
        read_cohort(tmp_path / "cohort.csv")
