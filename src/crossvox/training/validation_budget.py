"""Cost of validation on whole volumes, and the interval that keeps it a small share of training."""

import math
from collections.abc import Sequence

from crossvox.acceleration.slabs import normalizes_over_volumes
from crossvox.contract import SynthesisMethod
from crossvox.synthesis.synthesizer import LARGEST_OVER_PATCH
from crossvox.training.experiment import Sizes

MOST_VALIDATIONS = 20  # per run
SHARE = 0.1  # largest cost of validation over the cost of training
STEP_PASSES = 3  # cost of a forward and backward pass, in forward passes
WINDOW_STRIDE = 0.5  # share of a window


def validation_in_steps(
    method: SynthesisMethod, shapes: Sequence[Sizes], *, patch: Sizes, batch: int
) -> float:
    """Cost of a validation, in training steps.

    Cost is counted in voxels that pass through networks: a step passes its patches forward and
    backward through each network, a validation passes each volume forward, as often as the method
    needs. Nothing is timed, so a run is validated at the same steps on every machine.

    Args:
        method: Method that is trained.
        shapes: Sizes in voxels of the validation cases' working grids.
        patch: Size of a training patch in voxels.
        batch: Number of patches per step.
    """
    networks = len(list(method.children()))
    step = math.prod(patch) * batch * STEP_PASSES * networks
    return method.passes * sum(_voxels(method, patch, shape) for shape in shapes) / step


def validate_every(steps: int, *, validation: float, report_every: int) -> int:
    """Number of steps between validations that together cost at most a tenth of the training.

    The last step is always validated, whatever the cost.

    Args:
        steps: Number of steps of the whole run.
        validation: Cost of a validation, in steps.
        report_every: Steps between rows of progress.csv; a longer interval is rounded up to a
            multiple of it, so that rows coincide.
    """
    affordable = int(SHARE * steps / validation) if validation else MOST_VALIDATIONS
    every = math.ceil(steps / min(MOST_VALIDATIONS, max(1, affordable)))
    if every > report_every:
        every = math.ceil(every / report_every) * report_every
    return min(every, steps)


def share_of_training(steps: int, *, every: int, validation: float) -> float:
    """Cost of all validations over the cost of all steps."""
    return math.ceil(steps / every) * validation / steps


def _voxels(method: SynthesisMethod, patch: Sizes, shape: Sizes) -> int:
    """Voxels that pass forward through the networks for a volume, window overlaps included."""
    multiples = method.patch_multiples
    padded = [math.ceil(size / m) * m for size, m in zip(shape, multiples, strict=True)]
    windowed = normalizes_over_volumes(method.modules()) or not method.fixed_statistics
    sides = zip(shape, patch, strict=True)
    if not windowed or all(size <= LARGEST_OVER_PATCH * extent for size, extent in sides):
        return math.prod(padded)
    window = [min(size, extent) for size, extent in zip(padded, patch, strict=True)]
    counts = [
        1 + math.ceil((size - extent) / max(1, round(extent * WINDOW_STRIDE)))
        for size, extent in zip(padded, window, strict=True)
    ]
    return math.prod(counts) * math.prod(window)
