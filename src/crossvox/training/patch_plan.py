"""Plan and check patches that fit the networks, the volumes and the memory."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NoReturn

import numpy as np

from crossvox.acceleration.compute import Compute
from crossvox.contract import SynthesisMethod
from crossvox.errors import ResourceError, SettingsError
from crossvox.networks.patches import format_sizes
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.weights import OnMetaDevice
from crossvox.training.experiment import Experiment, Sizes, TrainingSettings
from crossvox.training.memory import KEPT_PER_WEIGHT, step_bytes

AXES = "xyz"
MEMORY_SHARE = 0.7  # share of free memory that a planned patch may take
LARGEST_CPU_PATCH = 96**3  # voxels per step: about a second on two cores
MOST_GROWTH = 2  # patch side over working grid side; the rest of the patch is background
CUT_VOXELS = 16  # per cut, rounded up to the multiple that the networks need
MOST_SLICES = 8  # in a planned batch of whole slices
GIBIBYTE = 2**30

Fits = Callable[[Sizes], bool]


def refuse_patch(experiment: Experiment, *, compute: Compute, free_bytes: int) -> None:
    """Check the networks, and the patch if it is set, before any volume is read.

    Raises:
        SettingsError: The networks cannot be trained on such patches.
        ResourceError: The weights, or a step on such patches, do not fit in memory.
    """
    method, patch = refuse_impossible_patch(experiment), experiment.training.patch
    _refuse_weights(method, free_bytes)
    if patch is None:
        return
    needed = needed_bytes(experiment, patch, compute)
    if needed <= free_bytes:
        return
    fitting = _cut(method, patch, _fits(experiment, compute, free_bytes))
    remedy = f"training.patch=[{', '.join(map(str, fitting))}] fits; or set" if fitting else "set"
    raise ResourceError(
        f"training.patch {format_sizes(patch)} takes {needed / GIBIBYTE:.1f} GiB per step and"
        f" {free_bytes / GIBIBYTE:.1f} GiB are free; {remedy} a smaller method.width or"
        " training.batch"
    )


def refuse_impossible_patch(experiment: Experiment) -> SynthesisMethod:
    """Build the method and check the patch, if it is set, against its networks.

    Returns:
        The method, whose weights have shapes but no values.

    Raises:
        SettingsError: The method cannot be built, or it cannot be trained on such patches.
    """
    method = method_of(experiment)
    if experiment.training.patch is not None:
        method.refuse_patch(experiment.training.patch)
    return method


def plan_patch(
    experiment: Experiment, shapes: Sequence[Sizes], *, compute: Compute, free_bytes: int
) -> tuple[Sizes, int]:
    """Plan the patch and the batch for volumes of `shapes`.

    A 2D method is trained on whole slices, because it synthesizes whole slices: the plane of the
    median volume, one slice thick, several in a batch. A 3D method is trained on the median
    volume, its longest side cut until a step is quick and fits in memory.

    Args:
        experiment: Experiment whose `training.patch` is None, and whose batch may be.
        shapes: Sizes in voxels of the training cases' working grids.
        compute: Device and precision of the run.
        free_bytes: Free memory in bytes.

    Returns:
        Patch size in voxels and number of patches per step.

    Raises:
        SettingsError: The networks cannot be trained on patches near these sizes.
        ResourceError: No patch fits in memory.
    """
    method, axis = method_of(experiment), slice_axis(experiment)
    median = median_of(shapes)
    if axis is not None:
        plane = (*median[:axis], 1, *median[axis + 1 :])
        patch = _grown(method, _sizes(plane))
        return patch, _plan_slices(experiment, patch, compute, free_bytes)
    batch = batch_of(experiment.training)
    chosen = _with_batch(experiment, batch)
    whole = _grown(method, median)
    quick = _cut(method, whole, lambda cut: _is_quick(math.prod(cut), compute)) or whole
    fitting = _cut(method, quick, _fits(chosen, compute, free_bytes))
    if fitting is None:
        raise ResourceError(
            f"no training patch fits in the {free_bytes / GIBIBYTE:.1f} GiB of free memory; set a"
            " smaller method.width"
        )
    return fitting, batch


def batch_of(settings: TrainingSettings) -> int:
    """Number of patches per step; 1 if it is not set."""
    return 1 if settings.batch is None else settings.batch


def median_of(shapes: Sequence[Sizes]) -> Sizes:
    """Median of each size in voxels, rounded up."""
    return _sizes([math.ceil(size) for size in np.median(np.array(shapes), axis=0)])


def slice_axis(experiment: Experiment) -> int | None:
    """Index of the axis that slices are stacked along; None for a 3D method."""
    name = experiment.method_settings.get("slice_axis")
    return None if name is None else AXES.index(name)


def method_of(experiment: Experiment) -> SynthesisMethod:
    """The method of an experiment, whose weights have shapes but no values."""
    sources = len(experiment.cohort.source)
    with OnMetaDevice():
        return build_method(experiment.method, experiment.method_settings, sources=sources)


def accepts_patch(method: SynthesisMethod, patch: Sizes) -> bool:
    """Whether the networks can be trained on such patches."""
    if min(patch) < 1:
        return False
    try:
        method.refuse_patch(patch)
    except SettingsError:
        return False
    return True


def needed_bytes(experiment: Experiment, patch: Sizes, compute: Compute) -> int:
    """Memory in bytes of a step on as many patches as pass through the networks at once."""
    settings = experiment.training
    patches = max(1, batch_of(settings) // settings.accumulate)
    return step_bytes(experiment, patch, patches=patches, compute=compute)


def _refuse_weights(method: SynthesisMethod, free_bytes: int) -> None:
    """Refuse networks that do not fit in memory with gradients, optimizers and EMA."""
    weights = sum(weight.numel() * weight.element_size() for weight in method.parameters())
    needed = weights * (2 + KEPT_PER_WEIGHT)
    if needed > free_bytes:
        raise ResourceError(
            f"the networks and their optimizers take {needed / GIBIBYTE:.1f} GiB and"
            f" {free_bytes / GIBIBYTE:.1f} GiB are free; set a smaller method.width"
        )


def _grown(method: SynthesisMethod, median: Sizes) -> Sizes:
    """Size of the median volume, enlarged until the networks accept it."""
    multiples = method.patch_multiples
    whole = [math.ceil(size / m) * m for size, m in zip(median, multiples, strict=True)]
    sides = list(whole)
    while not accepts_patch(method, _sizes(sides)):
        growing = [n for n in range(3) if median[n] > 1 and sides[n] < MOST_GROWTH * whole[n]]
        if not growing:
            _refuse_median(method, _sizes(whole), median)
        shortest = min(growing, key=lambda axis: sides[axis])
        sides[shortest] += multiples[shortest]
    return _sizes(sides)


def _refuse_median(method: SynthesisMethod, whole: Sizes, median: Sizes) -> NoReturn:
    try:
        method.refuse_patch(whole)
    except SettingsError as error:
        grid = f"the median volume is {format_sizes(median)} voxels on the working grid"
        raise SettingsError(f"{grid}, too small for these networks: {error}") from None
    raise SettingsError(
        f"the method cannot be trained on patches of {format_sizes(whole)} voxels; set"
        " training.patch"
    )


def _cut(method: SynthesisMethod, patch: Sizes, fits: Fits) -> Sizes | None:
    """`patch` with its longest side cut repeatedly until it fits; None if it never does."""
    steps = [math.ceil(CUT_VOXELS / multiple) * multiple for multiple in method.patch_multiples]
    while not fits(patch):
        longest_first = sorted(range(3), key=lambda axis: -patch[axis])
        cuts = (_shorter(patch, axis, by=steps[axis]) for axis in longest_first)
        shorter = next((cut for cut in cuts if accepts_patch(method, cut)), None)
        if shorter is None:
            return None
        patch = shorter
    return patch


def _shorter(patch: Sizes, axis: int, *, by: int) -> Sizes:
    sides = list(patch)
    sides[axis] -= by
    return _sizes(sides)


def _fits(experiment: Experiment, compute: Compute, free_bytes: int) -> Fits:
    room, per_voxel = MEMORY_SHARE * free_bytes, 0.0

    def fits(patch: Sizes) -> bool:
        nonlocal per_voxel
        # Weights take the same memory for any patch: smaller patches need more bytes per voxel.
        if math.prod(patch) * per_voxel > room:
            return False
        needed = needed_bytes(experiment, patch, compute)
        per_voxel = needed / math.prod(patch)
        return needed <= room

    return fits


def _plan_slices(experiment: Experiment, patch: Sizes, compute: Compute, free_bytes: int) -> int:
    """The batch if set, else as many slices as are quick and fit, at most `MOST_SLICES`."""
    batch = experiment.training.batch
    halvings = range(MOST_SLICES.bit_length())
    counts = [batch] if batch else [MOST_SLICES >> halving for halving in halvings]
    quick = [n for n in counts if n in (batch, 1) or _is_quick(n * math.prod(patch), compute)]
    for count in quick:
        if _fits(_with_batch(experiment, count), compute, free_bytes)(patch):
            return count
    raise ResourceError(
        f"a step on {quick[-1]} whole slice(s) of {format_sizes(patch)} voxels does not fit in the"
        f" {free_bytes / GIBIBYTE:.1f} GiB of free memory; set a smaller method.width,"
        " training.batch or training.patch"
    )


def _with_batch(experiment: Experiment, batch: int) -> Experiment:
    return replace(experiment, training=replace(experiment.training, batch=batch))


def _is_quick(voxels: int, compute: Compute) -> bool:
    return compute.device != "cpu" or voxels <= LARGEST_CPU_PATCH


def _sizes(sides: Sequence[int]) -> Sizes:
    x, y, z = sides
    return x, y, z
