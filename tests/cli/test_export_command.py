"""`crossvox export`, and `crossvox predict` by what it writes."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crossvox.files import read_volume
from crossvox.training.train import Trained

pytest.importorskip("onnxscript", reason="onnxscript is not installed")

Command = Callable[..., int]
FLAIR = "sub-01/anat/sub-01_FLAIR.nii.gz"


def test_the_file_is_written_and_named(
    crossvox: Command, trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new/model.onnx"
    assert crossvox("export", trained.folder, out, "--to", "onnx") == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [str(out)]
    assert shown.err == ""
    assert out.is_file()


@pytest.mark.parametrize(
    ("out", "options", "told"),
    [
        ("model.pt", (), "ends in .onnx, or in .xml"),
        ("model.onnx", ("--to", "openvino"), "ends in .xml"),
        ("model.onnx", ("--to", "tensorrt"), '"onnx", "openvino"'),
        ("model.onnx", ("--set", "method.norms=batch"), "did you mean 'norm'?"),
        ("afile/model.onnx", (), "cannot be written"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    crossvox: Command,
    trained: Trained,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    out: str,
    options: tuple[str, ...],
    told: str,
) -> None:
    (tmp_path / "afile").write_text("anything\n")
    assert crossvox("export", trained.folder, tmp_path / out, *options) == 2
    lines = capsys.readouterr().err.splitlines()
    assert told in lines[-1]
    assert len(lines) == 1


@pytest.mark.slow
def test_prediction_by_openvino_gives_the_same_volume_and_says_so(
    crossvox: Command, trained: Trained, cohort_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    source, file = cohort_folder / FLAIR, tmp_path / "model.xml"
    assert crossvox("export", trained.folder, file) == 0
    for name, options in (("torch", ()), ("engine", ("--engine", file))):
        out = tmp_path / f"{name}.nii.gz"
        assert crossvox("predict", trained.folder, source, out, "--precise", *options) == 0
    wanted, found = read_volume(tmp_path / "torch.nii.gz"), read_volume(tmp_path / "engine.nii.gz")
    low, high = json.loads((tmp_path / "torch.json").read_text())["TargetScale"]["limits"]
    # 1e-4 of the range, and a whole number where files are stored as such
    assert np.abs(found.voxels - wanted.voxels).max() <= 1e-4 * (high - low) + 1
    assert found.grid.matches(wanted.grid)
    assert json.loads((tmp_path / "engine.json").read_text())["Engine"] == "openvino"
    assert json.loads((tmp_path / "torch.json").read_text())["Engine"] == "torch"


def test_an_unknown_engine_is_refused_in_one_line(
    crossvox: Command,
    trained: Trained,
    cohort_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = (trained.folder, cohort_folder / FLAIR, tmp_path / "out.nii.gz")
    assert crossvox("predict", *words, "--engine", "tensorrt") == 2
    assert "there are: torch, openvino" in capsys.readouterr().err
