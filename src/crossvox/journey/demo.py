"""The whole way on phantoms, small enough for any machine."""

from collections.abc import Sequence
from pathlib import Path

from crossvox.cohort import read_cohort
from crossvox.evaluation import Evaluation
from crossvox.journey.run import evaluate_run
from crossvox.phantoms import PhantomSettings, write_phantom
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
    """A phantom cohort, a small 3D GAN trained on it, and the report on people it never saw.

    Args:
        out: Gets phantom/ and run/.
        cases: How many people.
        size: Voxels along each axis.
        changes: "section.key=value" over the demo's own experiment.
        progress: Told what happens.
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
