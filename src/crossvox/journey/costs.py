"""What a method takes, as its run and the sidecars of its volumes tell."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from crossvox.comparison import Costs
from crossvox.contract import SynthesisMethod
from crossvox.files import read_sidecar
from crossvox.scoring import read_run
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.store import Description

SECONDS_PER_HOUR = 3600
QUIET = 0.25  # of the intervals, at least, nothing else disturbed the machine


def method_of(description: Description) -> SynthesisMethod:
    """A fresh method as a stored one was built."""
    sources = len(description.preparation.source_modalities)
    return build_method(description.method, description.settings, sources=sources)


def costs_of_training(run: Path, description: Description) -> Costs:
    """Parameters of the networks that synthesis needs, passes, steps, epochs and hours of training.

    Hours are the lower quartile of the seconds of a step times the steps: what training takes on
    a machine that has nothing else to do. Pauses, validations, other work there and the time
    between two sessions of an interrupted run do not count. Epochs are passes over the voxels of
    the training cases, whatever patches or slices they were cut into.
    """
    method = method_of(description)
    columns = read_run(run).columns
    epochs = description.cohort.get("epochs_per_step")
    steps = int(max(columns.get("step", (0.0,))))
    seconds = columns.get("seconds_per_step")
    undisturbed = float(np.nanquantile(seconds, QUIET)) if seconds else None
    return Costs(
        passes=method.passes,
        parameters=sum(
            one.numel()
            for name in method.product
            for one in method.get_submodule(name).parameters()
        ),
        training_steps=steps or None,
        training_epochs=steps * epochs if isinstance(epochs, float) else None,
        training_hours=undisturbed and undisturbed * steps / SECONDS_PER_HOUR,
    )


def costs_of_volumes(volumes: Sequence[Path]) -> Costs:
    """Median seconds, largest memory, passes and machines of volumes whose sidecars have them."""
    said = [read_sidecar(path) for path in volumes]
    seconds, memory, passes = (
        _numbers(said, name) for name in ("SynthesisSeconds", "PeakMemoryBytes", "NetworkPasses")
    )
    machines = {str(one["Machine"]) for one in said if "Machine" in one}
    return Costs(
        seconds=median(seconds) if seconds else None,
        machine=" or ".join(sorted(machines)),
        peak_memory_bytes=int(max(memory)) if memory else None,
        passes=int(max(passes)) if passes else None,
    )


def _numbers(said: Sequence[dict[str, Any]], name: str) -> list[float]:
    return [float(one[name]) for one in said if isinstance(one.get(name), int | float)]
