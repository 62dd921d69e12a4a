"""Losses."""

import math

import pytest
import torch

from crossvox.networks.losses import label_cross_entropy, masked_l1, masked_l2


def test_masked_l1_looks_only_inside_the_mask() -> None:
    target = torch.zeros(1, 1, 2, 2, 2)
    synthesized = torch.full_like(target, 3.0)
    mask = torch.zeros_like(target)
    mask[..., 0, 0, 0] = 1
    synthesized[..., 1, 1, 1] = 100
    assert masked_l1(synthesized, target, mask=mask).item() == pytest.approx(3.0)


def test_each_item_of_a_batch_counts_the_same_whatever_its_mask() -> None:
    target = torch.zeros(2, 1, 2, 2, 2)
    synthesized = torch.stack([torch.full((1, 2, 2, 2), 1.0), torch.full((1, 2, 2, 2), 3.0)])
    mask = torch.ones_like(target)
    mask[1, 0, 0] = 0
    assert masked_l1(synthesized, target, mask=mask).item() == pytest.approx(2.0)


def test_voxels_of_small_weight_count_little() -> None:
    target = torch.zeros(1, 1, 2, 2, 2)
    synthesized = torch.full_like(target, 4.0)
    weight = torch.full_like(target, 0.25)
    weight[..., 0] = 1
    assert masked_l1(synthesized, target, mask=weight).item() == pytest.approx(4 * 0.625)
    assert masked_l2(synthesized, target, mask=weight).item() == pytest.approx(16 * 0.625)


def test_a_patch_of_air_counts_as_its_weight_says() -> None:
    ones = torch.ones(1, 1, 2, 2, 2)
    assert masked_l1(ones, 0 * ones, mask=0.25 * ones).item() == pytest.approx(0.25)


def test_an_empty_mask_gives_no_loss() -> None:
    ones = torch.ones(1, 1, 2, 2, 2)
    assert masked_l1(ones, -ones, mask=torch.zeros_like(ones)).item() == 0


def test_losses_are_float32_whatever_they_are_given() -> None:
    answer = torch.full((1, 1, 2, 2, 2), 0.1, dtype=torch.bfloat16)
    ones = torch.ones(1, 1, 2, 2, 2)
    for loss in (masked_l1(answer, ones, mask=ones), masked_l2(answer, ones, mask=ones)):
        assert loss.dtype == torch.float32
    assert label_cross_entropy(answer, label=1.0).dtype == torch.float32


def test_an_undecided_discriminator_loses_the_logarithm_of_two() -> None:
    logits = torch.zeros(1, 1, 2, 2, 2)
    for label in (0.0, 1.0):
        assert label_cross_entropy(logits, label=label).item() == pytest.approx(math.log(2))
