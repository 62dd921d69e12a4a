"""Preview the plan of a run: nothing is written, no volume is checked."""

from collections.abc import Sequence
from pathlib import Path

from crossvox.acceleration.compute import choose_compute
from crossvox.cohort import Case
from crossvox.training.begin import first_split, plan_for, restore_run
from crossvox.training.budget import refuse_two_budgets
from crossvox.training.experiment import Experiment, read_experiment
from crossvox.training.plan_report import Reason, expectations, reasons
from crossvox.training.run_folder import EXPERIMENT


def preview(
    cases: Sequence[Case], out: Path, experiment: Experiment, *, device: str | None = None
) -> tuple[Reason, ...]:
    """Plan the settings that `train` would use with the same arguments, with their reasons.

    Args:
        cases: Cases with all modalities of the experiment.
        out: Path of the run's folder; a run that exists there keeps its plan.
        experiment: Settings; those that are None are planned.
        device: "cpu" or "cuda"; None uses the GPU if there is one.

    Raises:
        CohortError: No case is for training, or `out` holds a run of other people.
        SettingsError: `out` holds a run with other settings, or a patch is impossible.
        ResourceError: A step does not fit in memory.
    """
    compute = choose_compute(device=device, precise=experiment.training.precision == "32-true")
    path = out / EXPERIMENT
    existing = read_experiment(path) if path.is_file() else None
    refuse_two_budgets(experiment.training, existing.training if existing else None)
    if existing:
        planned, _, _ = restore_run(experiment, existing, cases, out, compute=compute)
    else:
        planned = plan_for(*first_split(cases, experiment), compute=compute)
    return (*reasons(planned), *expectations(planned, compute=compute))
