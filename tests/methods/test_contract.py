"""What every method must keep, over every file in `methods/`."""

import copy
import math

import pytest
import torch

from crossvox.contract import Batch, Sizes, SynthesisMethod
from crossvox.errors import SettingsError
from crossvox.synthesis.catalogue import build_method, method_names, method_settings
from weights import fill_zero_parameters

SMALL = {
    "width": 4,
    "depth": 2,
    "blocks": (1, 1, 2),
    "discriminator_width": 4,
    "discriminator_levels": 2,
    "sampling_steps": 3,
}

pytestmark = pytest.mark.parametrize("name", method_names())


def small(name: str, *, sources: int = 1, seed: int = 0) -> SynthesisMethod:
    """A small method as if it had learned."""
    known = method_settings(name, {})
    torch.manual_seed(seed)
    method = build_method(name, {key: SMALL[key] for key in SMALL if key in known}, sources=sources)
    fill_zero_parameters(method)
    return method


def batch(*, sources: int = 1) -> Batch:
    generator = torch.Generator().manual_seed(3)
    source = torch.rand(2, sources, 16, 16, 16, generator=generator) * 2 - 1
    return Batch(source=source, target=-source[:, :1], mask=torch.ones_like(source[:, :1]))


def learn(method: SynthesisMethod, *, steps: int) -> list[float]:
    """The last network's loss, step by step."""
    optimizers = method.optimizers()
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        for objective in method.objectives(batch()):
            objective.loss.backward()
            optimizers[objective.network].step()
            optimizers[objective.network].zero_grad()
            last = objective.loss.item()
        losses.append(last)
    return losses


def test_each_objective_moves_its_own_network_and_no_other(name: str) -> None:
    method = small(name)
    for objective in method.objectives(batch()):
        objective.loss.backward()
        for child, network in method.named_children():
            touched = any(parameter.grad is not None for parameter in network.parameters())
            assert touched == (child == objective.network)
        method.zero_grad()


def test_there_is_an_optimizer_for_each_network_that_learns(name: str) -> None:
    method = small(name)
    learning = {objective.network for objective in method.objectives(batch())}
    assert learning == set(method.optimizers())


def test_equal_seeds_learn_equally(name: str) -> None:
    assert learn(small(name), steps=3) == learn(small(name), steps=3)


def test_any_size_is_synthesized_in_range(name: str) -> None:
    method = small(name).eval()
    with torch.inference_mode():
        synthesized = method.synthesize(torch.zeros(1, 1, 9, 14, 7), noise=None)
    assert synthesized.shape == (1, 1, 9, 14, 7)
    assert synthesized.abs().max() <= 1


def test_the_product_alone_synthesizes(name: str) -> None:
    method, other = small(name).eval(), small(name, seed=1).eval()
    for network in method.product:
        other.get_submodule(network).load_state_dict(method.get_submodule(network).state_dict())
    source = torch.rand(1, 1, 8, 8, 8)
    with torch.inference_mode():
        assert torch.equal(method.synthesize(source), other.synthesize(source))


def test_synthesizing_changes_nothing(name: str) -> None:
    method = small(name).eval()
    before = copy.deepcopy(method.state_dict())
    with torch.inference_mode():
        method.synthesize(torch.rand(1, 1, 8, 8, 8))
    assert all(torch.equal(before[key], value) for key, value in method.state_dict().items())


def test_several_source_channels_are_taken(name: str) -> None:
    method = small(name, sources=2)
    for objective in method.objectives(batch(sources=2)):
        objective.loss.backward()
        assert torch.isfinite(objective.loss)


PATCHES: tuple[Sizes, ...] = (
    (16, 16, 16), (12, 8, 8), (8, 8, 4), (6, 8, 8), (4, 4, 4), (12, 12, 1),
)  # fmt: skip


def is_taken(method: SynthesisMethod, sizes: Sizes) -> bool:
    try:
        method.refuse_patch(sizes)
    except SettingsError:
        return False
    return True


@pytest.mark.parametrize("sizes", PATCHES, ids=str)
def test_patches_are_refused_beforehand_or_learned_from(name: str, sizes: Sizes) -> None:
    method = small(name)
    patch = torch.rand(1, 1, *sizes) * 2 - 1
    single = Batch(source=patch, target=-patch, mask=torch.ones_like(patch))
    if is_taken(method, sizes):
        assert all(torch.isfinite(objective.loss) for objective in method.objectives(single))


def test_a_patch_that_is_too_small_is_refused_with_the_settings_that_decide(name: str) -> None:
    with pytest.raises(SettingsError, match=r"^training\.patch 3x3x3 .*\(.*method\."):
        small(name).refuse_patch((3, 3, 3))


def test_a_large_patch_of_the_multiples_is_taken(name: str) -> None:
    method = small(name)
    x, y, z = (math.ceil(32 / multiple) * multiple for multiple in method.patch_multiples)
    method.refuse_patch((x, y, z))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("learning_rate", math.nan),
        ("learning_rate", math.inf),
        ("learning_rate", 0),
        ("learning_rate", -1e-3),
        ("betas", [2, 0.9]),
        ("betas", [0.9, math.nan]),
        ("width", 0),
        ("width", True),
        ("width", 10**6),
        ("depth", 10**6),
        ("blocks", [1] * 10**6),
        ("discriminator_width", 0),
        ("discriminator_levels", 10**6),
        ("l1_weight", -1),
        ("l1_weight", math.nan),
        ("weight_decay", -1),
        ("steps", 10**9),
        ("sampling_steps", 0),
    ],
)
def test_settings_out_of_bounds_are_refused_by_name(name: str, setting: str, value: object) -> None:
    if setting not in method_settings(name, {}):
        return
    with pytest.raises(SettingsError, match=rf"^method\.{setting}\b"):
        method_settings(name, {setting: value})
