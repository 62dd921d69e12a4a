"""Windows leave no seam."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crossvox.networks.noise import normal_noise
from crossvox.synthesis.windows import synthesize_in_windows

NONE = normal_noise((1,), seed=0)  # for networks that draw nothing


@given(
    sizes=st.tuples(*[st.integers(1, 30)] * 3),
    window=st.tuples(*[st.integers(2, 16)] * 3),
    overlap=st.floats(0, 0.8),
)
@settings(max_examples=100, deadline=None)
def test_an_identity_network_leaves_no_seam(
    sizes: tuple[int, int, int], window: tuple[int, int, int], overlap: float
) -> None:
    source = torch.randn(1, 2, *sizes, generator=torch.Generator().manual_seed(0))
    joined = synthesize_in_windows(
        lambda part, _: part[:, :1], source, noise=NONE, window=window, overlap=overlap
    )
    # a weighted mean of equal float32 numbers
    torch.testing.assert_close(joined, source[:, :1], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("window", [(8, 8, 8), (6, 30, 30)])
def test_no_window_is_larger_than_asked_for(window: tuple[int, int, int]) -> None:
    seen = []

    def network(part: torch.Tensor, _: object) -> torch.Tensor:
        seen.append(tuple(part.shape[2:]))
        return part

    synthesize_in_windows(network, torch.zeros(1, 1, 12, 20, 9), noise=NONE, window=window)
    wanted = tuple(min(one, size) for one, size in zip(window, (12, 20, 9), strict=True))
    assert set(seen) == {wanted}


def test_windows_share_the_noise_of_the_volume() -> None:
    source = torch.zeros(1, 1, 12, 20, 9)
    noise = normal_noise((1, 1, 12, 20, 9), seed=5)
    joined = synthesize_in_windows(
        lambda _, part: part(0) + part(3), source, noise=noise, window=(8, 8, 8)
    )
    # a weighted mean of equal float32 numbers
    torch.testing.assert_close(joined, noise(0) + noise(3), atol=1e-5, rtol=1e-5)
