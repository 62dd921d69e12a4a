"""From a cohort's files to a trained run with its report."""

from dataclasses import dataclass
from pathlib import Path

from crossvox.evaluation import Evaluation
from crossvox.journey.run import evaluate_run
from crossvox.model import Model, load_model
from crossvox.progress import QUIET, Progress
from crossvox.training.cohort import read_cohort_of, spelled_as
from crossvox.training.experiment import Experiment
from crossvox.training.plan_words import Reason
from crossvox.training.preview import preview
from crossvox.training.processes import dismiss_others, finish
from crossvox.training.train import train


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished training run.

    Attributes:
        folder: Folder of the run: experiment.toml, progress.csv, synthesizer/, evaluation/.
        best_step: Step of the weights that the model has.
        best_ssim: Their masked SSIM on the validation people; None without any.
        evaluation: Scores of the people that the run never saw; None without any.
        processes: Number of processes that trained it.
    """

    folder: Path
    best_step: int
    best_ssim: float | None
    evaluation: Evaluation | None
    processes: int = 1

    def leave(self) -> None:
        """End this process where several trained the run, because gloo may abort its usual end."""
        finish(self.processes)

    def model(self) -> Model:
        """The trained model."""
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
    """Train on the cohort below `data`, then synthesize and score the people never seen.

    Args:
        data: A BIDS folder, a manifest, or a folder with one folder per modality.
        out: Folder of the run; an unfinished one goes on.
        experiment: Settings; open ones are planned.
        device: "cpu" or "cuda"; the GPU where there is one, if None.
        fresh: Start again instead of going on.
        progress: Told of each stage and step.

    Raises:
        CrossvoxError: As `crossvox.training.train.train` and `evaluate_run`.
    """
    reading = read_cohort_of(experiment, data)
    spelled = spelled_as(experiment, reading)
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
    """What `train_files` would do with the same arguments, each setting with its reason.

    Raises:
        CrossvoxError: As `crossvox.training.preview.preview`.
    """
    reading = read_cohort_of(experiment, data)
    return preview(reading.cases, out, spelled_as(experiment, reading), device=device)
