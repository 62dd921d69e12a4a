"""A synthesizer to a file, and to the file that `predict` keeps for itself."""

import json
from pathlib import Path

import pytest

from crossvox.acceleration.compute import Compute
from crossvox.engines import by_openvino, cached_engine, export_synthesizer, target_of
from crossvox.errors import SettingsError
from crossvox.synthesis import Synthesizer
from crossvox.synthesis.store import load_synthesizer, read_description
from crossvox.training.train import Trained


@pytest.fixture
def synthesizer(trained: Trained) -> Synthesizer:
    return load_synthesizer(trained.folder, compute=Compute(device="cpu", bf16=False))


@pytest.mark.slow
def test_the_file_says_all_that_a_runner_needs(
    trained: Trained, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    description = read_description(trained.folder)
    export_synthesizer(synthesizer, description, tmp_path / "model.onnx", to="onnx")
    metadata = runtime.InferenceSession(tmp_path / "model.onnx").get_modelmeta()
    constants = json.loads(metadata.custom_metadata_map["crossvox"])
    stored = json.loads((trained.folder / "synthesizer/synthesizer.json").read_text())
    assert constants["notice"] == "Synthetic, not for diagnosis"
    assert constants["multiple"] == 4
    for name in ("method", "settings", "sha256", "preparation", "crossvox", "step"):
        assert constants[name] == stored[name]


def test_an_ending_of_another_kind_is_refused(
    trained: Trained, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    description = read_description(trained.folder)
    with pytest.raises(SettingsError, match=r"a file for openvino ends in \.xml"):
        export_synthesizer(synthesizer, description, tmp_path / "model.onnx", to="openvino")


def test_the_ending_tells_the_kind() -> None:
    assert target_of(Path("a/model.onnx")) == "onnx"
    assert target_of(Path("a/model.xml")) == "openvino"
    with pytest.raises(SettingsError, match=r"ends in \.onnx, or in \.xml"):
        target_of(Path("a/model.pt"))


@pytest.mark.slow
def test_an_engine_is_exported_once_for_the_same_weights_and_settings(
    trained: Trained, synthesizer: Synthesizer, tmp_path: Path
) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    description = read_description(trained.folder)
    first = cached_engine(synthesizer, description, tmp_path)
    made = first.stat().st_mtime_ns
    assert cached_engine(synthesizer, description, tmp_path) == first
    assert first.stat().st_mtime_ns == made
    assert sorted(file.suffix for file in (tmp_path / "engines").iterdir()) == [".bin", ".xml"]
    other = type(description)(**{**vars(description), "sha256": "other"})
    assert cached_engine(synthesizer, other, tmp_path) != first


def test_an_unknown_engine_is_refused_with_those_there_are(
    trained: Trained, synthesizer: Synthesizer
) -> None:
    description = read_description(trained.folder)
    with pytest.raises(SettingsError, match=r"'tensorrt'; there are: torch, openvino, FILE\.xml"):
        by_openvino(synthesizer, description, trained.folder, engine="tensorrt")
