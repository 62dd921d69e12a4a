"""The denoiser."""

import torch

from crossvox.networks.denoiser import Denoiser, TimedBlock, sinusoids
from weights import fill_zero_parameters


def network() -> Denoiser:
    """With weights in place of the zeros that it begins with."""
    torch.manual_seed(0)
    denoiser = Denoiser(sources=2, width=8, depth=2)
    fill_zero_parameters(denoiser)
    return denoiser


def test_it_begins_with_an_answer_of_0_to_which_every_block_is_its_shortcut() -> None:
    denoiser = Denoiser(sources=1, width=8, depth=2)
    answer = denoiser(*torch.randn(2, 1, 1, 8, 8, 8), torch.tensor([10]))
    assert not answer.any()
    features = torch.randn(1, 8, 4, 4, 4)
    assert torch.equal(TimedBlock(8, 8)(features, torch.randn(1, 128)), features)


def test_the_answer_has_one_channel_of_the_same_sizes() -> None:
    answer = network()(
        torch.randn(2, 1, 8, 12, 16), torch.randn(2, 2, 8, 12, 16), torch.tensor([0, 9])
    )
    assert answer.shape == (2, 1, 8, 12, 16)


def test_the_step_and_the_source_change_the_answer() -> None:
    denoiser, noisy, source = network(), torch.randn(1, 1, 8, 8, 8), torch.randn(1, 2, 8, 8, 8)
    answer = denoiser(noisy, source, torch.tensor([10]))
    assert not torch.allclose(answer, denoiser(noisy, source, torch.tensor([900])))
    assert not torch.allclose(answer, denoiser(noisy, -source, torch.tensor([10])))


def test_each_item_has_its_own_step() -> None:
    denoiser, noisy, source = network(), torch.randn(1, 1, 8, 8, 8), torch.randn(1, 2, 8, 8, 8)
    both = denoiser(torch.cat((noisy, noisy)), torch.cat((source, source)), torch.tensor([10, 900]))
    # float32 sums in another order
    torch.testing.assert_close(
        both[1:], denoiser(noisy, source, torch.tensor([900])), atol=1e-5, rtol=1e-4
    )


def test_neighboring_steps_have_neighboring_embeddings() -> None:
    near, far = sinusoids(torch.tensor([100, 101])), sinusoids(torch.tensor([100, 900]))
    assert near.shape == (2, 128)
    assert near.diff(dim=0).norm() < far.diff(dim=0).norm() / 2


def test_a_block_changes_the_number_of_channels() -> None:
    block = TimedBlock(8, 16)
    assert block(torch.randn(1, 8, 4, 4, 4), torch.zeros(1, 128)).shape == (1, 16, 4, 4, 4)
