"""The plan of a run without the run: nothing is written, no volume is checked."""

from collections.abc import Sequence
from pathlib import Path

from crossvox.acceleration.compute import compute_at_hand
from crossvox.cohort import Case
from crossvox.training.begin import first_split, planned_for, recalled
from crossvox.training.budget import refuse_two_budgets
from crossvox.training.experiment import Experiment, read_experiment
from crossvox.training.plan_words import Reason, expectations, reasons
from crossvox.training.run_folder import EXPERIMENT


def preview(
    cases: Sequence[Case], out: Path, experiment: Experiment, *, device: str | None = None
) -> tuple[Reason, ...]:
    """What `train` would do with the same arguments, each setting with its reason.

    Args:
        cases: Each with all modalities of the experiment.
        out: The run's folder; what an earlier start planned there stays as it is.
        experiment: What it leaves open is planned.
        device: "cpu" or "cuda"; the GPU where there is one, if None.

    Raises:
        CohortError: No case is for training, or `out` holds a run of other people.
        SettingsError: `out` holds a run of other settings, or a patch is impossible.
        ResourceError: A step does not fit in memory.
    """
    compute = compute_at_hand(device=device, precise=experiment.training.precision == "32-true")
    path = out / EXPERIMENT
    existing = read_experiment(path) if path.is_file() else None
    refuse_two_budgets(experiment.training, existing.training if existing else None)
    if existing:
        planned, _, _ = recalled(experiment, existing, cases, out, compute=compute)
    else:
        planned = planned_for(*first_split(cases, experiment), compute=compute)
    return (*reasons(planned), *expectations(planned, compute=compute))
