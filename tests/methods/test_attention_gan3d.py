"""The GAN with attention."""

import pytest
import torch

from crossvox.errors import SettingsError
from crossvox.methods import attention_gan3d, gan3d
from crossvox.networks.attention_unet import AttentionUNet
from crossvox.synthesis.catalogue import method_settings


def test_it_is_the_gan_in_all_but_its_generator() -> None:
    assert vars(attention_gan3d.Config()) == vars(gan3d.Config())
    plain, attending = (
        module.Method(module.Config(width=4, discriminator_width=4), sources=1)
        for module in (gan3d, attention_gan3d)
    )
    assert isinstance(attending.generator, AttentionUNet)
    ours, theirs = attending.discriminator.state_dict(), plain.discriminator.state_dict()
    assert {name: value.shape for name, value in ours.items()} == {
        name: value.shape for name, value in theirs.items()
    }


def test_attention_changes_what_is_synthesized() -> None:
    torch.manual_seed(0)
    config = attention_gan3d.Config(width=4, depth=2, norm="instance")
    method = attention_gan3d.Method(config, sources=1).eval()
    source = torch.randn(1, 1, 8, 8, 8)
    with torch.inference_mode():
        before = method.synthesize(source)
        method.generator.attention.weight.fill_(1.0)
        assert not torch.allclose(before, method.synthesize(source))


@pytest.mark.parametrize("name", ["width", "depth", "learning_rate"])
def test_what_must_be_positive_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"method.{name}"):
        method_settings("attention_gan3d", {name: 0})
