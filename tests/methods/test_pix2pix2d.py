"""Pix2Pix, slice by slice."""

import math

import pytest
import torch

from crossvox.contract import Batch
from crossvox.errors import SettingsError
from crossvox.methods.pix2pix2d import Config, Method, SliceAxis
from crossvox.synthesis.catalogue import method_settings

AXES: tuple[SliceAxis, ...] = ("x", "y", "z")
SIZES = {"x": 2, "y": 3, "z": 4}


def small(axis: SliceAxis = "z") -> Method:
    torch.manual_seed(0)
    config = Config(
        slice_axis=axis, width=4, depth=3, discriminator_width=4, discriminator_levels=1
    )
    return Method(config, sources=1)


def test_the_published_values_are_the_defaults() -> None:
    assert Config().l1_weight == 100.0
    assert Config().learning_rate == 2e-4
    assert Config().betas == (0.5, 0.999)
    assert (Config().width, Config().discriminator_levels) == (64, 3)
    assert Method(Config(width=1), sources=1).depth == 8


@pytest.mark.parametrize("axis", AXES)
def test_a_slice_knows_nothing_of_its_neighbors(axis: SliceAxis) -> None:
    method, dim = small(axis).eval(), SIZES[axis]
    source = torch.randn(1, 1, 16, 12, 20)
    other = source.clone()
    other.select(dim, 5).neg_()
    with torch.inference_mode():
        one, two = method.synthesize(source), method.synthesize(other)
    assert one.shape == source.shape
    kept = [index for index in range(source.shape[dim]) if index != 5]
    # float32 sums may come in another order where slices are batched
    torch.testing.assert_close(
        one.index_select(dim, torch.tensor(kept)), two.index_select(dim, torch.tensor(kept))
    )
    assert not torch.equal(one.select(dim, 5), two.select(dim, 5))


def test_equal_slices_give_equal_slices() -> None:
    method = small().eval()
    source = torch.randn(1, 1, 16, 16, 1).expand(-1, -1, -1, -1, 5)
    with torch.inference_mode():
        synthesized = method.synthesize(source)
    torch.testing.assert_close(synthesized, synthesized[..., :1].expand_as(synthesized))


def test_more_slices_than_are_done_at_once_give_the_same() -> None:
    method = small().eval()
    source = torch.randn(1, 1, 8, 8, 40)
    with torch.inference_mode():
        whole = method.synthesize(source)
        last = method.synthesize(source[..., -3:])
    # float32 sums in another order
    torch.testing.assert_close(whole[..., -3:], last, atol=1e-5, rtol=1e-4)


def test_the_discriminators_loss_is_halved_and_the_generators_weighted() -> None:
    method = small()
    torch.nn.init.zeros_(method.discriminator.layers[-1].weight)  # type: ignore[arg-type]  # it has
    source = torch.randn(1, 1, 16, 16, 2)
    batch = Batch(source=source, target=-source, mask=torch.ones_like(source))
    for objective in method.objectives(batch):
        if objective.network == "generator":
            terms = objective.terms
            wanted = terms["adversarial"] + 100 * terms["l1"]
            torch.testing.assert_close(objective.loss.detach(), wanted)
        else:
            # logits of 0 cost log 2, for the real and for the synthesized pair
            assert objective.loss.item() == pytest.approx(math.log(2))


def test_patches_too_small_for_the_discriminator_are_refused_with_what_to_do() -> None:
    method = Method(Config(width=4, depth=2, discriminator_width=4), sources=1)
    source = torch.randn(1, 1, 16, 16, 2)
    batch = Batch(source=source, target=-source, mask=torch.ones_like(source))
    with pytest.raises(SettingsError, match=r"enlarge training\.patch"):
        next(method.objectives(batch))


def test_what_must_be_positive_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"method\.depth"):
        method_settings("pix2pix2d", {"depth": 0})
