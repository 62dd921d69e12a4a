"""MONAI's networks."""

from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch
from torch import Tensor

from crossvox.errors import SettingsError
from crossvox.variants import peers
from crossvox.variants.cost import parameters_of
from crossvox.variants.peers import (
    AS_RUN,
    BASIC_UNET,
    DYNUNET,
    FOR_NETWORK,
    OVERLAP,
    PEERS,
    SWIN_UNETR,
    Peer,
    cost_of_synthesis,
    refuse_without_monai,
)
from crossvox.variants.prediction import MATCHING, cost_of_width
from crossvox.variants.variant import AS_OURS, Setting, Treatment, Variant

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
needs_monai = pytest.mark.skipif(
    find_spec("monai") is None, reason="MONAI is not installed: pip install 'crossvox[benchmark]'"
)


@needs_monai
@pytest.mark.parametrize(
    "variant",
    [
        *(pytest.param(one, id=one.name, marks=pytest.mark.slow) for one in AS_RUN[1:]),
        *(pytest.param(one, id=one.name) for one in (AS_RUN[0], *FOR_NETWORK)),
    ],
)
def test_every_peer_gives_a_volume_and_says_what_it_computes(
    variant: Variant, small: Setting
) -> None:
    setting = replace(small, window=(32, 32, 32))
    synthesized = variant.load(setting)()
    assert isinstance(synthesized, Tensor)
    assert synthesized.shape == (1, 1, *setting.sizes)
    assert torch.isfinite(synthesized).all()
    assert variant.cost
    assert variant.cost(setting).operations > 0


@needs_monai
def test_peers_are_of_the_size_that_is_said() -> None:
    def millions(network: torch.nn.Module) -> float:
        return parameters_of(network) / 1e6

    # counted by MONAI 1.6.1's own constructors
    assert millions(peers.basic_unet()) == pytest.approx(5.75, abs=0.01)
    assert millions(peers.dynunet()) == pytest.approx(16.54, abs=0.01)
    assert millions(peers.swin_unetr()) == pytest.approx(15.70, abs=0.01)
    assert millions(peers.diffusion_unet()) == pytest.approx(7.00, abs=0.01)


@needs_monai
def test_windows_that_overlap_by_a_quarter_compute_each_voxel_more_than_once() -> None:
    setting = Setting(sizes=(240, 288, 48), threads=1)
    in_windows = Treatment(extent="windows", overlap=OVERLAP)
    passes, whole = (
        cost_of_synthesis(setting, peer=DYNUNET, treatment=treatment)
        for treatment in (in_windows, AS_OURS)
    )
    # 3 by 4 windows of 96 x 96 over 240 x 288
    assert passes.operations / whole.operations == pytest.approx(12 * 96**2 / (240 * 288))
    assert passes.parameters == whole.parameters


@needs_monai
def test_dynunet_computes_three_and_a_half_times_as_much_as_ours() -> None:
    setting = Setting(sizes=(240, 288, 48), threads=1)
    peer = cost_of_synthesis(setting, peer=DYNUNET, treatment=AS_OURS)
    ours = cost_of_width(setting, width=16)
    assert peer.operations / ours.operations == pytest.approx(3.48, abs=0.01)  # README


@needs_monai
@pytest.mark.parametrize(
    ("peer", "width"),
    [
        (BASIC_UNET, MATCHING["BasicUNet and SwinUNETR"]),
        (SWIN_UNETR, MATCHING["BasicUNet and SwinUNETR"]),
        (DYNUNET, MATCHING["DynUNet"]),
    ],
    ids=[peer.name for peer in (BASIC_UNET, SWIN_UNETR, DYNUNET)],
)
def test_ours_matches_at_the_smallest_multiple_of_8_that_computes_as_much(
    peer: Peer, width: int
) -> None:
    setting = Setting(sizes=(240, 288, 48), threads=1)
    needed = cost_of_synthesis(setting, peer=peer, treatment=AS_OURS).operations
    smaller, matching = (
        cost_of_width(setting, width=channels).operations for channels in (width - 8, width)
    )
    assert smaller < needed <= matching


def test_the_same_networks_stand_in_both_groups() -> None:
    for peer in PEERS:
        assert sum(peer.name in one.name for one in AS_RUN) == 2
        assert sum(peer.name in one.name for one in FOR_NETWORK) == 1
    assert {(one.pages, one.treatment) for one in FOR_NETWORK} == {("kept", AS_OURS)}
    assert {one.pages for one in AS_RUN} == {"returned"}


def test_absent_monai_is_refused_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r"pip install 'crossvox\[benchmark\]'"):
        refuse_without_monai()
