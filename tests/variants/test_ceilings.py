"""What this machine could compute."""

import pytest
import torch
from torch import Tensor

from crossvox.variants.ceilings import CEILINGS
from crossvox.variants.variant import Setting, Variant


@pytest.mark.parametrize("variant", CEILINGS, ids=lambda variant: variant.name)
def test_a_convolution_keeps_its_sizes_and_knows_its_operations(
    variant: Variant, small: Setting
) -> None:
    answer = variant.load(small)()
    assert isinstance(answer, Tensor)
    channels = answer.shape[1]
    assert answer.shape == (1, channels, 8, 8, 8)
    assert answer.is_contiguous(memory_format=torch.channels_last_3d)
    assert variant.cost
    assert variant.cost(small).operations == 2 * 27 * channels**2 * 8**3
    assert variant.cost(small).parameters == 27 * channels**2
