"""A plan in words: each setting, its value and the reason for it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from crossvox.acceleration.compute import Compute, free_memory_bytes
from crossvox.networks.patches import written
from crossvox.training.pace import estimated_seconds_per_step
from crossvox.training.patch_plan import GIBIBYTE, median_of, needed_bytes
from crossvox.training.plan import EPOCHS, FEWEST_STEPS, Plan
from crossvox.training.validation_budget import SHARE, share_of_training

SECONDS_PER_HOUR, MINUTES_PER_HOUR = 3600, 60
SET = "as set"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a setting is what it is.

    Attributes:
        setting: Its name, or what else the plan tells.
        value: In words.
        why: The reason, in a few words.
    """

    setting: str
    value: str
    why: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.setting} = {self.value} ({self.why})"


def reasons(plan: Plan) -> tuple[Reason, ...]:
    """Every setting that the cohort or the machine decides, in the order of the settings."""
    return (*_of_preparation(plan), *_of_method(plan), *_of_patches(plan), *_of_length(plan))


def expectations(plan: Plan, *, compute: Compute) -> tuple[Reason, ...]:
    """The memory and the hours that a planned run will take here; a few steps are timed for it."""
    needed = needed_bytes(plan.experiment, plan.patch, compute) / GIBIBYTE
    free = free_memory_bytes(compute.device) / GIBIBYTE
    seconds = estimated_seconds_per_step(
        plan.experiment, patch=plan.patch, batch=plan.batch, compute=compute
    )
    memory = Reason(
        setting="memory",
        value=f"{needed:.1f} GiB a step",
        why=f"{free:.1f} GiB are free",
    )
    why = f"about {seconds:.2g} s a step where nothing else runs here, by a few on random voxels"
    if not plan.is_timed:
        hours = plan.minutes / MINUTES_PER_HOUR
        return memory, Reason(setting="hours", value=_in_words(hours), why="as minutes are set")
    hours = plan.training.steps * seconds * (1 + _share(plan)) / SECONDS_PER_HOUR
    return memory, Reason(setting="hours", value=_in_words(hours), why=why)


def reasons_of_length(plan: Plan) -> tuple[Reason, ...]:
    """Steps and validations alone: what is known only after the first steps are timed."""
    return tuple(_of_length(plan))


def _of_preparation(plan: Plan) -> Iterator[Reason]:
    asked, planned = plan.asked.preparation, plan.experiment.preparation
    x, y, z = plan.grids[0].spacing_mm
    if planned.spacing_mm == "own":
        why = f"the sources share a spacing, {x:.3g} x {y:.3g} x {z:.3g} mm"
        yield Reason(setting="preparation.spacing_mm", value="own", why=why)
    else:
        why = SET if asked.spacing_mm else "the median, because the sources differ"
        value = " x ".join(f"{step:g}" for step in planned.spacing_mm or ()) + " mm"
        yield Reason(setting="preparation.spacing_mm", value=value, why=why)
    for choice in plan.scales.sources:
        why = f"{choice.modality}: {choice.reason}"
        yield Reason(setting="preparation.source_scale", value=choice.kind, why=why)
    target = plan.scales.target
    why = f"{target.modality}: {target.reason}"
    yield Reason(setting="preparation.target_scale", value=target.kind, why=why)


def _of_method(plan: Plan) -> Iterator[Reason]:
    asked, planned = plan.asked.method_settings, plan.experiment.method_settings
    whys = {
        "slice_axis": "slices lie across the axis of the largest spacing",
        "depth": "slices are halved as often as little padding allows",
    }
    for name, why in whys.items():
        if name in asked and asked[name] is None:
            yield Reason(setting=f"method.{name}", value=str(planned[name]), why=why)


def _of_patches(plan: Plan) -> Iterator[Reason]:
    asked, patch = plan.asked.training, plan.patch
    median = median_of([grid.shape for grid in plan.grids])
    grid = f"the median working grid is {written(median)}"
    why = f"{grid}, cut until a step is quick and fits in memory"
    if plan.experiment.method_settings.get("slice_axis"):
        why = f"{grid}, and whole slices are synthesized"
    elif all(side >= size for side, size in zip(patch, median, strict=True)):
        why = f"{grid}, and fits"
    yield Reason(
        setting="training.patch",
        value=written(patch),
        why=f"{SET}; {grid}" if asked.patch else why,
    )
    slices = "as many slices as are quick" if plan.batch > 1 else "one patch a step"
    yield Reason(
        setting="training.batch", value=str(plan.batch), why=SET if asked.batch else slices
    )


def _of_length(plan: Plan) -> Iterator[Reason]:
    asked = plan.asked.training
    if not plan.is_timed:
        why = f"as many as fill {plan.minutes:g} minutes, when some are timed"
        yield Reason(setting="training.steps", value="open", why=why)
        return
    planned, cases = plan.training, len(plan.grids)
    why = f"{EPOCHS} passes over {cases} training cases, at least {FEWEST_STEPS} steps"
    if asked.minutes:
        why = f"as many as fill {asked.minutes:g} minutes, by steps that were timed"
    elif asked.steps or asked.epochs:
        why = SET if asked.steps else f"{asked.epochs} passes over {cases} training cases, as set"
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
        why=f"{average}{_set_too(asked.ema)}" if planned.ema else "weights are not averaged",
    )
    yield Reason(
        setting="training.validate_every", value=str(planned.validate_every), why=_validating(plan)
    )


def _validating(plan: Plan) -> str:
    training, people = plan.training, len(plan.held_out)
    if not people:
        return "no one is validated on, the newest weights are kept"
    times, share = math.ceil(training.steps / training.validate_every), _share(plan)
    cost = f"{times} x {people} volume(s) cost {share:.1%} of the training"
    if share <= SHARE:
        return f"{cost}{_set_too(plan.asked.training.validate_every)}"
    if plan.asked.training.validate_every and times > 1:
        return f"{cost}, more than a tenth; leave training.validate_every open to make it cheap"
    return f"{cost}: even one validation is dear, so only the end is validated"


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
    return "" if value is None else f"; {SET}"
