"""Which methods are one graph."""

import pytest
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from crossvox.acceleration.convolution import CarefulConv3d
from crossvox.contract import SynthesisMethod
from crossvox.engines.exportable import exportable, multiple_of
from crossvox.engines.normalization import VolumeNormalization
from crossvox.errors import SettingsError
from crossvox.synthesis.catalogue import build_method


def small(name: str, settings: dict[str, object]) -> SynthesisMethod:
    torch.manual_seed(0)
    return build_method(name, {"width": 4, **settings}, sources=1).eval()


def test_a_method_of_many_passes_is_refused_with_their_number() -> None:
    method = small("ddpm3d", {"depth": 2, "sampling_steps": 7})
    with pytest.raises(SettingsError, match=r"ddpm3d runs its network 7 times .* loop"):
        exportable(method)


def test_a_method_that_works_slice_by_slice_is_refused() -> None:
    method = exportable(small("pix2pix2d", {"depth": 2}))
    with pytest.raises(SettingsError, match=r"pix2pix2d does not give .* but slices"):
        multiple_of(method, sources=1)


def test_a_method_that_starts_from_noise_is_refused_even_with_one_pass() -> None:
    method = exportable(small("ddpm3d", {"depth": 2, "sampling_steps": 1}))
    with pytest.raises(SettingsError, match=r"ddpm3d gives its network more .* noise"):
        multiple_of(method, sources=1)


@pytest.mark.parametrize(
    ("name", "settings", "multiple"),
    [
        ("gan3d", {"depth": 2}, 4),
        ("gan3d", {"depth": 3}, 8),
        ("regression3d", {"blocks": (1, 1, 1, 1)}, 8),
        ("regression3d", {"blocks": (1,)}, 1),
    ],
)
def test_the_multiple_is_what_the_network_halves_its_sizes_by(
    name: str, settings: dict[str, object], multiple: int
) -> None:
    assert multiple_of(small(name, settings), sources=1) == multiple


def test_an_exportable_copy_is_the_same_function_of_plain_layers() -> None:
    method = small("gan3d", {"depth": 2, "prediction_statistics": "batch"})
    plain, source = exportable(method), torch.rand(1, 1, 9, 8, 7) * 2 - 1
    with torch.inference_mode():
        # float32 sums in another order, over a range of 2
        torch.testing.assert_close(
            plain.synthesize(source), method.synthesize(source), atol=4e-6, rtol=0
        )
    layers = list(plain.get_submodule("generator").modules())
    assert not any(isinstance(layer, CarefulConv3d | _BatchNorm) for layer in layers)
    assert any(isinstance(layer, VolumeNormalization) for layer in layers)


def test_the_method_itself_is_left_alone() -> None:
    method = small("gan3d", {"depth": 2, "prediction_statistics": "batch"})
    exportable(method)
    assert any(isinstance(layer, _BatchNorm) for layer in method.modules())
