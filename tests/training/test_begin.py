"""What is settled before the first step, and stays so."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.acceleration.compute import Compute
from crossvox.cohort import Case, read_cohort
from crossvox.errors import CohortError, ModelError, SettingsError
from crossvox.training.begin import RunSetup, begin
from crossvox.training.experiment import Experiment, read_experiment

Tiny = Callable[..., Experiment]
CPU = Compute(device="cpu", bf16=False)


@pytest.fixture
def cases(cohort_folder: Path) -> tuple[Case, ...]:
    return read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))


@pytest.fixture
def unsplit(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    return tuple(replace(case, split=None) for case in cases)


def begun(cases: Sequence[Case], out: Path, experiment: Experiment) -> RunSetup:
    return begin(cases, out, experiment, compute=CPU)


def splits_of(cases: Sequence[Case]) -> dict[str, str | None]:
    return {case.name: case.split for case in cases}


def test_a_drawn_split_stands_although_the_data_say_none(
    unsplit: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    first = begun(unsplit, tmp_path, tiny())
    assert set(splits_of(first.cases).values()) == {"train", "validation", "test"}
    record = json.loads((tmp_path / "cohort.json").read_text())
    other = {"train": "test", "test": "train"}
    for member in record["cases"].values():  # as if drawn otherwise by an earlier version
        member["split"] = other.get(member["split"], member["split"])
    (tmp_path / "cohort.json").write_text(json.dumps(record))
    again = begun(unsplit, tmp_path, tiny())
    drawn = {name: other.get(split or "", split) for name, split in splits_of(first.cases).items()}
    assert splits_of(again.cases) == drawn


def test_shares_are_planned_only_where_the_data_give_no_splits(
    cases: tuple[Case, ...], unsplit: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    begun(unsplit, tmp_path / "drawn", tiny())
    begun(cases, tmp_path / "given", tiny())
    drawn, given = (
        read_experiment(tmp_path / name / "experiment.toml").cohort for name in ("drawn", "given")
    )
    assert drawn.fractions == (0.7, 0.15, 0.15)
    assert given.fractions is None


def test_shares_beside_splits_of_the_data_are_refused_before_anything_is_written(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=r"cohort\.fractions is"):
        begun(cases, tmp_path / "run", tiny("cohort.fractions=[0.5,0.25,0.25]"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("split", ["train", None])
def test_one_person_alone_is_refused(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, split: str | None
) -> None:
    with pytest.raises(CohortError, match="sub-01 is the only person"):
        begun([replace(cases[0], split=split)], tmp_path / "run", tiny())
    assert not (tmp_path / "run").exists()


def test_people_who_come_or_go_are_refused_by_name(
    unsplit: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    begun(unsplit[:5], tmp_path, tiny())
    before = (tmp_path / "experiment.toml").read_bytes()
    with pytest.raises(CohortError, match=r"sub-02 is missing, sub-06 is new"):
        begun([unsplit[0], *unsplit[2:]], tmp_path, tiny())
    assert (tmp_path / "experiment.toml").read_bytes() == before


def test_other_settings_are_named_before_other_people(
    cohort_folder: Path, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    begun(cases, tmp_path, tiny())
    others = read_cohort(cohort_folder, modalities=("T2w", "T1w"))
    with pytest.raises(SettingsError, match=r"cohort\.source is \('FLAIR',\) there"):
        begun(others, tmp_path, tiny("cohort.source=T2w"))


def test_another_depth_is_named_although_the_patches_of_the_run_do_not_fit_it(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    begun(cases, tmp_path, tiny())
    with pytest.raises(SettingsError, match=r"method\.depth is 2 there, 4 requested"):
        begun(cases, tmp_path, tiny("method.depth=4"))


def test_scales_are_fitted_once_and_stand_when_what_was_prepared_is_deleted(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    first = begun(cases, tmp_path, tiny("preparation.target_scale=cohort"))
    path = tmp_path / "preparation.json"
    fitted = json.loads(path.read_text())
    low, high = fitted["target_scale"]["limits"]
    fitted["target_scale"]["limits"] = [low, high + 1]  # as if fitted by an earlier version
    path.write_text(json.dumps(fitted))
    shutil.rmtree(tmp_path / "prepared")
    again = begun(cases, tmp_path, tiny("preparation.target_scale=cohort"))
    assert first.preparation.target_scale.limits == (low, high)
    assert again.preparation.target_scale.limits == (low, high + 1)


def test_a_damaged_preparation_is_refused_in_a_line(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    begun(cases, tmp_path, tiny())
    (tmp_path / "preparation.json").write_text("{")
    with pytest.raises(ModelError, match=r"preparation\.json is damaged"):
        begun(cases, tmp_path, tiny())


def test_a_run_of_an_earlier_version_without_its_people_is_refused(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    begun(cases, tmp_path, tiny())
    (tmp_path / "cohort.json").unlink()
    with pytest.raises(ModelError, match="finish it with that version"):
        begun(cases, tmp_path, tiny())


def test_the_same_people_in_a_moved_folder_go_on(
    cohort_folder: Path, cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path
) -> None:
    first = begun(cases, tmp_path / "run", tiny())
    moved = Path(shutil.copytree(cohort_folder, tmp_path / "moved"))
    again = begun(read_cohort(moved, modalities=("FLAIR", "T1w")), tmp_path / "run", tiny())
    assert splits_of(again.cases) == splits_of(first.cases)
    assert again.preparation == first.preparation
