"""Train a run on a cohort of files and evaluate it."""

from dataclasses import dataclass
from pathlib import Path

from crossvox.evaluation import Evaluation
from crossvox.journey.run import evaluate_run
from crossvox.model import Model, load_model
from crossvox.progress import QUIET, Progress
from crossvox.training.cohort import read_cohort_of, with_cohort_spelling
from crossvox.training.experiment import Experiment
from crossvox.training.plan_report import Reason
from crossvox.training.preview import preview
from crossvox.training.processes import dismiss_others, finish
from crossvox.training.train import train


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished training run.

    Attributes:
        folder: Folder of the run: experiment.toml, progress.csv, synthesizer/, evaluation/.
        best_step: Training step of the model's weights.
        best_ssim: Masked SSIM of these weights on the validation people; None without any.
        evaluation: Evaluation on people that the run never saw; None without any.
        processes: Number of processes that trained it.
    """

    folder: Path
    best_step: int
    best_ssim: float | None
    evaluation: Evaluation | None
    processes: int = 1

    def leave(self) -> None:
        """End this process at once if several trained the run: gloo may abort a normal exit."""
        finish(self.processes)

    def model(self) -> Model:
        """Load the trained model."""
        return load_model(self.folder)


def train_files(
    data: Path,
    out: Path,
    experiment: Experiment,
    *,
    device: str | None = None,
    fresh: bool = False,
    progress: Progress = QUIET,
) -> Run:
    """Train on the cohort below `data`, then synthesize and score unseen people.

    Args:
        data: Path of a BIDS folder, a manifest, or a folder with one folder per modality.
        out: Path of the run's folder; an unfinished run is continued.
        experiment: Settings of the experiment; open settings are planned.
        device: "cpu" or "cuda"; None for the GPU if there is one.
        fresh: Whether to start again instead of continuing.
        progress: Receiver of the progress over stages and steps.

    Raises:
        CrossvoxError: `crossvox.training.train.train` or `evaluate_run` raises it.
    """
    reading = read_cohort_of(experiment, data)
    spelled = with_cohort_spelling(experiment, reading)
    trained = train(reading.cases, out, spelled, device=device, fresh=fresh, progress=progress)
    dismiss_others(trained.fabric)
    return Run(
        folder=out,
        best_step=trained.best_step,
        best_ssim=trained.best_ssim,
        evaluation=evaluate_run(trained, device=device, progress=progress),
        processes=trained.fabric.world_size,
    )


def plan_files(
    data: Path, out: Path, experiment: Experiment, *, device: str | None = None
) -> tuple[Reason, ...]:
    """Plan a call of `train_files` with the same arguments: each setting with its reason.

    Raises:
        CrossvoxError: `crossvox.training.preview.preview` raises it.
    """
    reading = read_cohort_of(experiment, data)
    return preview(reading.cases, out, with_cohort_spelling(experiment, reading), device=device)
