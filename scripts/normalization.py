"""Compare kinds of normalization at batch size 1, and the statistics used at inference.

    python scripts/normalization.py DATA OUT STEPS

Trains the same experiment with each normalization on the same patches, then scores the validation
cases. Batch normalization is scored with running statistics and with those of the volume itself.
"""

import sys
from pathlib import Path

import numpy as np

from crossvox.cohort import Case, read_cohort
from crossvox.files import read_volume
from crossvox.metrics.similarity import mae, ssim
from crossvox.progress.bars import Bars
from crossvox.synthesis.store import load_synthesizer, read_description
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.training.experiment import read_experiment
from crossvox.training.train import train
from crossvox.volume.foreground import head_mask

EXPERIMENT = Path(__file__).parents[1] / "experiments/flair_t1_2mm.toml"
NORMS = ("batch", "instance", "group")


def scores(synthesizer: Synthesizer, cases: list[Case]) -> tuple[float, float]:
    """Compute mean masked SSIM, and mean MAE in the target's unit, over `cases`."""
    rows = []
    for case in cases:
        reference = read_volume(case.images["T1w"]).voxels
        synthesized = synthesizer([read_volume(case.images["FLAIR"])]).voxels
        mask = head_mask(reference)
        span = float(np.ptp(reference[mask]))
        rows.append(
            (
                ssim(synthesized, reference, data_range=span, mask=mask),
                mae(synthesized, reference, mask=mask),
            )
        )
    means = np.mean(rows, axis=0)
    return float(means[0]), float(means[1])


def main(data: Path, out: Path, steps: int) -> None:
    """Train and score each normalization and print a Markdown table."""
    table = [
        "| norm | statistics at prediction | masked SSIM | MAE | steps |",
        "|---|---|---|---|---|",
    ]
    for norm in NORMS:
        changes = [
            f"training.steps={steps}",
            f"training.validate_every={steps}",
            "training.patch=[64, 64, 64]",
            "cohort.check=false",
            f"method.norm={norm}",
        ]
        experiment = read_experiment(EXPERIMENT, changes=changes)
        cases = read_cohort(data, modalities=("FLAIR", "T1w"))
        trained = train(cases, out / norm, experiment, progress=Bars())
        held_out = [case for case in trained.cases if case.split == "validation"]
        synthesizer = load_synthesizer(trained.folder)
        values = scores(synthesizer, held_out)
        statistics = "running" if norm == "batch" else "its own"
        table.append(f"| {norm} | {statistics} | {values[0]:.4f} | {values[1]:.2f} | {steps} |")
        if norm == "batch":
            settings = read_description(trained.folder).settings
            by_batch = load_synthesizer(
                trained.folder, settings={**settings, "prediction_statistics": "batch"}
            )
            values = scores(by_batch, held_out)
            table.append(f"| {norm} | the volume's | {values[0]:.4f} | {values[1]:.2f} | {steps} |")
        print("\n".join(table), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
