"""Explain a plan: the value of each setting and the reason for it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from crossvox.acceleration.compute import Compute, free_memory_bytes
from crossvox.networks.patches import format_sizes
from crossvox.training.pace import estimated_seconds_per_step
from crossvox.training.patch_plan import GIBIBYTE, median_of, needed_bytes
from crossvox.training.plan import EPOCHS, FEWEST_STEPS, Plan
from crossvox.training.validation_budget import SHARE, share_of_training

SECONDS_PER_HOUR, MINUTES_PER_HOUR = 3600, 60
AS_SET = "as set"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A planned value and the reason for it.

    Attributes:
        setting: Name of the setting, or "memory" or "hours".
        value: Planned value as text.
        why: Reason for the value, in a few words.
    """

    setting: str
    value: str
    why: str

    def __str__(self) -> str:
        """The setting, its value and the reason, on one line."""
        return f"{self.setting} = {self.value} ({self.why})"


def reasons(plan: Plan) -> tuple[Reason, ...]:
    """Explain every setting that depends on the cohort or the machine, in order."""
    return (*_of_preparation(plan), *_of_method(plan), *_of_patches(plan), *_of_length(plan))


def expectations(plan: Plan, *, compute: Compute) -> tuple[Reason, ...]:
    """Estimate the memory and the hours of a planned run; this times a few steps."""
    needed = needed_bytes(plan.experiment, plan.patch, compute) / GIBIBYTE
    free = free_memory_bytes(compute.device) / GIBIBYTE
    seconds = estimated_seconds_per_step(
        plan.experiment, patch=plan.patch, batch=plan.batch, compute=compute
    )
    memory = Reason(
        setting="memory",
        value=f"{needed:.1f} GiB per step",
        why=f"{free:.1f} GiB are free",
    )
    why = f"about {seconds:.2g} s per step on an idle machine, timed on random voxels"
    if not plan.is_timed:
        hours = plan.minutes / MINUTES_PER_HOUR
        return memory, Reason(setting="hours", value=_in_words(hours), why="from training.minutes")
    hours = plan.training.steps * seconds * (1 + _share(plan)) / SECONDS_PER_HOUR
    return memory, Reason(setting="hours", value=_in_words(hours), why=why)


def reasons_of_length(plan: Plan) -> tuple[Reason, ...]:
    """Explain the settings that are known only after some steps are timed."""
    return tuple(_of_length(plan))


def _of_preparation(plan: Plan) -> Iterator[Reason]:
    requested, planned = plan.requested.preparation, plan.experiment.preparation
    x, y, z = plan.grids[0].spacing_mm
    if planned.spacing_mm == "own":
        why = f"the sources share a spacing, {x:.3g} x {y:.3g} x {z:.3g} mm"
        yield Reason(setting="preparation.spacing_mm", value="own", why=why)
    else:
        why = AS_SET if requested.spacing_mm else "the median, because the sources differ"
        value = " x ".join(f"{step:g}" for step in planned.spacing_mm or ()) + " mm"
        yield Reason(setting="preparation.spacing_mm", value=value, why=why)
    for choice in plan.scales.sources:
        why = f"{choice.modality}: {choice.reason}"
        yield Reason(setting="preparation.source_scale", value=choice.kind, why=why)
    target = plan.scales.target
    why = f"{target.modality}: {target.reason}"
    yield Reason(setting="preparation.target_scale", value=target.kind, why=why)


def _of_method(plan: Plan) -> Iterator[Reason]:
    requested, planned = plan.requested.method_settings, plan.experiment.method_settings
    explanations = {
        "slice_axis": "slices are stacked along the axis with the largest spacing",
        "depth": "the deepest U-Net whose slices need little padding",
    }
    for name, why in explanations.items():
        if name in requested and requested[name] is None:
            yield Reason(setting=f"method.{name}", value=str(planned[name]), why=why)


def _of_patches(plan: Plan) -> Iterator[Reason]:
    requested, patch = plan.requested.training, plan.patch
    median = median_of([grid.shape for grid in plan.grids])
    grid = f"the median working grid is {format_sizes(median)}"
    why = f"{grid}, cut until a step is quick and fits in memory"
    if plan.experiment.method_settings.get("slice_axis"):
        why = f"{grid}, and whole slices are synthesized"
    elif all(side >= size for side, size in zip(patch, median, strict=True)):
        why = f"{grid}, and fits"
    yield Reason(
        setting="training.patch",
        value=format_sizes(patch),
        why=f"{AS_SET}; {grid}" if requested.patch else why,
    )
    slices = "as many slices as make a quick step" if plan.batch > 1 else "one patch per step"
    yield Reason(
        setting="training.batch", value=str(plan.batch), why=AS_SET if requested.batch else slices
    )


def _of_length(plan: Plan) -> Iterator[Reason]:
    requested = plan.requested.training
    if not plan.is_timed:
        why = f"as many as fit into {plan.minutes:g} minutes, once some are timed"
        yield Reason(setting="training.steps", value="open", why=why)
        return
    planned, cases = plan.training, len(plan.grids)
    why = f"{EPOCHS} passes over {cases} training cases, at least {FEWEST_STEPS} steps"
    if requested.minutes:
        why = f"as many as fit into {requested.minutes:g} minutes, from steps that were timed"
    elif requested.steps or requested.epochs:
        epochs = f"{requested.epochs} passes over {cases} training cases, {AS_SET}"
        why = AS_SET if requested.steps else epochs
    yield Reason(setting="training.steps", value=str(planned.steps), why=why)
    decay = f"learning rates fall over the last {planned.decay_share:.0%} of the steps"
    yield Reason(
        setting="training.decay_share",
        value=f"{planned.decay_share:g}",
        why=decay if planned.decay_share else "learning rates stay constant",
    )
    average = f"weights are averaged over about {1 / (1 - planned.ema):.0f} steps"
    yield Reason(
        setting="training.ema",
        value=f"{planned.ema:g}",
        why=f"{average}{_set_too(requested.ema)}" if planned.ema else "weights are not averaged",
    )
    yield Reason(
        setting="training.validate_every", value=str(planned.validate_every), why=_validating(plan)
    )


def _validating(plan: Plan) -> str:
    training, people = plan.training, len(plan.held_out)
    if not people:
        return "there are no validation cases, so the newest weights are kept"
    times, share = math.ceil(training.steps / training.validate_every), _share(plan)
    cost = f"{times} validation(s) of {people} volume(s) cost {share:.1%} of the training"
    if share <= SHARE:
        return f"{cost}{_set_too(plan.requested.training.validate_every)}"
    if plan.requested.training.validate_every and times > 1:
        return f"{cost}, more than a tenth; unset training.validate_every to validate less often"
    return f"{cost}: even one validation is expensive, so only the last step is validated"


def _share(plan: Plan) -> float:
    training = plan.training
    return share_of_training(
        training.steps, every=training.validate_every, validation=plan.validation
    )


def _in_words(hours: float) -> str:
    if hours < 0.1:  # noqa: PLR2004 - six minutes
        return "less than 0.1"
    return f"about {hours:.1f}" if hours < 10 else f"about {hours:.0f}"  # noqa: PLR2004 - digits


def _set_too(value: object) -> str:
    return "" if value is None else f"; {AS_SET}"
