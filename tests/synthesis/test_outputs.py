"""What stands where a synthesized volume is to go."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.acceleration.compute import Compute
from crossvox.cohort import Case
from crossvox.errors import CohortError, SettingsError
from crossvox.files import NOTICE, ReadOptions, read_volume, sidecar_of, write_volume
from crossvox.synthesis.outputs import Outputs, Overwrite, refuse_other_format
from crossvox.synthesis.predict import find_cases, predict
from crossvox.synthesis.store import Description, load_synthesizer, read_description
from crossvox.training.train import Trained

EXACT = Compute(device="cpu", bf16=False)
Planned = Callable[..., Outputs]


@pytest.fixture
def description(trained: Trained) -> Description:
    return read_description(trained.folder)


@pytest.fixture
def case(cohort_folder: Path, tmp_path: Path, description: Description) -> Case:
    """A person whose FLAIR may be changed."""
    flair = tmp_path / "anna_FLAIR.nii.gz"
    shutil.copy(cohort_folder / "sub-01/anat/sub-01_FLAIR.nii.gz", flair)
    (case,) = find_cases(flair, description)
    return case


@pytest.fixture
def outputs(description: Description, tmp_path: Path) -> Planned:
    """The output `out/made.nii.gz`."""

    def planned(overwrite: Overwrite = "never", *, to: str = "made.nii.gz") -> Outputs:
        folder = tmp_path / "out"
        return Outputs(
            folder=folder,
            paths={"anna": folder / to},
            description=description,
            compute=EXACT,
            overwrite=overwrite,
        )

    return planned


@pytest.fixture
def made(trained: Trained, case: Case, description: Description, outputs: Planned) -> Path:
    """The volume synthesized of `case`."""
    path = outputs().paths["anna"]
    predict(load_synthesizer(trained.folder, compute=EXACT), description, [case], path)
    return path


def test_nothing_there_is_to_be_made(case: Case, outputs: Planned) -> None:
    assert outputs().plan([case]).todo == (case,)


def test_what_would_be_made_alike_is_kept(case: Case, outputs: Planned, made: Path) -> None:
    assert made.exists()
    for overwrite in ("never", "stale"):
        assert outputs(overwrite).plan([case]).kept == (case,)
    assert outputs("always").plan([case]).todo == (case,)


@pytest.mark.parametrize("age", [-1_000_000, 1_000_000])
def test_a_source_with_other_bytes_is_noticed_be_it_older_or_younger(
    case: Case, outputs: Planned, made: Path, cohort_folder: Path, age: int
) -> None:
    source = case.images["FLAIR"]
    shutil.copy(cohort_folder / "sub-02/anat/sub-02_FLAIR.nii.gz", source)
    os.utime(source, (made.stat().st_mtime + age,) * 2)
    plan = outputs().plan([case])
    assert plan.todo == (case,)
    assert plan.remarks == ("1 synthesized again because their sources have changed",)


def test_a_source_that_was_only_touched_is_the_same(
    case: Case, outputs: Planned, made: Path
) -> None:
    os.utime(case.images["FLAIR"], (made.stat().st_mtime + 100,) * 2)
    assert outputs().plan([case]).kept == (case,)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"ModelSHA256": "0123456789"}, "made by another model .* 01234567, this is gan3d"),
        ({"Model": "ddpm3d"}, "made by another model"),
        ({"ModelSettings": {}}, "made with other settings"),
        ({"Version": "0.0.1"}, "Version 0.0.1, now"),
        ({"SourceVolume": 1}, "SourceVolume 1, now None"),
        ({"Sources": ["bert_FLAIR.nii.gz"]}, "made from bert_FLAIR"),
    ],
)
def test_what_was_made_otherwise_is_refused_by_name_and_made_again_where_stale_is(
    case: Case, outputs: Planned, made: Path, change: dict[str, object], told: str
) -> None:
    sidecar = sidecar_of(made)
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), **change}))
    with pytest.raises(CohortError, match=rf"made\.nii\.gz was .*{told}.*--overwrite replaces"):
        outputs().plan([case])
    assert outputs("stale").plan([case]).todo == (case,)


def test_another_volume_of_a_file_is_another_source(
    case: Case, outputs: Planned, made: Path
) -> None:
    other = replace(outputs(), reading=ReadOptions(volume_index=0))
    with pytest.raises(CohortError, match="SourceVolume None, now 0"):
        other.plan([case])
    assert made.exists()


def test_a_volume_of_another_precision_is_kept_and_said(
    case: Case, outputs: Planned, made: Path
) -> None:
    assert made.exists()
    mixed = replace(outputs(), compute=Compute(device="cpu", bf16=True))
    plan = mixed.plan([case])
    assert plan.kept == (case,)
    assert plan.remarks == ("1 kept although synthesized in 32-true on cpu",)
    assert replace(mixed, overwrite="stale").plan([case]).todo == (case,)


def test_a_volume_whose_sidecar_is_lost_is_of_an_unknown_model(
    case: Case, outputs: Planned, made: Path
) -> None:
    sidecar_of(made).unlink()
    with pytest.raises(CohortError, match="unknown model: its sidecar is missing"):
        outputs().plan([case])


@pytest.mark.parametrize("overwrite", ["never", "stale"])
@pytest.mark.parametrize("name", ["made.nii.gz", "made.json"])
def test_a_file_that_we_did_not_write_is_refused_by_name(
    case: Case, outputs: Planned, overwrite: Overwrite, name: str
) -> None:
    planned = outputs(overwrite)
    planned.folder.mkdir()
    (planned.folder / name).write_bytes(b'{"EchoTime": 0.003}')
    with pytest.raises(CohortError, match=rf"{name} was not written by crossvox: --overwrite"):
        planned.plan([case])
    assert replace(planned, overwrite="always").plan([case]).todo == (case,)


def test_a_volume_that_took_the_place_of_ours_is_not_ours_by_the_sidecar_left_beside_it(
    case: Case, outputs: Planned, made: Path, cohort_folder: Path
) -> None:
    shutil.copy(cohort_folder / "sub-01/anat/sub-01_T1w.nii.gz", made)
    with pytest.raises(CohortError, match="was not written by crossvox"):
        outputs().plan([case])


def test_a_sidecar_of_ours_whose_volume_is_gone_is_replaced(
    case: Case, outputs: Planned, made: Path
) -> None:
    made.unlink()
    assert outputs().plan([case]).todo == (case,)


@pytest.mark.parametrize("overwrite", ["never", "stale", "always"])
@pytest.mark.parametrize("name", ["made.nii.gz", "made.json"])
@pytest.mark.parametrize("kind", ["link", "dangling", "folder"])
def test_a_link_or_a_folder_is_refused_in_any_case(
    case: Case, outputs: Planned, tmp_path: Path, overwrite: Overwrite, name: str, kind: str
) -> None:
    planned = outputs(overwrite)
    planned.folder.mkdir()
    place, elsewhere = planned.folder / name, tmp_path / "big.nii.gz"
    if kind == "link":
        elsewhere.write_bytes(b"precious")
    place.mkdir() if kind == "folder" else place.symlink_to(elsewhere)
    told = "is a folder" if kind == "folder" else f"is a link to {elsewhere}"
    with pytest.raises(CohortError, match=f"{name} {told}"):
        planned.plan([case])


def test_a_volume_with_the_same_stem_would_share_the_sidecar(case: Case, outputs: Planned) -> None:
    planned = outputs("always")
    planned.folder.mkdir()
    (planned.folder / "made.nii").write_bytes(b"a real volume")
    with pytest.raises(CohortError, match=r"share a sidecar with made\.nii:"):
        planned.plan([case])


@pytest.mark.parametrize(
    ("to", "told"),
    [("../made.nii.gz", "lies outside"), ("s" * 256 + ".nii.gz", "name is too long")],
)
def test_a_place_outside_the_folder_or_too_long_a_name_is_refused(
    case: Case, outputs: Planned, to: str, told: str
) -> None:
    with pytest.raises(CohortError, match=told):
        outputs(to=to).plan([case])


def test_a_link_out_of_the_folder_is_no_way_out(
    case: Case, outputs: Planned, tmp_path: Path
) -> None:
    planned = outputs("always", to="sub-01/made.nii.gz")
    planned.folder.mkdir()
    (tmp_path / "victim").mkdir()
    (planned.folder / "sub-01").symlink_to(tmp_path / "victim")
    with pytest.raises(CohortError, match="lies outside"):
        planned.plan([case])


def test_a_file_in_place_of_the_folder_is_refused(case: Case, outputs: Planned) -> None:
    planned = outputs()
    planned.folder.write_text("a file")
    with pytest.raises(CohortError, match=r"out is not a folder: choose another folder"):
        planned.plan([case])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_refused(case: Case, outputs: Planned) -> None:
    planned = outputs()
    planned.folder.mkdir(mode=0o555)
    with pytest.raises(CohortError, match="you may not write"):
        planned.plan([case])


def test_all_conflicts_are_found_at_once_and_the_first_are_named(
    case: Case, outputs: Planned
) -> None:
    cases = [replace(case, name=f"p{number}") for number in range(7)]
    folder = outputs().folder
    planned = replace(outputs(), paths={one.name: folder / f"{one.name}.nii" for one in cases})
    folder.mkdir()
    for path in planned.paths.values():
        path.write_bytes(b"theirs")
    with pytest.raises(CohortError, match=r"p0\.nii was .*p4\.nii was .*; and 2 more: "):
        planned.plan(cases)


def test_a_volume_marked_in_its_sidecar_alone_is_ours_where_a_run_makes_its_own_again(
    case: Case, outputs: Planned, made: Path
) -> None:
    write_volume(made, read_volume(made))  # as it was before headers carried the notice
    assert NOTICE.encode() in sidecar_of(made).read_bytes()
    assert outputs("stale").plan([case]).kept == (case,)
    with pytest.raises(CohortError, match="was not written by crossvox"):
        outputs().plan([case])


@pytest.mark.parametrize(
    "name",
    ["t1.nrrd", "t1.mha", "t1.img", "t1.mgz", "t1.nii.bz2", "t1.dcm", "t1.hdr", "t1.npy", "T1.ZIP",
     "t1.mgh", "t1.nii.zip", "t1.json", ".nii.gz"],
)  # fmt: skip
def test_a_name_of_another_format_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"written as \.nii\.gz or \.nii; give such a name"):
        refuse_other_format(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["t1.nii.gz", "T1.NII", "out", "results_2026.11", "v1.2"])
def test_a_volume_or_a_folder_is_a_name(tmp_path: Path, name: str) -> None:
    refuse_other_format(tmp_path / name)


def test_a_folder_that_is_there_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "scan.dcm").mkdir()
    refuse_other_format(tmp_path / "scan.dcm")
