"""A synthesizer whose network OpenVINO runs gives what torch gives."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from crossvox.acceleration.compute import Compute
from crossvox.engines import export_synthesizer
from crossvox.errors import ModelError, ResourceError, SettingsError
from crossvox.synthesis.engines import OpenVinoSynthesizer, openvino
from crossvox.synthesis.store import load_synthesizer, read_description
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.synthesis.windows import Sizes
from crossvox.training.train import Trained

EXACT = Compute(device="cpu", bf16=False)
PARITY = 2e-4  # 1e-4 of the range of 2
IN_BF16 = 2e-3  # mean, of a range of 2: 0.0001 after these six steps, 0.0009 after 3000


@pytest.fixture(scope="module")
def file(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("openvino", reason="OpenVINO is not installed")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    path = tmp_path_factory.mktemp("engine") / "model.xml"
    description = read_description(trained.folder)
    export_synthesizer(
        load_synthesizer(trained.folder, compute=EXACT), description, path, to="openvino"
    )
    return path


def by_engine(
    trained: Trained, file: Path, *, compute: Compute = EXACT, window: Sizes | None = None
) -> OpenVinoSynthesizer:
    description = read_description(trained.folder)
    loaded = load_synthesizer(trained.folder, compute=compute)
    return OpenVinoSynthesizer(
        preparation=loaded.preparation,
        method=loaded.method,
        compute=compute,
        window=window,
        description=description,
        file=file,
    )


def by_torch(trained: Trained, source: torch.Tensor) -> torch.Tensor:
    return load_synthesizer(trained.folder, compute=EXACT).synthesize(source)


def test_in_float32_each_size_gives_what_torch_gives(trained: Trained, file: Path) -> None:
    engine = by_engine(trained, file)
    for sizes in ((17, 9, 12), (8, 20, 11), (17, 9, 12)):
        source = torch.rand(1, 1, *sizes) * 2 - 1
        found, wanted = engine.synthesize(source), by_torch(trained, source)
        assert found.shape == wanted.shape
        assert found.dtype == torch.float32
        assert (found - wanted).abs().max() <= PARITY


def test_in_bfloat16_it_stays_close(trained: Trained, file: Path) -> None:
    engine = by_engine(trained, file, compute=Compute(device="cpu", bf16=True))
    source = torch.rand(1, 1, 16, 16, 16) * 2 - 1
    assert (engine.synthesize(source) - by_torch(trained, source)).abs().mean() <= IN_BF16


def test_windows_and_other_devices_are_refused(trained: Trained, file: Path) -> None:
    with pytest.raises(SettingsError, match="whole volumes on the CPU"):
        by_engine(trained, file, window=(16, 16, 16))
    with pytest.raises(SettingsError, match="use --device cpu"):
        replace(by_engine(trained, file), compute=Compute(device="cuda", bf16=True))


def test_what_torch_would_see_in_windows_is_refused(trained: Trained, file: Path) -> None:
    settings = {**read_description(trained.folder).settings, "prediction_statistics": "batch"}
    own = load_synthesizer(trained.folder, compute=EXACT, settings=settings).method
    engine = replace(by_engine(trained, file), method=own, patch=(8, 8, 8))
    with pytest.raises(SettingsError, match=r"patches of \(8, 8, 8\); leave out --engine"):
        engine.synthesize(torch.zeros(1, 1, 16, 16, 16))


def test_a_volume_that_does_not_fit_is_refused_with_its_sizes(
    trained: Trained, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossvox.synthesis.engines.free_memory_bytes", lambda _: 1000)
    with pytest.raises(ResourceError, match=r"16x16x17 voxels need .* GiB .* leave out --engine"):
        by_engine(trained, file).synthesize(torch.zeros(1, 1, 16, 16, 17))


def test_a_file_of_other_weights_or_settings_is_refused(trained: Trained, file: Path) -> None:
    good = by_engine(trained, file)
    said = good.description
    for other in (replace(said, sha256="other"), replace(said, settings={})):
        with pytest.raises(ModelError, match="other weights or settings"):
            replace(good, description=other)


def test_damaged_and_foreign_files_are_refused(
    trained: Trained, file: Path, tmp_path: Path
) -> None:
    text, weights = file.read_bytes(), bytearray(file.with_suffix(".bin").read_bytes())
    copied = tmp_path / "model.xml"
    with pytest.raises(ModelError, match="is not an OpenVINO model"):
        by_engine(trained, copied)
    copied.write_bytes(text)
    weights[1000] ^= 1
    copied.with_suffix(".bin").write_bytes(weights)
    with pytest.raises(ModelError, match=r"does not belong to its \.xml"):
        by_engine(trained, copied)
    copied.write_bytes(text.replace(b"<crossvox ", b"<somebody "))
    with pytest.raises(ModelError, match="not written by crossvox export"):
        by_engine(trained, copied)


def test_without_openvino_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(SettingsError, match=r"pip install 'crossvox\[export\]'"):
        openvino()


def test_a_synthesizer_by_torch_says_so(trained: Trained) -> None:
    assert Synthesizer.engine == "torch"
    assert load_synthesizer(trained.folder, compute=EXACT).engine == "torch"
