"""The plan of a run without the run: nothing is written, no volume is read."""

from collections.abc import Sequence
from pathlib import Path

from crossvox.cohort import Case, split_cohort
from crossvox.errors import CohortError
from crossvox.synthesis.compute import compute_at_hand
from crossvox.training.budget import refuse_two_budgets
from crossvox.training.experiment import Experiment, read_experiment
from crossvox.training.plan import plan
from crossvox.training.plan_words import Reason, expectations, reasons
from crossvox.training.rerun import filled_from, refuse_other_settings
from crossvox.training.train import EXPERIMENT


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
        CohortError: No case is for training.
        SettingsError: `out` holds a run of other settings, or a patch is impossible.
        ResourceError: A step does not fit in memory.
    """
    compute = compute_at_hand(device=device, precise=experiment.training.precision == "32-true")
    settings, path = experiment.cohort, out / EXPERIMENT
    split = split_cohort(cases, seed=settings.split_seed, fractions=settings.fractions)
    learned = [case for case in split if case.split == "train"]
    if not learned:
        raise CohortError("no case is for training; look at the split column of participants.tsv")
    held_out = [case for case in split if case.split == "validation"]
    existing = read_experiment(path) if path.is_file() else None
    refuse_two_budgets(experiment.training, existing.training if existing else None)
    filled = filled_from(experiment, existing) if existing else experiment
    planned = plan(filled, learned, held_out=held_out, compute=compute)
    if existing:
        refuse_other_settings(planned.experiment, existing, folder=str(out))
    return (*reasons(planned), *expectations(planned, compute=compute))
