"""Compare training in bfloat16 and in float32 in pairs of runs with equal seeds.

    python scripts/loss_curves.py COHORT OUT [--seeds 12] [--steps 300]

COHORT holds pairs of FLAIR and T1w. The 3D GAN with base width 16 and an L1 weight of 100 is
trained on the same patches of 64 x 64 x 48 voxels in both runs of a pair. Any rounding difference
makes two such runs diverge after a few tens of steps, so a single pair is not conclusive: the
result is the relative difference between mean L1 losses over the last tenth of the steps, averaged
over seeds. OUT receives the runs, loss_curves.md and loss_curves.csv; existing runs are not
trained again.
"""

import argparse
import csv
import subprocess
import sys
from pathlib import Path
from statistics import mean

import numpy as np
from scipy import stats

EVERY = 10  # steps per row
SETTINGS = (
    "method.width=16",
    "training.patch=[64,64,48]",
    "training.batch=1",
    "training.flip_share=0.5",
    "training.ema=0.0",
    "method.l1_weight=100",
    "preparation.spacing_mm=own",
    f"training.report_every={EVERY}",
    "cohort.check=false",
)
PRECISIONS = {"bfloat16": "bf16-mixed", "float32": "32-true"}


def curve(cohort: Path, out: Path, *, precision: str, seed: int, steps: int) -> list[float]:
    """Train one run; return the mean L1 loss of every 10 steps."""
    command = [sys.executable, "-m", "crossvox", "train", str(cohort), str(out)]
    settings = [f"training.steps={steps}", f"training.validate_every={steps}"]
    settings += [f"training.precision={precision}", f"training.seed={seed}", *SETTINGS]
    options = [word for setting in settings for word in ("--set", setting)]
    subprocess.run([*command, "--source", "FLAIR", "--target", "T1w", *options], check=True)
    with (out / "progress.csv").open() as file:
        return [float(row["generator.l1"]) for row in csv.DictReader(file)]


def table(pairs: list[dict[str, list[float]]], *, steps: int) -> str:
    """Format the final losses of every pair, their relative differences and the means of these."""
    last = max(1, steps // 10 // EVERY)
    lines = [
        "| seed | bfloat16, last tenth | float32, last tenth | difference | over all steps |",
        "|---:|---:|---:|---:|---:|",
    ]
    final_differences, differences = [], []
    for seed, pair in enumerate(pairs):
        fast, exact = (mean(pair[name][-last:]) for name in PRECISIONS)
        final_differences.append(fast / exact - 1)
        differences.append(mean(pair["bfloat16"]) / mean(pair["float32"]) - 1)
        lines.append(
            f"| {seed} | {fast:.4f} | {exact:.4f} | {final_differences[-1]:+.1%}"
            f" | {differences[-1]:+.1%} |"
        )
    means = " | ".join(_interval(values) for values in (final_differences, differences))
    return "\n".join((*lines, f"| mean (95 % confidence interval) | | | {means} |"))


def _interval(differences: list[float]) -> str:
    if len(differences) == 1:
        return f"{differences[0]:+.1%}"
    low, high = stats.ttest_1samp(differences, 0.0).confidence_interval()
    return f"{np.mean(differences):+.1%} ({low:+.1%} to {high:+.1%})"


def main() -> None:
    """Train the pairs of runs and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cohort", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=12, help="number of pairs of runs")
    parser.add_argument(
        "--steps", type=int, default=300, help=f"steps per run, a multiple of {EVERY}"
    )
    options = parser.parse_args()
    cohort, out, steps = options.cohort, options.out, options.steps
    pairs: list[dict[str, list[float]]] = []
    for seed in range(options.seeds):
        pair = {
            name: curve(cohort, out / f"{name}_{seed}", precision=precision, seed=seed, steps=steps)
            for name, precision in PRECISIONS.items()
        }
        pairs.append(pair)
        (out / "loss_curves.md").write_text(table(pairs, steps=steps) + "\n")
    with (out / "loss_curves.csv").open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("seed", "step", *PRECISIONS))
        for seed, pair in enumerate(pairs):
            for number, values in enumerate(zip(*pair.values(), strict=True), start=1):
                rows.writerow((seed, number * EVERY, *values))
    print((out / "loss_curves.md").read_text())


if __name__ == "__main__":
    main()
