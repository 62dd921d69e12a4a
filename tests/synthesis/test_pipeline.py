"""Cases that pass three stages at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crossvox.cohort import Case, read_cohort
from crossvox.errors import FileError
from crossvox.files import ReadOptions, read_sidecar, read_volume
from crossvox.synthesis.compute import Compute
from crossvox.synthesis.pipeline import Outcome, Pipeline
from crossvox.synthesis.store import load_synthesizer, read_description
from crossvox.training.train import Trained


@pytest.fixture(scope="module")
def pipeline(trained: Trained) -> Pipeline:
    return Pipeline(
        synthesizer=load_synthesizer(trained.folder, compute=Compute(device="cpu", bf16=False)),
        description=read_description(trained.folder),
        options=ReadOptions(),
    )


@pytest.fixture
def cases(cohort_folder: Path) -> tuple[Case, ...]:
    return read_cohort(cohort_folder, modalities=("FLAIR",))


def outcomes(pipeline: Pipeline, cases: tuple[Case, ...], folder: Path) -> Iterator[Outcome]:
    targets = {case.name: folder / f"{case.name}.nii.gz" for case in cases}
    return pipeline.outcomes(cases, targets)


def test_cases_come_in_their_order_each_when_its_files_are_there(
    pipeline: Pipeline, cases: tuple[Case, ...], tmp_path: Path
) -> None:
    names = []
    for outcome in outcomes(pipeline, cases, tmp_path):
        assert (tmp_path / f"{outcome.case.name}.nii.gz").is_file()
        assert read_sidecar(tmp_path / f"{outcome.case.name}.nii.gz")["SynthesisSeconds"] > 0
        names.append(outcome.case.name)
    assert names == [case.name for case in cases]


def test_each_case_gets_its_own_volume(
    pipeline: Pipeline, cases: tuple[Case, ...], tmp_path: Path
) -> None:
    list(outcomes(pipeline, cases, tmp_path / "together"))
    for case in cases:
        list(outcomes(pipeline, (case,), tmp_path / "alone"))
        one, other = (
            read_volume(tmp_path / way / f"{case.name}.nii.gz").voxels
            for way in ("together", "alone")
        )
        assert (one == other).all()


def test_a_case_that_fails_stands_between_those_that_do_not(
    pipeline: Pipeline, cases: tuple[Case, ...], tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.nii"
    damaged.write_bytes(b"nothing")
    broken = Case(subject="x", name="x", images={"FLAIR": damaged})
    found = list(outcomes(pipeline, (cases[0], broken, cases[1]), tmp_path))
    assert [outcome.error is None for outcome in found] == [True, False, True]


def test_a_target_that_cannot_be_written_ends_it_all(
    pipeline: Pipeline, cases: tuple[Case, ...], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FileError):
        list(outcomes(pipeline, cases, tmp_path / "file" / "below"))


def test_no_cases_are_no_outcomes(pipeline: Pipeline, tmp_path: Path) -> None:
    assert list(outcomes(pipeline, (), tmp_path)) == []
