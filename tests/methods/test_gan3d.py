"""The paper's GAN."""

import math
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from crossvox.contract import Batch
from crossvox.errors import SettingsError
from crossvox.methods.gan3d import Config, Method
from crossvox.synthesis.catalogue import method_settings

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
SMALL = Config(width=4, depth=2, discriminator_width=4, discriminator_levels=2, l1_weight=3.0)


def batch() -> Batch:
    torch.manual_seed(1)
    source = torch.rand(1, 1, 16, 16, 16) * 2 - 1
    return Batch(source=source, target=-source, mask=torch.ones_like(source))


def test_the_defaults_are_those_of_our_own_experiments() -> None:
    ours = tomllib.loads((EXPERIMENTS / "flair_t1_2mm.toml").read_text())["method"]
    assert (Config().l1_weight, Config().learning_rate) == (100.0, 3e-4)
    assert (ours["l1_weight"], ours["learning_rate"]) == (100.0, 3e-4)


def test_the_papers_experiment_sets_the_papers_values_itself() -> None:
    paper = tomllib.loads((EXPERIMENTS / "paper_flair_to_t1.toml").read_text())
    method, training = paper["method"], paper["training"]
    assert (method["l1_weight"], method["learning_rate"], method["norm"]) == (1.0, 1e-4, "batch")
    for name in ("flip_share", "ema", "clip", "decay_share"):
        assert training[name] == 0.0


def test_the_generators_loss_is_the_adversarial_and_the_weighted_l1_term() -> None:
    method = Method(SMALL, sources=1)
    for objective in method.objectives(batch()):
        if objective.network == "generator":
            terms = objective.terms
            assert objective.loss.item() == pytest.approx(
                terms["adversarial"].item() + 3.0 * terms["l1"].item()
            )


def test_an_undecided_discriminator_loses_two_bits_of_natural_logarithm() -> None:
    method = Method(SMALL, sources=1)
    for parameter in method.discriminator.dense[-1].parameters():
        torch.nn.init.zeros_(parameter)
    first = next(iter(method.objectives(batch())))
    assert first.network == "discriminator"
    assert first.loss.item() == pytest.approx(2 * math.log(2))


def test_the_generator_runs_once_for_both_turns() -> None:
    method = Method(SMALL, sources=1)
    calls = []
    method.generator.register_forward_hook(lambda *_: calls.append(1))
    for objective in method.objectives(batch()):
        objective.loss.backward()
    assert len(calls) == 1


def test_statistics_at_prediction_time_are_those_that_are_set() -> None:
    torch.manual_seed(0)
    running = Method(SMALL, sources=1).eval()
    torch.manual_seed(0)
    by_batch = Method(Config(**{**vars(SMALL), "prediction_statistics": "batch"}), sources=1).eval()
    source = torch.rand(1, 1, 8, 8, 8)
    with torch.inference_mode():
        assert not torch.allclose(running.synthesize(source), by_batch.synthesize(source))
        running.generator.train()
        torch.testing.assert_close(running.generator(source), by_batch.synthesize(source))


def test_l1_alone_falls_when_the_adversary_is_weak() -> None:
    torch.manual_seed(0)
    method = Method(Config(**{**vars(SMALL), "l1_weight": 100.0, "learning_rate": 3e-3}), sources=1)
    optimizers, pair, l1 = method.optimizers(), batch(), []
    for _ in range(40):
        for objective in method.objectives(pair):
            objective.loss.backward()
            optimizers[objective.network].step()
            optimizers[objective.network].zero_grad()
        l1.append(objective.terms["l1"].item())
    assert l1[-1] < l1[0] / 3


@pytest.mark.parametrize("name", ["width", "depth", "learning_rate"])
def test_what_must_be_positive_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"method.{name}"):
        method_settings("gan3d", {name: 0})


@pytest.mark.parametrize("far", [4.0, pytest.param(8.0, marks=pytest.mark.slow)])
def test_a_collapsed_generator_recovers_under_autocast(far: float) -> None:
    torch.manual_seed(0)
    method = Method(replace(SMALL, l1_weight=100.0, learning_rate=1e-3), sources=1)
    torch.nn.init.constant_(method.generator.head.bias, far)  # type: ignore[arg-type]  # it has
    optimizers, pair, l1 = method.optimizers(), batch(), []
    for _ in range(120):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            for objective in method.objectives(pair):
                objective.loss.backward()
                optimizers[objective.network].step()
                optimizers[objective.network].zero_grad()
        l1.append(objective.terms["l1"].item())
    assert l1[-1] < 0.7 * l1[0]
