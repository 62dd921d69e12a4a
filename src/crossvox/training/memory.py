"""Predict the memory of a training step without running it."""

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

KEPT_PER_WEIGHT = 3  # two moments of Adam and the EMA; gradients are counted in the step


def step_bytes(experiment: Experiment, patch: Sizes, *, patches: int, compute: Compute) -> int:
    """Memory of a training step in bytes, with weights, gradients and optimizers.

    Args:
        experiment: Experiment, for its method and its number of source modalities.
        patch: Patch size in voxels.
        patches: Number of patches that pass through the networks at once.
        compute: Device and precision of the networks.

    Raises:
        SettingsError: The method refuses such patches.
    """
    recomputing = experiment.training.recompute == "blocks"
    settings = json.dumps([dict(experiment.method_settings), recomputing], sort_keys=True)
    sizes = (patches, len(experiment.cohort.source), *patch)
    alive = _alive_bytes(experiment.method, settings, sizes, compute=compute)
    return resident_bytes(alive, device=compute.device)


@lru_cache(maxsize=256)  # a plan repeats patches, and each takes half a second
def _alive_bytes(name: str, settings: str, sizes: tuple[int, ...], *, compute: Compute) -> int:
    """Peak bytes of tensors in a step, with the state of optimizers and the EMA.

    Args:
        name: Name of the method.
        settings: JSON list of the method's settings and whether blocks are recomputed.
        sizes: Shape of the source, (patches, sources, X, Y, Z).
        compute: Device and precision of the networks.
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
        weights = sum(weight.numel() * weight.element_size() for weight in method.parameters())
        source, target, mask = (torch.empty(patches, n, *patch) for n in (sources, 1, 1))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=compute.bf16):
            for objective in method.objectives(Batch(source=source, target=target, mask=mask)):
                with torch.autocast("cpu", enabled=False):
                    objective.loss.backward()

    return peak_bytes(step, autocast=True) + KEPT_PER_WEIGHT * weights
