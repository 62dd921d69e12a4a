"""Whether bfloat16 learns what float32 learns: pairs of runs of equal seeds, side by side.

    python scripts/loss_curves.py COHORT OUT [--seeds 12] [--steps 300]

COHORT holds pairs of FLAIR and T1w. The 3D GAN of base width 16, its L1 weighted by 100, learns
from the same patches of 48 x 64 x 64 voxels in both runs of a pair. Two such runs part after some
tens of steps whatever separates them, so one pair says little and the mean over seeds decides: of
the ratio of mean L1 over the last tenth of the steps. OUT gets the runs, loss_curves.md and
loss_curves.csv; what is there already is not learned again.
"""

import argparse
import csv
import subprocess
import sys
from pathlib import Path
from statistics import mean

import numpy as np
from scipy import stats

EVERY = 10  # steps a row
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
    """Mean L1 of each `EVERY` steps of one run."""
    command = [sys.executable, "-m", "crossvox", "train", str(cohort), str(out)]
    words = [f"training.steps={steps}", f"training.validate_every={steps}"]
    words += [f"training.precision={precision}", f"training.seed={seed}", *SETTINGS]
    asked = [word for setting in words for word in ("--set", setting)]
    subprocess.run([*command, "--source", "FLAIR", "--target", "T1w", *asked], check=True)
    with (out / "progress.csv").open() as file:
        return [float(row["generator.l1"]) for row in csv.DictReader(file)]


def table(pairs: list[dict[str, list[float]]], *, steps: int) -> str:
    """Both ends of every pair, and the mean of their ratios."""
    last = max(1, steps // 10 // EVERY)
    lines = [
        "| seed | bfloat16, last tenth | float32, last tenth | apart | apart over all steps |",
        "|---:|---:|---:|---:|---:|",
    ]
    ends, wholes = [], []
    for seed, pair in enumerate(pairs):
        fast, exact = (mean(pair[name][-last:]) for name in PRECISIONS)
        ends.append(fast / exact - 1)
        wholes.append(mean(pair["bfloat16"]) / mean(pair["float32"]) - 1)
        lines.append(f"| {seed} | {fast:.4f} | {exact:.4f} | {ends[-1]:+.1%} | {wholes[-1]:+.1%} |")
    said = " | ".join(_interval(ratios) for ratios in (ends, wholes))
    return "\n".join((*lines, f"| mean (95 % interval) | | | {said} |"))


def _interval(ratios: list[float]) -> str:
    if len(ratios) == 1:
        return f"{ratios[0]:+.1%}"
    low, high = stats.ttest_1samp(ratios, 0.0).confidence_interval()
    return f"{np.mean(ratios):+.1%} ({low:+.1%} to {high:+.1%})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cohort", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--steps", type=int, default=300, help=f"a multiple of {EVERY}")
    asked = parser.parse_args()
    cohort, out, steps = asked.cohort, asked.out, asked.steps
    pairs: list[dict[str, list[float]]] = []
    for seed in range(asked.seeds):
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
