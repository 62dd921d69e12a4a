"""crossvox check."""

from pathlib import Path

import pytest

from crossvox.cli.check import check
from crossvox.errors import CohortError
from crossvox.files import NOTICE, read_volume, write_volume


def test_a_sound_cohort_is_shown_and_nothing_is_wrong(
    cohort_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check(cohort_folder, modalities="FLAIR,T1w")
    shown = capsys.readouterr().out
    assert "32x32x32 voxels of" in shown
    assert "6 cases of 6 people: nothing is wrong" in shown
    assert "T2w" not in shown


def test_modalities_are_those_that_every_case_has(
    cohort_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (*cohort_folder.glob("sub-01/**/*.nii.gz"), *cohort_folder.glob("sub-02/**/*.gz")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    check(tmp_path)
    shown = capsys.readouterr().out
    assert "2 cases of 2 people" in shown
    assert all(modality in shown for modality in ("FLAIR", "T1w", "T2w"))


def test_errors_are_listed_and_counted_in_the_refusal(
    cohort_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # a short path: no line is broken
    source = next(cohort_folder.rglob("sub-01*_FLAIR.nii.gz"))
    (tmp_path / "[b].nii.gz").write_bytes(source.read_bytes()[:-9])
    rows = f"subject,FLAIR,T1w\np1,{source},[b].nii.gz\n"
    Path("cohort.csv").write_text(rows)
    with pytest.raises(CohortError, match=r"cohort\.csv: 1 error, 0 warnings; fix"):
        check(Path("cohort.csv"))
    shown = capsys.readouterr().out
    assert "unreadable" in shown
    assert "gzip stream" in shown
    assert "[b].nii.gz" in shown


def test_cases_that_share_no_modality_are_refused(tmp_path: Path, cohort_folder: Path) -> None:
    volume = read_volume(next(cohort_folder.rglob("*_T1w.nii.gz")))
    write_volume(tmp_path / "p1_FLAIR.nii.gz", volume)
    write_volume(tmp_path / "p2_T1w.nii.gz", volume)
    with pytest.raises(CohortError, match="no modality is in every case"):
        check(tmp_path)


def test_cases_left_out_are_listed_and_counted_in_the_last_line(
    cohort_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in cohort_folder.glob("sub-0[123]/anat/*_FLAIR.nii.gz"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    target = next(cohort_folder.glob("sub-01/anat/*_T1w.nii.gz"))
    (tmp_path / target.name).write_bytes(target.read_bytes())
    check(tmp_path, modalities="FLAIR, T1w")
    shown = capsys.readouterr().out
    assert "Cases left out" in shown
    last = "2 of 3 cases are left out: sub-02 lacks T1w; sub-03 lacks T1w"
    assert shown.splitlines()[-1] == last
    check(tmp_path)
    last = (
        "T1w is not checked, because only 1 of 3 cases have it; use --modalities FLAIR,T1w to check"
        " those"
    )
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_a_synthesized_volume_is_checked_only_where_asked_for(
    cohort_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in cohort_folder.glob("sub-0[12]/anat/*_FLAIR.nii.gz"):
        notice = NOTICE if path.name.startswith("sub-02") else ""
        write_volume(tmp_path / path.name, read_volume(path), description=notice)
    check(tmp_path, modalities="FLAIR")
    assert "sub-02 has only a synthesized FLAIR" in capsys.readouterr().out
    check(tmp_path, modalities="FLAIR", allow_synthetic=True)
    assert "2 cases of 2 people: nothing is wrong" in capsys.readouterr().out
