"""What variants share."""

from dataclasses import replace

import pytest
import torch

from crossvox.errors import SettingsError
from crossvox.variants.variant import AS_OURS, AS_TORCH, Setting, Treatment, random_volume


def test_every_process_sees_the_same_noise_within_network_scale(small: Setting) -> None:
    volume = random_volume(small)
    assert volume.shape == (1, 1, *small.sizes)
    assert torch.equal(volume, random_volume(small))
    assert -1 <= volume.min() < volume.max() <= 1


@pytest.mark.parametrize("name", ["width", "threads", "discriminator_width", "convolution_side"])
def test_a_setting_below_one_is_refused_by_its_name(name: str) -> None:
    given = {"sizes": (8, 8, 8), "threads": 1} | {name: 0}
    with pytest.raises(SettingsError, match=f"{name} must be at least 1, got 0"):
        Setting(**given)  # type: ignore[arg-type]  # the names are those of whole numbers


def test_sizes_below_one_are_refused(small: Setting) -> None:
    with pytest.raises(
        SettingsError, match=r"sizes and window must be at least 1, got \(8, 0, 8\)"
    ):
        replace(small, sizes=(8, 0, 8))


def test_a_treatment_says_extent_precision_and_order() -> None:
    assert AS_OURS.in_words(fast="bfloat16") == "whole, bfloat16, channels last"
    assert AS_TORCH.in_words(fast="bfloat16") == "whole, float32, contiguous"
    windows = Treatment(extent="windows", overlap=0.25)
    assert windows.in_words(fast="float32") == "windows overlapping by 0.25, float32, contiguous"
