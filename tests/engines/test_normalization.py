"""Normalization as engines get it."""

import io
import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from backgrounds import FULL_SIZE, exactly_normalized, largest, mostly_background
from crossvox.engines.normalization import VolumeNormalization, normalize_by_volume
from crossvox.networks.batch_norm import BatchNorm3d
from crossvox.networks.group_norm import GroupNorm


def drawn(layer: BatchNorm3d | GroupNorm) -> BatchNorm3d | GroupNorm:
    torch.manual_seed(0)
    nn.init.normal_(layer.weight, 1.0, 0.3)
    nn.init.normal_(layer.bias)
    return layer


@pytest.mark.parametrize(
    "layer", [BatchNorm3d(4), GroupNorm(4, 4), GroupNorm(2, 4), GroupNorm(1, 4)]
)
def test_it_is_the_layer_that_it_replaces(layer: BatchNorm3d | GroupNorm) -> None:
    features = torch.randn(1, 4, 9, 8, 7, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        # float32 sums over 2000 values in another order
        torch.testing.assert_close(
            VolumeNormalization(drawn(layer))(features), layer(features), atol=1e-5, rtol=1e-5
        )


def test_only_the_kinds_that_are_named_are_replaced() -> None:
    layers = nn.Sequential(BatchNorm3d(4), GroupNorm(2, 4))
    normalize_by_volume(layers, (nn.GroupNorm,))
    assert isinstance(layers[0], BatchNorm3d)
    assert isinstance(layers[1], VolumeNormalization)


def graph_of(layer: nn.Module, features: Tensor) -> bytes:
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    small = features[:, :, :8, :8, :8].contiguous()
    sizes = {axis: torch.export.Dim(f"size{axis}", min=2) for axis in (2, 3, 4)}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        program: Any = torch.onnx.export(
            layer.eval(), (small,), dynamo=True, dynamic_shapes=(sizes,), verbose=False
        )
    buffer = io.BytesIO(program.model_proto.SerializeToString())
    return buffer.getvalue()


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
@pytest.mark.slow
def test_engines_normalize_a_full_volume_as_float64(engine: str) -> None:
    runtime = pytest.importorskip(engine, reason=f"{engine} is not installed")
    features = mostly_background(FULL_SIZE, channels=2).contiguous()
    graph = graph_of(VolumeNormalization(GroupNorm(2, 2)), features)
    if engine == "onnxruntime":
        session = runtime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        answer = session.run(None, {session.get_inputs()[0].name: features.numpy()})[0]
    else:
        core = runtime.Core()
        precise = {"INFERENCE_PRECISION_HINT": "f32"}
        answer = core.compile_model(core.read_model(graph), "CPU", precise)(features.numpy())[0]
    wanted = exactly_normalized(features, groups=2)
    assert largest(torch.from_numpy(answer).double() - wanted) < 1e-5  # float32 of 12 deviations
