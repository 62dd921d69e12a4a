"""Whether bfloat16 learns what float32 learns: two runs of equal seeds, side by side.

    python benchmarks/loss_curves.py COHORT OUT [STEPS]

COHORT holds pairs of FLAIR and T1w. The 3D GAN of base width 16, its L1 weighted by 100, learns
from the same patches of 48 x 96 x 96 voxels in both. OUT gets the runs, loss_curves.md and
loss_curves.csv; the last tenth of the steps decides.
"""

import csv
import subprocess
import sys
from pathlib import Path
from statistics import mean

STEPS = 300
EVERY = 10
SETTINGS = (
    "method.width=16",
    "training.patch=[96,96,48]",
    "training.batch=1",
    "training.flip_share=0.5",
    "training.ema=0.0",
    "method.l1_weight=100",
    "preparation.spacing_mm=own",
    f"training.report_every={EVERY}",
    "cohort.check=false",
)
PRECISIONS = {"bfloat16": "bf16-mixed", "float32": "32-true"}


def learned(cohort: Path, out: Path, precision: str, *, steps: int) -> list[dict[str, float]]:
    """The rows of progress of one run."""
    command = [sys.executable, "-m", "crossvox", "train", str(cohort), str(out)]
    words = [f"training.steps={steps}", f"training.validate_every={steps}"]
    words += [f"training.precision={precision}", *SETTINGS]
    asked = [word for setting in words for word in ("--set", setting)]
    subprocess.run([*command, "--source", "FLAIR", "--target", "T1w", *asked], check=True)
    with (out / "progress.csv").open() as file:
        return [
            {name: float(value) for name, value in row.items() if value}
            for row in csv.DictReader(file)
        ]


def main() -> None:
    cohort, out = map(Path, sys.argv[1:3])
    given = sys.argv[3:]
    steps = int(given[0]) if given else STEPS
    runs = {
        name: learned(cohort, out / name, precision, steps=steps)
        for name, precision in PRECISIONS.items()
    }
    with (out / "loss_curves.csv").open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("step", *runs))
        for both in zip(*runs.values(), strict=True):
            table.writerow((int(both[0]["step"]), *(row["generator.l1"] for row in both)))
    last = max(1, steps // 10 // EVERY)
    ends = {name: mean(row["generator.l1"] for row in rows[-last:]) for name, rows in runs.items()}
    lines = ["| precision | mean L1 of the last tenth | seconds a step |", "|---|---:|---:|"]
    for name, rows in runs.items():
        seconds = sorted(row["seconds_per_step"] for row in rows)[len(rows) // 2]
        lines.append(f"| {name} | {ends[name]:.5f} | {seconds:.3g} |")
    apart = ends["bfloat16"] / ends["float32"] - 1
    lines += ["", f"bfloat16 ends {apart:+.2%} from float32, after {steps} steps of equal patches."]
    (out / "loss_curves.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
