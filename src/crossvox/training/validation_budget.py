"""How often whole volumes can be validated on without costing more than training."""

import math
from collections.abc import Sequence

from crossvox.acceleration.slabs import normalizes_over_volumes
from crossvox.contract import SynthesisMethod
from crossvox.training.experiment import Sizes

VALIDATIONS = 20  # at most, over a run
SHARE = 0.1  # of the cost of training, at most
STEP_PASSES = 3  # a network forwards and backwards, in passes forwards
BEYOND = 1.1  # of the patch: larger volumes are synthesized in windows (decision 0017)
STRIDE = 0.5  # of a window


def validation_in_steps(
    method: SynthesisMethod, shapes: Sequence[Sizes], *, patch: Sizes, batch: int
) -> float:
    """What one validation costs, counted in steps of training.

    Both are counted in voxels that pass networks: a step passes its patches forwards and backwards
    through each network that learns, a validation passes each volume forwards, as often as the
    method asks for. Nothing is timed, so the same run is validated at the same steps everywhere.

    Args:
        method: As it is trained.
        shapes: Working grids of the people that are validated on.
        patch: Sizes of a training patch.
        batch: Patches per step.
    """
    networks = len(list(method.children()))
    step = math.prod(patch) * batch * STEP_PASSES * networks
    return method.passes * sum(_voxels(method, patch, shape) for shape in shapes) / step


def validate_every(steps: int, *, validation: float, report_every: int) -> int:
    """Steps between validations that together cost at most a tenth of the steps.

    At least the last step is validated, whatever it costs.

    Args:
        steps: Of the whole run.
        validation: What one costs, in steps.
        report_every: The result is a multiple of it where it is larger, so that rows coincide.
    """
    affordable = int(SHARE * steps / validation) if validation else VALIDATIONS
    every = math.ceil(steps / min(VALIDATIONS, max(1, affordable)))
    if every > report_every:
        every = math.ceil(every / report_every) * report_every
    return min(every, steps)


def share_of_training(steps: int, *, every: int, validation: float) -> float:
    """What validations cost, as a share of what the steps cost."""
    return math.ceil(steps / every) * validation / steps


def _voxels(method: SynthesisMethod, patch: Sizes, shape: Sizes) -> int:
    """Voxels that pass the networks forwards for one volume, overlaps of windows included."""
    multiples = method.patch_multiples
    grown = [math.ceil(size / m) * m for size, m in zip(shape, multiples, strict=True)]
    windowed = normalizes_over_volumes(method.modules()) or not method.fixed_statistics
    if not windowed or all(n <= BEYOND * seen for n, seen in zip(shape, patch, strict=True)):
        return math.prod(grown)
    window = [min(size, extent) for size, extent in zip(grown, patch, strict=True)]
    counts = [
        1 + math.ceil((size - extent) / max(1, round(extent * STRIDE)))
        for size, extent in zip(grown, window, strict=True)
    ]
    return math.prod(counts) * math.prod(window)
