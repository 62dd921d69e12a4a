"""How much memory a training step takes, before any is taken."""

import json
from functools import lru_cache

import torch

from crossvox.acceleration.compute import Compute, resident_bytes
from crossvox.acceleration.memory import peak_bytes
from crossvox.acceleration.training import rewrite_for_training
from crossvox.contract import Batch
from crossvox.networks.recomputing import recompute_blocks
from crossvox.synthesis.catalogue import build_method
from crossvox.training.experiment import Experiment, Sizes

KEPT_PER_WEIGHT = 3  # two moments of Adam, the moving average; the gradient is the step's own


def step_bytes(experiment: Experiment, patch: Sizes, *, patches: int, compute: Compute) -> int:
    """Memory that a training step takes, weights, gradients and optimizers included.

    Args:
        experiment: Its method is built, its source modalities counted.
        patch: Sizes of a patch.
        patches: That pass the networks at once.
        compute: Where and how the networks run.

    Raises:
        SettingsError: The method refuses such patches.
    """
    recomputing = experiment.training.recompute == "blocks"
    settings = json.dumps([dict(experiment.method_settings), recomputing], sort_keys=True)
    sizes = (patches, len(experiment.cohort.source), *patch)
    alive = _alive_bytes(experiment.method, settings, sizes, compute=compute)
    return resident_bytes(alive, device=compute.device)


@lru_cache(maxsize=256)  # a plan asks for the same patch several times, each half a second of work
def _alive_bytes(name: str, settings: str, sizes: tuple[int, ...], *, compute: Compute) -> int:
    """Bytes alive at once in a step on (patches, sources, X, Y, Z), with what optimizers keep.

    Args:
        name: Of the method.
        settings: As JSON: those of the method, and whether blocks are recomputed.
        sizes: Of the source.
        compute: Where and how the networks run.
    """
    patches, sources, *patch = sizes
    method_settings, recomputing = json.loads(settings)
    weights = 0

    def step() -> None:
        nonlocal weights
        method = build_method(name, method_settings, sources=sources)
        rewrite_for_training(method, device=compute.device)
        if recomputing:
            recompute_blocks(method)
        weights = sum(one.numel() * one.element_size() for one in method.parameters())
        source, target, mask = (torch.empty(patches, n, *patch) for n in (sources, 1, 1))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=compute.bf16):
            for objective in method.objectives(Batch(source=source, target=target, mask=mask)):
                with torch.autocast("cpu", enabled=False):
                    objective.loss.backward()

    return peak_bytes(step, autocast=True) + KEPT_PER_WEIGHT * weights
