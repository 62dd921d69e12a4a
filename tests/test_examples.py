"""The examples run at a small size and stay short."""

import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import nibabel
import numpy as np
import pytest

from crossvox.acceleration.compute import Compute
from crossvox.engines import export_synthesizer
from crossvox.files import read_volume, write_volume
from crossvox.synthesis.store import load_synthesizer, read_description
from crossvox.training.train import Trained
from crossvox.volume import Grid, Volume

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
LONGEST = 60
TINY = (
    *("method.width=4", "method.depth=2", "method.discriminator_width=4", "training.steps=2"),
    # float32: torch 2.13 has wrong bfloat16 gradients where pooling leaves 2 voxels along X
    *("training.patch=[16,16,16]", "training.precision=32-true", "cohort.check=false"),
)


def main_of(name: str) -> Callable[..., None]:
    main: Callable[..., None] = runpy.run_path(str(EXAMPLES / name))["main"]
    return main


def told(capsys: pytest.CaptureFixture[str]) -> str:
    captured: Any = capsys.readouterr()
    return str(captured.out)


def test_the_phantom_example_makes_a_cohort_without_faults(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main_of("01_phantom.py")(tmp_path, size=32, cases=3)
    lines = told(capsys).splitlines()
    assert lines[0].startswith("FLAIR: 32x32x16 voxels of ")
    assert lines[-1] == "0 findings in 3 cases"


@pytest.mark.slow
def test_the_training_example_synthesizes_a_person_it_never_saw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main_of("02_train_and_predict.py")(tmp_path, size=32, cases=4, settings=TINY)
    assert "T1w of sub-04: 32x32x32 voxels" in told(capsys).splitlines()[-1]
    synthesized = read_volume(tmp_path / "sub-04_T1w.nii.gz")
    source = read_volume(tmp_path / "phantom/sub-04/anat/sub-04_FLAIR.nii.gz")
    assert synthesized.grid.matches(source.grid)


def test_the_scoring_example_ends_with_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main_of("03_score_anybodys_volumes.py")(tmp_path, size=32, cases=2)
    report = tmp_path / "evaluation/report.html"
    assert told(capsys).splitlines()[-1] == str(report)
    assert report.is_file()


@pytest.mark.parametrize("kind", ["cohort", pytest.param("volume", marks=pytest.mark.slow)])
def test_the_runner_without_crossvox_gives_what_crossvox_gives(
    trained: Trained, cohort_folder: Path, tmp_path: Path, kind: Literal["cohort", "volume"]
) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    phantom = read_volume(cohort_folder / "sub-01/anat/sub-01_FLAIR.nii.gz").voxels[:30, :27, 9:20]
    affine = np.array([[0, 0.1, -1, 90], [-1, 0, 0.1, 40], [0, 1, 0.1, -9], [0, 0, 0, 1.0]])
    given = Volume(phantom, Grid((30, 27, 11), affine), stored_as="int16")
    write_volume(tmp_path / "given.nii.gz", given)

    said = read_description(trained.folder)
    scale = replace(said.preparation.source_scales[0], kind=kind)
    preparation = replace(
        said.preparation, source_scales=(scale,), spacing_mm=None, trained_spacing_mm=None
    )
    loaded = load_synthesizer(trained.folder, compute=Compute(device="cpu", bf16=False))
    synthesizer = replace(loaded, preparation=preparation)
    model, out = tmp_path / "model.onnx", tmp_path / "made.nii.gz"
    export_synthesizer(synthesizer, replace(said, preparation=preparation), model, to="onnx")
    main_of("04_run_without_crossvox.py")(model, out, tmp_path / "given.nii.gz")

    wanted, found = synthesizer([read_volume(tmp_path / "given.nii.gz")]), read_volume(out)
    low, high = preparation.target_scale.limits
    # Nothing is stored as integers, so only float32 rounding remains: at most 1e-4 of the range.
    assert np.abs(found.voxels - wanted.voxels).max() <= 1e-4 * (high - low)
    assert found.grid.matches(wanted.grid)
    assert nibabel.nifti1.load(out).header["descrip"] == b"Synthetic, not for diagnosis"


@pytest.mark.slow
def test_the_runner_refuses_a_spacing_that_it_would_have_to_resample(
    trained: Trained, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    given = Volume(np.ones((8, 8, 8), dtype=np.float32), Grid((8, 8, 8), np.diag([9, 9, 9, 1])))
    write_volume(tmp_path / "given.nii.gz", given)
    loaded = load_synthesizer(trained.folder, compute=Compute(device="cpu", bf16=False))
    model = tmp_path / "model.onnx"
    export_synthesizer(loaded, read_description(trained.folder), model, to="onnx")
    with pytest.raises(SystemExit, match="resample first"):
        main_of("04_run_without_crossvox.py")(model, tmp_path / "o.nii", tmp_path / "given.nii.gz")


def test_every_example_is_short_and_is_run_here() -> None:
    names = sorted(path.name for path in EXAMPLES.glob("*.py"))
    lengths = {name: len((EXAMPLES / name).read_text().splitlines()) for name in names}
    assert {name: length for name, length in lengths.items() if length >= LONGEST} == {}
    run = Path(__file__).read_text()
    assert names
    assert [name for name in names if f'main_of("{name}")' not in run] == []
