"""Losses."""

import pytest
import torch

from crossvox.networks.losses import masked_l1


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


def test_an_empty_mask_gives_no_loss() -> None:
    ones = torch.ones(1, 1, 2, 2, 2)
    assert masked_l1(ones, -ones, mask=torch.zeros_like(ones)).item() == 0
