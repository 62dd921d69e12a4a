"""Demo of the complete workflow on phantoms, small enough for any machine."""

from collections.abc import Sequence
from pathlib import Path

from crossvox.cohort import read_cohort
from crossvox.evaluation import Evaluation
from crossvox.journey.run import evaluate_run
from crossvox.phantoms.folder import write_phantom
from crossvox.phantoms.settings import PhantomSettings
from crossvox.progress import QUIET, Progress
from crossvox.training.experiment import read_experiment
from crossvox.training.train import train

DEMO_CASES, DEMO_SIZE = 14, 64
DEMO = {
    "cohort.source": ["FLAIR"],
    "cohort.target": "T1w",
    "method.width": 8,
    "method.depth": 3,
    "method.discriminator_width": 16,
    "method.l1_weight": 100.0,
    "method.learning_rate": 1e-3,
    "training.steps": 1200,
    "training.decay_share": 0.5,
    "training.validate_every": 100,
}


def demo(
    out: Path,
    *,
    cases: int = DEMO_CASES,
    size: int = DEMO_SIZE,
    changes: Sequence[str] = (),
    progress: Progress = QUIET,
) -> Evaluation | None:
    """Write a phantom cohort, train a small 3D GAN on it and evaluate it on unseen people.

    Args:
        out: Path of the folder for phantom/ and run/.
        cases: Number of people.
        size: Number of voxels along each axis.
        changes: Changes to the demo's experiment, each "section.key=value".
        progress: Receiver of the progress.
    """
    data = out / "phantom"
    write_phantom(
        data,
        cases=cases,
        settings=PhantomSettings(size=size, mask="none"),
        progress=progress,
    )
    experiment = read_experiment(None, defaults=DEMO, changes=changes)
    cohort = read_cohort(data, modalities=("FLAIR", "T1w"))
    trained = train(cohort, out / "run", experiment, progress=progress)
    return evaluate_run(trained, progress=progress)
