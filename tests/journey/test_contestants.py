"""Runs and folders of volumes as contestants."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.comparison import Costs
from crossvox.errors import CohortError, SettingsError
from crossvox.files import sidecar_of
from crossvox.journey.contestants import (
    ContestSettings,
    entries_of,
    unique_names,
)
from crossvox.scoring import Admission


def test_names_are_those_of_the_folders_made_unique() -> None:
    given = ["runs/gan", "a/run", "b/run", "x/c/run", "y/c/run"]
    assert unique_names([Path(one) for one in given]) == (
        "gan", "a-run", "b-run", "c-run-1", "c-run-2"
    )  # fmt: skip


def test_a_run_knows_its_pairs_its_method_and_what_training_took(finished: Path) -> None:
    (entry,) = entries_of([finished])
    one = entry.contestant
    assert one.name == "gan"
    assert [pair.name for pair in one.pairs] == ["sub-06"]
    assert one.method.startswith("gan3d: width 4, depth 2")
    assert one.costs.training_steps == 6
    # 6 steps of two patches of 16 voxels a side, from 4 people of 32 voxels a side
    assert one.costs.training_epochs == pytest.approx(6 * 2 * (16 / 32) ** 3 / 4)
    assert one.costs.parameters


def test_a_folder_of_volumes_needs_references_and_costs_what_its_sidecars_say(
    finished: Path, cohort_folder: Path, tmp_path: Path
) -> None:
    folder = finished / "evaluation/synthesized"
    with pytest.raises(CohortError, match="--reference DATA"):
        entries_of([folder])
    settings = ContestSettings(reference=cohort_folder, source_modality="FLAIR")
    (entry,) = entries_of([folder], settings=settings)
    one = entry.contestant
    assert [pair.name for pair in one.pairs] == ["sub-06"]
    assert one.costs.seconds
    assert one.costs.training_steps is None
    anybodys = tmp_path / "theirs/sub-06_T1w.nii.gz"
    anybodys.parent.mkdir()
    anybodys.write_bytes((cohort_folder / "sub-06/anat/sub-06_T1w.nii.gz").read_bytes())
    (entry,) = entries_of([anybodys.parent], settings=settings)
    two = entry.contestant
    assert two.costs == Costs()


def test_a_run_that_is_not_evaluated_is_told_to_be_finished(other: Path) -> None:
    (other / "evaluation/pairs.csv").unlink()
    with pytest.raises(CohortError, match="crossvox train DATA"):
        entries_of([other])


def test_a_run_that_learned_on_since_its_volumes_were_made_is_refused(other: Path) -> None:
    said = other / "synthesizer/synthesizer.json"
    said.write_text(json.dumps({**json.loads(said.read_text()), "sha256": "0" * 64}))
    with pytest.raises(CohortError, match="has new weights since"):
        entries_of([other])


def test_there_is_a_name_for_each(finished: Path) -> None:
    with pytest.raises(SettingsError, match="2 names for 1"):
        entries_of([finished], settings=ContestSettings(names=("a", "b")))


def test_what_could_not_be_scored_and_who_chose_the_weights_is_told(other: Path) -> None:
    numbers = other / "evaluation/comparison.json"
    failed = [{"name": "sub-09", "reason": "cut short"}]
    numbers.write_text(json.dumps({**json.loads(numbers.read_text()), "failed": failed}))
    said = other / "synthesizer/synthesizer.json"
    description = json.loads(said.read_text())
    said.write_text(json.dumps({**description, "cohort": {"validation": ["sub-06"]}}))
    (entry,) = entries_of([other])
    one = entry.contestant
    assert [failure.name for failure in one.failures] == ["sub-09"]
    assert one.cautions == ("other was scored on people that its weights were chosen on: sub-06.",)


def test_people_of_a_folder_that_its_model_knows_are_left_out_unless_asked_for(
    other: Path, cohort_folder: Path
) -> None:
    folder = other / "evaluation/synthesized"
    (volume,) = folder.rglob("*.nii.gz")
    sidecar = sidecar_of(volume)
    said = {**json.loads(sidecar.read_text()), "SubjectInModel": "train"}
    sidecar.write_text(json.dumps(said))
    settings = ContestSettings(reference=cohort_folder, source_modality="FLAIR")
    with pytest.raises(CohortError, match="--include-trained"):
        entries_of([folder], settings=settings)
    asked = replace(settings, admission=Admission(include_trained=True))
    (entry,) = entries_of([folder], settings=asked)
    one = entry.contestant
    assert [pair.name for pair in one.pairs] == ["sub-06"]
