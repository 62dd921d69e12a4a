"""Estimate the seconds of a training step by timing steps on a small patch."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, process_time

import torch

from crossvox.acceleration.compute import Compute, channels_last
from crossvox.acceleration.training import rewrite_for_training
from crossvox.contract import Batch, SynthesisMethod
from crossvox.synthesis.catalogue import build_method
from crossvox.training.experiment import Experiment, Sizes
from crossvox.training.patch_plan import accepts_patch

LARGEST_TIMED_VOXELS = 48**3  # a second or two for the built-in networks
TIMED_STEPS = 2  # after a first step that allocates memory


def estimated_seconds_per_step(
    experiment: Experiment, *, patch: Sizes, batch: int, compute: Compute
) -> float:
    """Rough estimate of the seconds of a training step on this machine when it is idle.

    Steps are timed on random voxels, in the patch halved until it is small, and scaled by the
    number of voxels. On a CPU a single thread is timed in CPU seconds, divided by the number of
    threads: other work on the machine then hardly counts, while threads that wait for each other
    on a busy machine would take many times longer.

    Args:
        experiment: Experiment, for its method and modalities.
        patch: Size of a training patch in voxels.
        batch: Number of patches per step.
        compute: Device and precision of the run.
    """
    sources = len(experiment.cohort.source)
    method = build_method(experiment.method, experiment.method_settings, sources=sources)
    method.to(compute.device).train()
    rewrite_for_training(method, device=compute.device)
    channels_last(method)
    small = _small(method, patch)
    random_batch = _random_batch(experiment, small, compute)
    ratio = math.prod(patch) / math.prod(small) * batch
    if compute.device != "cpu":
        return _seconds_of_step(method, random_batch, compute) * ratio
    threads = torch.get_num_threads()
    with _single_thread():
        return _seconds_of_step(method, random_batch, compute) * ratio / threads


def _small(method: SynthesisMethod, patch: Sizes) -> Sizes:
    """`patch` with its longest side halved while it is large and the networks accept it."""
    while math.prod(patch) > LARGEST_TIMED_VOXELS:
        sides = list(patch)
        longest = sides.index(max(sides))
        multiple = method.patch_multiples[longest]
        sides[longest] = math.ceil(sides[longest] / 2 / multiple) * multiple
        halved = (sides[0], sides[1], sides[2])
        if halved == patch or not accepts_patch(method, halved):
            break
        patch = halved
    return patch


def _random_batch(experiment: Experiment, patch: Sizes, compute: Compute) -> Batch:
    source, target, mask = (
        torch.rand(1, channels, *patch, device=compute.device)
        .mul_(2)
        .sub_(1)
        .contiguous(memory_format=torch.channels_last_3d)
        for channels in (len(experiment.cohort.source), 1, 1)
    )
    return Batch(source=source, target=target, mask=torch.ones_like(mask))


@contextmanager
def _single_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _seconds_of_step(method: SynthesisMethod, batch: Batch, compute: Compute) -> float:
    clock = process_time if compute.device == "cpu" else perf_counter
    optimizers = method.optimizers()
    start = clock()
    for step in range(1 + TIMED_STEPS):
        if step == 1:
            start = clock()
        with torch.autocast(compute.device, dtype=torch.bfloat16, enabled=compute.bf16):
            for objective in method.objectives(batch):
                with torch.autocast(compute.device, enabled=False):
                    objective.loss.backward()
                optimizers[objective.network].step()
                optimizers[objective.network].zero_grad(set_to_none=True)
        if compute.device == "cuda":
            torch.cuda.synchronize()
    return (clock() - start) / TIMED_STEPS
