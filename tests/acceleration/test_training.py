"""Rewriting for training changes speed, not functions, gradients or names."""

import copy

import pytest
import torch

from crossvox.acceleration.convolution import CarefulConv3d
from crossvox.acceleration.training import rewrite_for_training
from crossvox.acceleration.up_sampling import TransposedUpConv
from crossvox.contract import Batch
from crossvox.synthesis.catalogue import build_method, method_names, method_settings
from weights import fill_zero_parameters

SMALL = {"width": 4, "depth": 2, "blocks": (1, 1, 2), "discriminator_width": 4}


@pytest.mark.parametrize("name", method_names())
def test_losses_gradients_and_names_stay(name: str) -> None:
    torch.manual_seed(0)
    settings = {key: value for key, value in SMALL.items() if key in method_settings(name, {})}
    plain = build_method(name, settings, sources=1).train()
    fill_zero_parameters(plain)
    rewritten = copy.deepcopy(plain)
    rewrite_for_training(rewritten, device="cpu")
    assert rewritten.state_dict().keys() == plain.state_dict().keys()
    source = torch.rand(1, 1, *((32, 32, 1) if name == "pix2pix2d" else (16, 16, 16)))
    batch = Batch(source=source, target=-source, mask=torch.ones_like(source))
    for method in (plain, rewritten):
        torch.manual_seed(1)
        for objective in method.objectives(batch):
            objective.loss.backward()
    for key, parameter in plain.named_parameters():
        gradient = rewritten.get_parameter(key).grad
        torch.testing.assert_close(gradient, parameter.grad, atol=1e-5, rtol=1e-4)


def test_the_generator_of_the_gan_is_rewritten() -> None:
    method = build_method("gan3d", {"width": 4}, sources=1)
    rewrite_for_training(method, device="cpu")
    kinds = {type(layer) for layer in method.modules()}
    assert {CarefulConv3d, TransposedUpConv} <= kinds
