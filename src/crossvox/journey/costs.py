"""Costs of a method, from its training run and the sidecars of its volumes."""

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
UNDISTURBED_SHARE = 0.25  # of the timed intervals, at least, had no other load


def method_of(description: Description) -> SynthesisMethod:
    """Build the method of a stored description, without its weights."""
    sources = len(description.preparation.source_modalities)
    return build_method(description.method, description.settings, sources=sources)


def costs_of_training(run: Path, description: Description) -> Costs:
    """Parameters and passes of synthesis, and steps, epochs and hours of training.

    Hours are the lower quartile of the seconds per step times the number of steps: the time on
    an otherwise idle machine. Pauses, validations, other load and the time between two sessions
    of an interrupted run do not count. Epochs are passes over the voxels of the training cases,
    independent of the patches or slices.
    """
    method = method_of(description)
    columns = read_run(run).columns
    epochs = description.cohort.get("epochs_per_step")
    steps = int(max(columns.get("step", (0.0,))))
    seconds = columns.get("seconds_per_step")
    undisturbed = float(np.nanquantile(seconds, UNDISTURBED_SHARE)) if seconds else None
    return Costs(
        passes=method.passes,
        parameters=sum(
            parameter.numel()
            for name in method.product
            for parameter in method.get_submodule(name).parameters()
        ),
        training_steps=steps or None,
        training_epochs=steps * epochs if isinstance(epochs, float) else None,
        training_hours=undisturbed and undisturbed * steps / SECONDS_PER_HOUR,
    )


def costs_of_volumes(volumes: Sequence[Path]) -> Costs:
    """Median seconds, peak memory, passes and machines from the sidecars of volumes."""
    sidecars = [read_sidecar(path) for path in volumes]
    seconds, memory, passes = (
        _numbers(sidecars, name)
        for name in ("SynthesisSeconds", "PeakMemoryBytes", "NetworkPasses")
    )
    machines = {str(sidecar["Machine"]) for sidecar in sidecars if "Machine" in sidecar}
    return Costs(
        seconds=median(seconds) if seconds else None,
        machine=" or ".join(sorted(machines)),
        peak_memory_bytes=int(max(memory)) if memory else None,
        passes=int(max(passes)) if passes else None,
    )


def _numbers(sidecars: Sequence[dict[str, Any]], name: str) -> list[float]:
    return [
        float(sidecar[name]) for sidecar in sidecars if isinstance(sidecar.get(name), int | float)
    ]
