"""What predicts a volume."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from crossvox.variants.peers import MONAI, NETWORKS, PEERS
from crossvox.variants.prediction import (
    MATCHING,
    OPENVINO,
    OURS_FOR_NETWORK,
    PREDICTION,
    cost_of_width,
    eager,
)
from crossvox.variants.variant import AS_OURS, AS_TORCH, OURS, Setting, Variant

OWN = [one for one in PREDICTION if one.group not in (MONAI, NETWORKS, OPENVINO)]
OWN += OURS_FOR_NETWORK
SAME = [one for one in OWN if one.group in (OURS, "eager") and "precise" in one.name]
SAME += [one for one in OWN if one.group == "eager"]


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(one, id=one.name, marks=pytest.mark.slow if "pix2pix" in one.name else ())
        for one in OWN
    ],
)
def test_every_variant_gives_a_volume(variant: Variant, small: Setting) -> None:
    torch.manual_seed(0)
    synthesized = variant.load(small)()
    assert isinstance(synthesized, Tensor)
    assert synthesized.shape == (1, 1, *small.sizes)
    assert torch.isfinite(synthesized).all()


@pytest.mark.slow
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


def test_only_one_pass_of_a_diffusion_is_measured() -> None:
    assert {one.products for one in PREDICTION if one.group == "ddpm"} == {(50, 1000)}


def test_every_variant_says_what_it_computes(small: Setting) -> None:
    for variant in {one.cost: one for one in OWN if one not in OURS_FOR_NETWORK}.values():
        assert variant.cost, variant.name
        cost = variant.cost(small)
        assert min(cost.operations, cost.parameters) > 0, variant.name


def test_network_for_network_everything_is_run_as_ours_is() -> None:
    chosen = [one for one in PREDICTION if one.group == NETWORKS]
    assert {(one.pages, one.treatment) for one in (*chosen, PREDICTION[0])} == {("kept", AS_OURS)}
    assert {one.name.split(",")[0] for one in chosen} > {f"MONAI {peer.name}" for peer in PEERS}


def test_bfloat16_in_channels_last_changes_the_papers_network_by_rounding_alone(
    small: Setting,
) -> None:
    volumes = []
    for treatment in (AS_TORCH, AS_OURS):
        torch.manual_seed(0)
        synthesized = eager(small, as_written=True, treatment=treatment)()
        assert isinstance(synthesized, Tensor)
        volumes.append(synthesized.float())
    # bfloat16 has 8 bits, and some thirty layers follow each other
    torch.testing.assert_close(volumes[1], volumes[0], atol=0.05, rtol=0.0)


@pytest.mark.parametrize("width", MATCHING.values())
def test_ours_at_a_width_of_its_own_does_not_depend_on_the_width_asked_for(
    small: Setting, width: int
) -> None:
    assert cost_of_width(small, width=width) == cost_of_width(replace(small, width=4), width=width)
    (variant,) = (one for one in OURS_FOR_NETWORK if one.name.startswith(f"ours, width {width},"))
    assert variant.cost
    assert variant.cost(small) == cost_of_width(small, width=width)
