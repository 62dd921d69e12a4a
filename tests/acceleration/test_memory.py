"""Memory that is known before it is taken."""

import pytest
import torch
from torch import nn

from crossvox.acceleration.memory import peak_bytes
from crossvox.contract import SynthesisMethod
from crossvox.networks.noise import normal_noise
from crossvox.synthesis.catalogue import build_method, method_names, method_settings

SMALL = {"width": 4, "depth": 2, "blocks": (1, 1, 2), "sampling_steps": 2}
FLOAT = 4


def small(name: str) -> SynthesisMethod:
    known = method_settings(name, {})
    settings = {key: value for key, value in SMALL.items() if key in known}
    return build_method(name, settings, sources=1).eval()


def test_what_is_freed_does_not_count() -> None:
    def work() -> None:
        for _ in range(3):
            torch.empty(1000).add_(1)

    assert peak_bytes(work) == 1000 * FLOAT


def test_what_is_kept_adds_up_and_views_do_not() -> None:
    def work() -> None:
        kept = [torch.empty(1000) for _ in range(3)]
        kept.append(kept[0].reshape(10, 100))
        kept.append(kept[1][:5])

    assert peak_bytes(work) == 3 * 1000 * FLOAT


def test_a_convolution_takes_its_input_and_its_output() -> None:
    network = nn.Conv3d(1, 8, 3, padding=1)

    def work() -> None:
        with torch.inference_mode():
            network(torch.empty(1, 1, 16, 16, 16))

    assert peak_bytes(work) == (1 + 8) * 16**3 * FLOAT


def test_half_the_bytes_take_half_the_memory() -> None:
    assert peak_bytes(lambda: torch.empty(64, dtype=torch.bfloat16)) == 64 * 2


def test_sizes_that_no_machine_holds_cost_nothing_to_ask_for() -> None:
    assert peak_bytes(lambda: torch.empty(2**50)) == 2**52


@pytest.mark.parametrize("name", method_names())
def test_every_methods_memory_grows_with_the_volume_and_changes_nothing(name: str) -> None:
    method = small(name)
    before = {key: value.clone() for key, value in method.state_dict().items()}

    def taken(size: int) -> int:
        with torch.inference_mode():
            return peak_bytes(lambda: method.synthesize(torch.empty(1, 1, size, size, size)))

    # eight times the voxels; pix2pix2d does 16 slices at once, so only the area counts
    assert 3.5 < taken(64) / taken(32) < 8.5
    assert all(torch.equal(before[key], value) for key, value in method.state_dict().items())


@pytest.mark.parametrize("name", method_names())
def test_both_ways_to_find_it_find_the_same(name: str) -> None:
    method = small(name)
    noise = normal_noise((1, 1, 32, 32, 32), seed=0)

    def work() -> None:
        method.synthesize(torch.empty(1, 1, 32, 32, 32), noise=noise)

    with torch.inference_mode():
        assert peak_bytes(work) == peak_bytes(work, autocast=True)


def test_precision_by_autocast_counts() -> None:
    network = nn.Conv3d(1, 8, 3, padding=1, bias=False)

    def work() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            network(torch.empty(1, 1, 16, 16, 16))

    weights = 8 * 27
    voxels = 16**3
    assert peak_bytes(work, autocast=True) <= voxels * (FLOAT + 2 + 8 * 2) + 2 * weights
    assert peak_bytes(work, autocast=True) < peak_bytes(work)


def test_views_of_weights_are_no_obstacle() -> None:
    weight = nn.Parameter(torch.ones(4, 4), requires_grad=False)

    def work() -> list[torch.Tensor]:
        return [2 * half for half in weight.split([2, 2])]

    with torch.inference_mode():
        assert peak_bytes(work) == 2 * weight.numel() * FLOAT  # the weight through its view
