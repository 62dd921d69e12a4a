"""Sizes that poolings cannot halve."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crossvox.networks.padding import synthesize_padded


@given(sizes=st.tuples(*[st.integers(1, 20)] * 3), multiple=st.sampled_from([1, 4, 8]))
@settings(max_examples=50, deadline=None)
def test_padding_is_cut_back_exactly(sizes: tuple[int, int, int], multiple: int) -> None:
    seen = []

    def network(grown: torch.Tensor) -> torch.Tensor:
        seen.append(grown.shape[2:])
        return grown

    source = torch.randn(1, 1, *sizes)
    assert torch.equal(synthesize_padded(network, source, multiple=multiple), source)
    assert all(size % multiple == 0 for size in seen[0])
