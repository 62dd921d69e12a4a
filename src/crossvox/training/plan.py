"""What an experiment leaves open, from the cohort and the memory at hand."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from crossvox.cohort import Case
from crossvox.contract import SynthesisMethod
from crossvox.errors import ResourceError
from crossvox.files import read_grid
from crossvox.preparation.preparation import Spacing, shared_spacing
from crossvox.preparation.resampling import working_grid
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.compute import Compute, free_memory_bytes
from crossvox.training.experiment import Experiment, PreparationSettings, Sizes, TrainingSettings
from crossvox.volume.grid import Grid

TRAINING_FACTOR = 4.2  # training memory over prediction memory: 860 against 205 bytes a voxel
MEMORY_SHARE = 0.7
SIZE_STEP = 16  # four poolings
LARGEST_CPU_PATCH = 96**3  # voxels: about a second a step on two cores
EPOCHS, FEWEST_STEPS = 100, 2000  # the paper's epochs
VALIDATIONS = 20
AXES = "xyz"
UNITS = {"CT": "HU"}
HU_LIMITS = (-1024.0, 3071.0)


def plan(experiment: Experiment, cases: Sequence[Case], *, compute: Compute) -> Experiment:
    """`experiment` with nothing left open, but what a budget of minutes decides.

    Spacing: each source's own where they agree, else their median (Isensee et al. 2021). Patch:
    the median working grid, halved along its longest side until a step fits in memory. Scales:
    HU windows for CT, percentiles of each volume otherwise. Slices of a method in 2D: across the
    axis of the largest spacing.

    Args:
        experiment: Its settings that are None are filled.
        cases: The training cases.
        compute: Where it will run.

    Raises:
        ResourceError: Not even a small patch fits in memory.
    """
    grids = [read_grid(case.images[experiment.cohort.source[0]]) for case in cases]
    preparation = _plan_preparation(experiment, grids)
    spacing = None if preparation.spacing_mm == "own" else preparation.spacing_mm
    working = [working_grid(grid, spacing_mm=spacing) for grid in grids]
    shapes = [grid.shape for grid in working]
    settings = _plan_method(experiment.method_settings, working)
    method = build_method(experiment.method, settings, sources=len(experiment.cohort.source))
    training = _plan_training(
        experiment.training, shapes, cases=len(cases), method=method, compute=compute
    )
    return replace(experiment, preparation=preparation, method_settings=settings, training=training)


def lasting(settings: TrainingSettings, steps: int) -> TrainingSettings:
    """`settings` of so many steps, validated as often as they say or some times over the run."""
    every = settings.validate_every or max(1, steps // VALIDATIONS)
    return replace(settings, steps=steps, epochs=None, validate_every=every)


def _plan_preparation(experiment: Experiment, grids: Sequence[Grid]) -> PreparationSettings:
    given, target = experiment.preparation, experiment.cohort.target
    unit = given.target_unit or UNITS.get(target, "arbitrary")
    windowed = unit == "HU"
    target_scale = given.target_scale or ("window" if windowed else "volume")
    limits = given.target_limits
    if target_scale == "window" and limits is None and windowed:
        limits = HU_LIMITS
    return replace(
        given,
        spacing_mm=given.spacing_mm or _plan_spacing(grids),
        source_scale=given.source_scale or "volume",
        target_scale=target_scale,
        target_limits=limits,
        target_unit=unit,
    )


def _plan_spacing(grids: Sequence[Grid]) -> Spacing | Literal["own"]:
    if shared_spacing(grids):
        return "own"
    spacings = [working_grid(grid, spacing_mm=None).spacing_mm for grid in grids]
    x, y, z = (round(float(step), 3) for step in np.median(spacings, axis=0))
    return x, y, z


def _plan_method(given: Mapping[str, Any], grids: Sequence[Grid]) -> dict[str, Any]:
    if given.get("slice_axis", AXES) is not None:  # chosen, or not in slices at all
        return dict(given)
    spacing = np.median([grid.spacing_mm for grid in grids], axis=0)
    thickest = max(range(len(AXES)), key=lambda axis: (spacing[axis], axis))  # z where all are one
    return {**given, "slice_axis": AXES[thickest]}


def _plan_training(
    given: TrainingSettings,
    shapes: Sequence[Sizes],
    *,
    cases: int,
    method: SynthesisMethod,
    compute: Compute,
) -> TrainingSettings:
    batch = given.batch or 1
    patch = given.patch or _plan_patch(
        shapes, each=batch // given.accumulate or 1, method=method, compute=compute
    )
    ema = method.average_decay if given.ema is None else given.ema
    planned = replace(given, batch=batch, patch=patch, ema=ema)
    if given.minutes and given.steps is None:
        return planned
    steps = given.steps
    if steps is None and given.epochs is not None:
        steps = math.ceil(given.epochs * cases / batch)
    return lasting(planned, steps or max(FEWEST_STEPS, math.ceil(EPOCHS * cases / batch)))


def _plan_patch(
    shapes: Sequence[Sizes], *, each: int, method: SynthesisMethod, compute: Compute
) -> Sizes:
    bytes_each = 2 if compute.bf16 else 4
    per_voxel = method.features_per_voxel * bytes_each * TRAINING_FACTOR * each
    largest = int(MEMORY_SHARE * free_memory_bytes(compute.device) / per_voxel)
    if compute.device == "cpu":
        largest = min(largest, LARGEST_CPU_PATCH)
    if largest < SIZE_STEP**3:
        raise ResourceError("free memory holds no training patch; use a smaller method.width")
    median = np.median(np.array(shapes), axis=0)
    patch = [math.ceil(size / SIZE_STEP) * SIZE_STEP for size in median]
    while math.prod(patch) > largest:
        patch[int(np.argmax(patch))] -= SIZE_STEP
    return patch[0], patch[1], patch[2]
