"""How much memory a training step takes, before any is taken."""

import torch

from crossvox.contract import Batch
from crossvox.networks.recomputing import recompute_blocks
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.compute import Compute, resident_bytes
from crossvox.synthesis.memory import peak_bytes
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
    sources = len(experiment.cohort.source)
    weights = 0

    def step() -> None:
        nonlocal weights
        method = build_method(experiment.method, experiment.method_settings, sources=sources)
        if experiment.training.recompute == "blocks":
            recompute_blocks(method)
        weights = sum(one.numel() * one.element_size() for one in method.parameters())
        source, target, mask = (torch.empty(patches, n, *patch) for n in (sources, 1, 1))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=compute.bf16):
            for objective in method.objectives(Batch(source=source, target=target, mask=mask)):
                with torch.autocast("cpu", enabled=False):
                    objective.loss.backward()

    alive = peak_bytes(step, autocast=True) + KEPT_PER_WEIGHT * weights
    return resident_bytes(alive, device=compute.device)
