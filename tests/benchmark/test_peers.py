"""MONAI's networks."""

from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch
from torch import Tensor

from crossvox.benchmark import peers
from crossvox.benchmark.peers import MONAI, refuse_without_monai
from crossvox.benchmark.variant import Setting, Variant
from crossvox.errors import SettingsError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
needs_monai = pytest.mark.skipif(
    find_spec("monai") is None, reason="MONAI is not installed: pip install 'crossvox[benchmark]'"
)


@needs_monai
@pytest.mark.parametrize("variant", MONAI, ids=lambda variant: variant.name)
def test_every_peer_gives_a_volume(variant: Variant, small: Setting) -> None:
    setting = replace(small, window=(32, 32, 32))
    synthesized = variant.load(setting)()
    assert isinstance(synthesized, Tensor)
    assert synthesized.shape == (1, 1, *setting.sizes)
    assert torch.isfinite(synthesized).all()


@needs_monai
def test_peers_are_of_the_size_that_is_said() -> None:
    def millions(network: torch.nn.Module) -> float:
        return sum(one.numel() for one in network.parameters()) / 1e6

    # counted by MONAI 1.6.1's own constructors
    assert millions(peers.basic_unet()) == pytest.approx(5.75, abs=0.01)
    assert millions(peers.dynunet()) == pytest.approx(16.54, abs=0.01)
    assert millions(peers.swin_unetr()) == pytest.approx(15.70, abs=0.01)
    assert millions(peers.diffusion_unet()) == pytest.approx(7.00, abs=0.01)


def test_absent_monai_is_refused_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match=r"pip install 'crossvox\[benchmark\]'"):
        refuse_without_monai()
