"""What predicts a volume."""

import pytest
import torch
from torch import Tensor

from crossvox.benchmark.peers import GROUP
from crossvox.benchmark.prediction import OPENVINO, PREDICTION, generator_of
from crossvox.benchmark.variant import OURS, Setting, Variant

OWN = [one for one in PREDICTION if one.group not in (GROUP, OPENVINO)]
SAME = [one for one in OWN if one.group in (OURS, "eager") and "precise" in one.name]
SAME += [one for one in OWN if one.group == "eager"]


@pytest.mark.parametrize("variant", OWN, ids=lambda variant: variant.name)
def test_every_variant_gives_a_volume(variant: Variant, small: Setting) -> None:
    torch.manual_seed(0)
    synthesized = variant.load(small)()
    assert isinstance(synthesized, Tensor)
    assert synthesized.shape == (1, 1, *small.sizes)
    assert torch.isfinite(synthesized).all()


def test_openvino_gives_the_same_volume(small: Setting) -> None:
    pytest.importorskip("openvino")
    pytest.importorskip("onnxscript")
    ours, exported = PREDICTION[0], next(one for one in PREDICTION if one.group == OPENVINO)
    volumes = []
    for variant in (ours, exported):
        torch.manual_seed(0)
        volumes.append(variant.load(small)())
    # bfloat16 rounds in another order
    torch.testing.assert_close(volumes[1], volumes[0], atol=0.05, rtol=0.0)


def test_the_same_network_gives_the_same_volume_however_it_is_run(small: Setting) -> None:
    volumes = []
    for variant in SAME:
        torch.manual_seed(0)
        synthesized = variant.load(small)()
        assert isinstance(synthesized, Tensor)
        volumes.append(synthesized)
    assert len(volumes) == 5
    for other in volumes[1:]:
        # float32 sums in another order
        torch.testing.assert_close(other, volumes[0], atol=1e-5, rtol=1e-5)


def test_ours_comes_first_and_names_are_different() -> None:
    assert PREDICTION[0].group == OURS
    assert len({one.name for one in PREDICTION}) == len(PREDICTION)


def test_the_network_has_the_width_that_was_asked_for(small: Setting) -> None:
    head = generator_of(small).get_submodule("generator.head")
    assert head.in_channels == small.width


def test_only_one_pass_of_a_diffusion_is_measured() -> None:
    assert {one.products for one in PREDICTION if one.group == "ddpm"} == {(50, 1000)}
