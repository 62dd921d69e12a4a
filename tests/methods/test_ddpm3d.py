"""Diffusion."""

from dataclasses import replace

import pytest
import torch

from crossvox.contract import Batch
from crossvox.errors import SettingsError
from crossvox.methods.ddpm3d import Config, Method
from crossvox.networks.noise import normal_noise
from crossvox.synthesis.catalogue import method_settings

SMALL = Config(width=4, depth=2, sampling_steps=4)
SOURCE = torch.randn(1, 1, 9, 14, 7, generator=torch.Generator().manual_seed(0))


def built(config: Config) -> Method:
    torch.manual_seed(0)
    return Method(config, sources=1).eval()


def test_the_defaults_are_those_of_our_own_experiments() -> None:
    assert (Config().prediction, Config().schedule, Config().steps) == ("v", "cosine", 1000)


def test_there_are_as_many_passes_as_steps() -> None:
    method, calls = built(SMALL), []
    method.denoiser.register_forward_hook(lambda *_: calls.append(1))
    with torch.inference_mode():
        method.synthesize(SOURCE)
    assert len(calls) == method.passes == 4


@pytest.mark.parametrize("sampler", ["ddim", "ancestral"])
def test_equal_noise_gives_equal_samples_and_other_noise_others(sampler: str) -> None:
    method = built(replace(SMALL, sampler=sampler))  # type: ignore[arg-type]  # parametrized
    noise = normal_noise((1, 1, 9, 14, 7), seed=3)
    with torch.inference_mode():
        one, same = method.synthesize(SOURCE, noise=noise), method.synthesize(SOURCE, noise=noise)
        other = method.synthesize(SOURCE, noise=normal_noise((1, 1, 9, 14, 7), seed=4))
    assert torch.equal(one, same)
    assert not torch.allclose(one, other)


def test_ddim_draws_once_and_ancestral_sampling_at_each_step() -> None:
    drawn: list[int] = []
    normal = normal_noise((1, 1, 9, 14, 7), seed=0)

    def noise(step: int) -> torch.Tensor:
        drawn.append(step)
        return normal(step)

    with torch.inference_mode():
        built(SMALL).synthesize(SOURCE, noise=noise)
        assert drawn == [0]
        built(replace(SMALL, sampler="ancestral")).synthesize(SOURCE, noise=noise)
    assert drawn == [0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("schedule", ["linear", "cosine"])
@pytest.mark.parametrize("prediction", ["epsilon", "v"])
def test_a_denoiser_that_knows_the_target_samples_it(schedule: str, prediction: str) -> None:
    config = replace(SMALL, schedule=schedule, prediction=prediction, sampling_steps=20)  # type: ignore[arg-type]  # parametrized
    method, target = built(config), torch.rand(1, 1, 8, 8, 8) * 2 - 1

    def answer(noisy: torch.Tensor, _: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        share = method.shares[step].reshape(-1, 1, 1, 1, 1)
        noise = (noisy - share.sqrt() * target) / (1 - share).sqrt()
        if prediction == "epsilon":
            return noise
        return share.sqrt() * noise - (1 - share).sqrt() * target

    method.denoiser.forward = answer  # type: ignore[method-assign, assignment]  # an oracle
    with torch.inference_mode():
        sample = method.synthesize(torch.zeros(1, 1, 8, 8, 8))
    # the last of 20 steps leaves the noise of step 49 of 1000 in float32
    torch.testing.assert_close(sample, target, atol=1e-3, rtol=0)


def test_the_loss_counts_inside_the_mask_only() -> None:
    method, source, mask = built(SMALL), torch.rand(2, 1, 8, 8, 8), torch.ones(2, 1, 8, 8, 8)
    mask[:, :, :4] = 0
    losses = []
    for outside in (0.0, 9.0):
        target = torch.where(mask > 0, 0.5, outside)
        # An answer that differs from what is wanted by as much as the target does.
        method.denoiser.forward = lambda noisy, *_: noisy  # type: ignore[method-assign]
        torch.manual_seed(1)
        (objective,) = method.objectives(Batch(source=source, target=target, mask=mask))
        losses.append(objective.loss.item())
    assert losses[0] > 0
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"sampling_steps": 2000}, "sampling_steps"),
        ({"steps": 0}, "steps"),
        ({"width": 0}, "width"),
    ],
)
def test_impossible_settings_are_refused_by_name(given: dict[str, object], word: str) -> None:
    with pytest.raises(SettingsError, match=f"method.{word}"):
        method_settings("ddpm3d", given)
