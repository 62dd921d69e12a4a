"""The discriminator."""

import torch

from crossvox.networks.patch_discriminator import PatchDiscriminator


def test_discriminator_gives_one_logit_a_patch() -> None:
    network = PatchDiscriminator(sources=2, width=4, levels=3, norm="batch")
    logits = network(torch.randn(1, 2, 16, 24, 32), torch.randn(1, 1, 16, 24, 32))
    assert logits.shape == (1, 1, 2, 3, 4)


def test_a_logit_sees_only_its_own_neighborhood() -> None:
    torch.manual_seed(0)
    network = PatchDiscriminator(sources=1, width=4, levels=2, norm="batch").eval()
    source, target = torch.randn(1, 1, 64, 8, 8), torch.randn(1, 1, 64, 8, 8)
    far = target.clone()
    far[:, :, 40:] = 0
    torch.testing.assert_close(network(source, target)[:, :, 0], network(source, far)[:, :, 0])
