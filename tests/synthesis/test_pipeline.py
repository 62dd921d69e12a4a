"""Cases that pass three stages at once."""

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest

from crossvox.acceleration.compute import Compute
from crossvox.cohort import Case, read_cohort
from crossvox.errors import FileError, ResourceError
from crossvox.files import ReadOptions, read_sidecar, read_volume, sidecar_of
from crossvox.synthesis.pipeline import Outcome, Pipeline
from crossvox.synthesis.store import load_synthesizer, read_description
from crossvox.training.train import Trained

# Predicts files under an address space of 120 MiB more than the model and its threads took.
LIMITED = """
import resource, sys, tempfile
from pathlib import Path
from crossvox.cohort import Case
from crossvox.files import ReadOptions
from crossvox.acceleration.compute import Compute
from crossvox.synthesis.pipeline import Pipeline
from crossvox.synthesis.store import load_synthesizer, read_description
run, *files = sys.argv[1:]
pipeline = Pipeline(
    synthesizer=load_synthesizer(Path(run), compute=Compute(device="cpu", bf16=False)),
    description=read_description(Path(run)),
    options=ReadOptions(max_voxels=10**9),
)
cases = [Case(subject=str(i), name=str(i), images={"FLAIR": Path(f)}) for i, f in enumerate(files)]
out = Path(tempfile.mkdtemp())
targets = {case.name: out / f"{case.name}.nii" for case in cases}
list(pipeline.outcomes(cases[:1], targets))
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + 200 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (most, most))
for outcome in pipeline.outcomes(cases, targets):
    print(type(outcome.error).__name__ if outcome.error else None)
"""


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


def test_a_target_that_cannot_be_written_fails_its_case_alone(
    pipeline: Pipeline, cases: tuple[Case, ...], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    targets = {case.name: tmp_path / f"{case.name}.nii" for case in cases[:3]}
    targets[cases[1].name] = tmp_path / "file/below.nii"
    found = list(pipeline.outcomes(cases[:3], targets))
    assert [type(outcome.error) for outcome in found] == [type(None), FileError, type(None)]


def test_sidecars_are_not_younger_than_their_volumes(
    pipeline: Pipeline, cases: tuple[Case, ...], tmp_path: Path
) -> None:
    list(outcomes(pipeline, cases[:1], tmp_path))
    volume = tmp_path / f"{cases[0].name}.nii.gz"
    assert sidecar_of(volume).stat().st_mtime_ns <= volume.stat().st_mtime_ns


def test_a_full_disk_ends_it_all_and_leaves_the_old_volume_with_its_sidecar(
    pipeline: Pipeline, cases: tuple[Case, ...], tmp_path: Path
) -> None:
    list(outcomes(pipeline, cases[:1], tmp_path))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))  # sidecars fit, volumes do not
    try:
        with pytest.raises(ResourceError, match="disk, quota or file size limit is full"):
            list(outcomes(pipeline, cases[:2], tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.slow
def test_a_case_that_does_not_fit_in_memory_fails_alone(
    trained: Trained, cases: tuple[Case, ...], tmp_path: Path
) -> None:
    large = tmp_path / "large.nii"
    voxels = np.zeros((400, 400, 400), np.int8)  # 244 MiB as float32
    voxels[100:200, 100:200, 100:200] = 1
    grid = np.diag([0.5, 0.5, 0.5, 1.0])
    image = nibabel.Nifti1Image(voxels, grid, dtype=np.int8)
    large.write_bytes(image.to_bytes())
    small = [str(case.images["FLAIR"]) for case in cases[:2]]
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, trained.folder, small[0], large, small[1]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout.split() == ["None", "ResourceError", "None"], ended.stderr


def test_no_cases_are_no_outcomes(pipeline: Pipeline, tmp_path: Path) -> None:
    assert list(outcomes(pipeline, (), tmp_path)) == []
