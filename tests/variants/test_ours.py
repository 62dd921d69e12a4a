"""The paper's networks, untrained."""

import torch

from crossvox.variants.ours import generator_of, synthesizer_of, trained_method
from crossvox.variants.variant import Setting, random_volume


def test_both_networks_have_the_widths_that_were_asked_for(small: Setting) -> None:
    head = generator_of(small).get_submodule("generator.head")
    assert head.in_channels == small.width
    first = next(trained_method(small).get_submodule("discriminator").parameters())
    assert first.shape[0] == small.discriminator_width


def test_a_synthesizer_takes_a_volume_at_network_scale(small: Setting) -> None:
    volume = synthesizer_of(generator_of(small)).synthesize(random_volume(small))
    assert volume.shape == (1, 1, *small.sizes)
    assert torch.isfinite(volume).all()
