"""The people of a run stay the same."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.cohort import Case, read_cohort
from crossvox.errors import CohortError, FileError, ModelError
from crossvox.training.people import (
    People,
    read_people,
    recognized,
    source_hashes,
    write_people,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three people of a few bytes: nothing here looks into a volume."""
    splits = {"sub-01": "train", "sub-02": "validation", "sub-03": "test"}
    for number, name in enumerate(splits):
        folder = tmp_path / "data" / name / "anat"
        folder.mkdir(parents=True)
        for modality in ("FLAIR", "T1w"):
            (folder / f"{name}_{modality}.nii.gz").write_bytes(f"{modality}{number}".encode())
    rows = "".join(f"{name}\t{split}\n" for name, split in splits.items())
    (tmp_path / "data/participants.tsv").write_text(f"participant_id\tsplit\n{rows}")
    return tmp_path / "data"


def cases_of(data: Path) -> tuple[Case, ...]:
    return read_cohort(data, modalities=("FLAIR", "T1w"))


@pytest.fixture
def people(data: Path, tmp_path: Path) -> People:
    return write_people(tmp_path, cases_of(data))


def test_what_is_written_is_read_back(people: People, tmp_path: Path, data: Path) -> None:
    assert read_people(tmp_path) == people
    assert recognized(people, cases_of(data), folder=tmp_path) == cases_of(data)
    flair = people.cases["sub-02"].files["FLAIR"]
    assert flair.sha256 == hashlib.sha256(b"FLAIR1").hexdigest()
    assert flair.size == 6


def test_the_first_split_stands_where_the_data_say_none(
    people: People, tmp_path: Path, data: Path
) -> None:
    (data / "participants.tsv").unlink()
    again = recognized(people, cases_of(data), folder=tmp_path)
    assert [case.split for case in again] == ["train", "validation", "test"]


def replace_file(data: Path) -> None:
    (data / "sub-02/anat/sub-02_T1w.nii.gz").write_bytes(b"other1")


def replace_file_of_older_date(data: Path) -> None:
    path = data / "sub-02/anat/sub-02_T1w.nii.gz"
    path.write_bytes(b"T1w9")
    os.utime(path, (1, 1))


def drop_person(data: Path) -> None:
    shutil.rmtree(data / "sub-02")


def add_person(data: Path) -> None:
    shutil.copytree(data / "sub-02/anat", data / "sub-07/anat")
    for path in (data / "sub-07/anat").iterdir():
        path.rename(path.with_name(path.name.replace("sub-02", "sub-07")))
    with (data / "participants.tsv").open("a") as table:
        table.write("sub-07\ttrain\n")


def exchange_split(data: Path) -> None:
    table = data / "participants.tsv"
    table.write_text(table.read_text().replace("sub-03\ttest", "sub-03\ttrain"))


def exchange_people(data: Path) -> None:
    (data / "sub-01").rename(data / "sub-x")
    (data / "sub-03").rename(data / "sub-01")
    (data / "sub-x").rename(data / "sub-03")
    for folder in ("sub-01", "sub-03"):
        for path in (data / folder / "anat").iterdir():
            path.rename(path.with_name(f"{folder}_{path.name.split('_')[1]}"))


def add_mask(data: Path) -> None:
    (data / "sub-02/anat/sub-02_desc-brain_mask.nii.gz").write_bytes(b"mask")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (replace_file, "sub-02's T1w changed"),
        (replace_file_of_older_date, "sub-02's T1w changed"),
        (drop_person, "sub-02 is missing"),
        (add_person, "sub-07 is new"),
        (exchange_split, "sub-03 was for test and is for train"),
        (exchange_people, "sub-01's FLAIR changed, sub-01's T1w changed, sub-03's FLAIR changed"),
        (add_mask, "sub-02's mask is new"),
    ],
)
def test_a_changed_cohort_is_refused_by_name(
    people: People, data: Path, tmp_path: Path, change: Callable[[Path], None], told: str
) -> None:
    change(data)
    with pytest.raises(CohortError, match=f"was trained on sub-01, .*{told}.*--fresh"):
        recognized(people, cases_of(data), folder=tmp_path)


def test_a_moved_folder_and_a_new_date_are_the_same_content(
    people: People, data: Path, tmp_path: Path
) -> None:
    moved = data.rename(tmp_path / "moved")
    os.utime(moved / "sub-01/anat/sub-01_FLAIR.nii.gz", (1, 1))
    assert recognized(people, cases_of(moved), folder=tmp_path) == cases_of(moved)


def test_many_changes_are_counted(people: People, data: Path, tmp_path: Path) -> None:
    cases = [replace(case, name=f"{case.name}b") for case in cases_of(data)]
    with pytest.raises(CohortError, match=r"sub-02b is new and 1 more; --fresh"):
        recognized(people, cases, folder=tmp_path)


def test_the_hashes_of_those_who_were_learned_from_are_told(people: People) -> None:
    hashes = source_hashes(people, source="FLAIR")
    assert hashes == {
        "train": {"sub-01": [hashlib.sha256(b"FLAIR0").hexdigest()]},
        "validation": {"sub-02": [hashlib.sha256(b"FLAIR1").hexdigest()]},
    }


def test_a_run_that_did_not_write_down_its_people_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no cohort\.json: an earlier version"):
        read_people(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"cases": 3}'])
def test_a_damaged_record_is_refused_in_a_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "cohort.json").write_text(text)
    with pytest.raises(ModelError, match=r"cohort\.json is damaged"):
        read_people(tmp_path)


def test_a_record_of_a_later_layout_is_refused(people: People, tmp_path: Path) -> None:
    record = json.loads((tmp_path / "cohort.json").read_text())
    (tmp_path / "cohort.json").write_text(json.dumps({**record, "format": people.format + 1}))
    with pytest.raises(ModelError, match="has layout 2; this crossvox reads 1"):
        read_people(tmp_path)


def test_a_file_that_is_gone_is_named(people: People, data: Path, tmp_path: Path) -> None:
    cases = cases_of(data)
    (data / "sub-01/anat/sub-01_T1w.nii.gz").unlink()
    with pytest.raises(FileError, match=r"sub-01_T1w\.nii\.gz: cannot be read"):
        recognized(people, cases, folder=tmp_path)
    with pytest.raises(FileError, match=r"sub-01_T1w\.nii\.gz: cannot be read"):
        write_people(tmp_path / "new", cases)
