"""The whole way: train, predict the people never seen, evaluate."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from crossvox.cohort import Case, read_cohort
from crossvox.evaluation.evaluate import evaluate
from crossvox.evaluation.pairs import Failure, Pair, Pairing
from crossvox.evaluation.results import Evaluation, EvaluationSettings
from crossvox.evaluation.runs import read_run
from crossvox.files import read_volume, write_volume
from crossvox.phantom import PhantomSettings, write_phantom
from crossvox.synthesis.compute import compute_at_hand
from crossvox.synthesis.predict import Predicted, output_path, predict
from crossvox.synthesis.store import load_synthesizer, read_description
from crossvox.training.experiment import read_experiment
from crossvox.training.train import Trained, TrainingProgress, train

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


def evaluate_run(
    trained: Trained, *, device: str | None = None, progress: Callable[[str, int, int], None]
) -> Evaluation | None:
    """Synthesize and score the people a run never saw, in its `evaluation` folder.

    The test people are taken, or the validation people where no one is for test.

    Args:
        trained: A finished run.
        device: "cpu" or "cuda"; the GPU where there is one, if None.
        progress: Told what is done, with (name, done, total).

    Returns:
        The scores, or None where there is no one to test on.

    Raises:
        SomeCasesFailedError: Some cases failed; the rest is scored.
        CrossvoxError: All of them failed.
    """
    cases = [case for case in trained.cases if case.split == "test"]
    cases = cases or [case for case in trained.cases if case.split == "validation"]
    if not cases:
        return None
    out = trained.folder / "evaluation"
    description = read_description(trained.folder)
    precise = trained.experiment.training.precision == "32-true"
    compute = compute_at_hand(device=device, precise=precise)
    synthesizer = load_synthesizer(trained.folder, compute=compute)
    predicted = predict(
        synthesizer,
        description,
        cases,
        out / "synthesized",
        overwrite=True,
        progress=lambda done, total: progress("predicting", done, total),
    )
    target = trained.experiment.cohort.target
    learned = [case.images[target] for case in trained.cases if case.split == "train"]
    settings = EvaluationSettings(
        mean_target=write_mean(learned, out / f"mean_{target}.nii.gz"),
        run=read_run(trained.folder),
    )
    return evaluate(
        _pairing(trained, cases, predicted, out / "synthesized"),
        out,
        settings=settings,
        progress=lambda done, total: progress("evaluating", done, total),
    )


def write_mean(files: Sequence[Path], path: Path) -> Path | None:
    """The mean of volumes on one grid, written to `path`; None where their grids differ."""
    first = read_volume(files[0])
    total = first.voxels.astype(np.float64)
    for file in files[1:]:
        volume = read_volume(file)
        if not volume.grid.matches(first.grid):
            return None
        total += volume.voxels
    write_volume(path, first.with_voxels((total / len(files)).astype(np.float32)))
    return path


def demo(
    out: Path,
    *,
    cases: int = DEMO_CASES,
    size: int = DEMO_SIZE,
    changes: Sequence[str] = (),
    progress: TrainingProgress,
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
        progress=lambda done, total: progress.stage("imaging phantoms", done, total),
    )
    experiment = read_experiment(None, defaults=DEMO, changes=changes)
    cohort = read_cohort(data, modalities=("FLAIR", "T1w"))
    trained = train(cohort, out / "run", experiment, progress=progress)
    return evaluate_run(trained, progress=progress.stage)


def _pairing(
    trained: Trained, cases: Sequence[Case], predicted: Predicted, folder: Path
) -> Pairing:
    cohort, preparation = trained.experiment.cohort, read_description(trained.folder).preparation
    pairs = tuple(
        Pair(
            subject=case.subject,
            name=case.name,
            synthesized=output_path(case, folder, preparation),
            reference=case.images[cohort.target],
            source=case.images[cohort.source[0]],
            mask=case.mask,
        )
        for case in cases
        if case.name not in predicted.failed
    )
    failures = tuple(Failure(name=name, reason=why) for name, why in predicted.failed.items())
    return Pairing(pairs=pairs, failures=failures)
