"""What bfloat16 loses at both ends of a network, and what is kept."""

import copy

import torch
from torch import Tensor, nn

from crossvox.acceleration.bfloat16 import InBfloat16, SplitConv3d


def test_two_parts_keep_what_one_loses() -> None:
    torch.manual_seed(0)
    exact = nn.Conv3d(1, 16, 3, padding=1)
    source = torch.rand(1, 1, 12, 12, 12) * 2 - 1
    with torch.inference_mode():
        wanted = exact(source)
        parts = SplitConv3d(copy.deepcopy(exact))
        both = (parts(source).float() - wanted).abs().mean()
        one = (parts(source.bfloat16()).float() - wanted).abs().mean()
        rounded = (wanted.bfloat16().float() - wanted).abs().mean()
    # what is left is the rounding of the result
    assert both < 1.1 * rounded
    assert one > 1.3 * rounded


class Mirroring(nn.Module):
    """A network whose first convolution is of another kind."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv3d(2, 2, 3, padding=1, padding_mode="reflect")

    def forward(self, source: Tensor) -> Tensor:
        """Of the stem."""
        mirrored: Tensor = self.stem(source)
        return mirrored


def test_a_stem_that_begins_otherwise_gets_bfloat16() -> None:
    torch.manual_seed(0)
    network, source = Mirroring(), torch.rand(1, 2, 6, 6, 6)
    with torch.inference_mode():
        wanted = network(source)
        found = InBfloat16(copy.deepcopy(network))(source)
    torch.testing.assert_close(found, wanted, atol=2e-2, rtol=0)
