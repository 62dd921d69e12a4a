"""Compare the predictions of a trained method in bfloat16 and in float32 on a test split.

    python scripts/precision.py RUN [RUN ...] OUT --data COHORT

Every test case is synthesized with the default settings and with --precise, and both results are
scored against the reference. OUT receives the volumes, both evaluations, precision.md and
precision.json: the PSNR between the two in the range of the reference, and the largest differences
of the scores.
"""

import argparse
import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np

from crossvox.cohort import read_cohort
from crossvox.files import read_volume
from crossvox.synthesis.store import read_description

MEASURES = ("ssim", "mae", "psnr")
RANGE = (0.1, 99.9)  # percentiles of the whole reference; the evaluation takes them inside the mask


def crossvox(*arguments: object) -> None:
    """Run one command, which must succeed."""
    subprocess.run([sys.executable, "-m", "crossvox", *map(str, arguments)], check=True)


def scores(folder: Path) -> dict[str, dict[str, float]]:
    """Read the scores of each case."""
    with (folder / "scores.csv").open() as file:
        return {
            row["case"]: {name: float(row[name]) for name in MEASURES}
            for row in csv.DictReader(file)
        }


def decibels(fast: Path, exact: Path, reference: Path) -> float:
    """Compute the PSNR between two volumes in the range of a reference."""
    difference = read_volume(fast).voxels.astype(np.float64) - read_volume(exact).voxels
    low, high = np.percentile(read_volume(reference).voxels, RANGE)
    return float(20 * math.log10((high - low) / np.sqrt(np.square(difference).mean())))


def compared(run: Path, cohort: Path, out: Path) -> dict[str, float]:
    """Compare both precisions of one run on the test cases of a cohort."""
    preparation = read_description(run).preparation
    modalities = (*preparation.source_modalities, preparation.target_modality)
    cases = [case for case in read_cohort(cohort, modalities=modalities) if case.split == "test"]
    table, references = out / "sources.csv", out / "references"
    references.mkdir(parents=True, exist_ok=True)
    rows = [",".join(("subject", *preparation.source_modalities))]
    for case in cases:
        sources = [str(case.images[name].resolve()) for name in preparation.source_modalities]
        rows.append(",".join((case.name, *sources)))
        link = references / f"{case.name}.nii.gz"
        link.unlink(missing_ok=True)
        link.symlink_to(case.images[preparation.target_modality].resolve())
    table.write_text("\n".join(rows) + "\n")
    for name, options in (("fast", ()), ("exact", ("--precise",))):
        crossvox("predict", run, table, out / name, "--overwrite", *options)
        for case in cases:
            synthesized = next((out / name).glob(f"{case.name}_desc-synth_*.nii.gz"))
            synthesized.rename(out / name / f"{case.name}.nii.gz")
        crossvox("evaluate", out / name, references, out / f"{name}_scores")
    fast, exact = scores(out / "fast_scores"), scores(out / "exact_scores")
    results = {
        f"{name}, largest difference": max(
            abs(fast[case][name] - exact[case][name]) for case in fast
        )
        for name in MEASURES
    }
    files = [Path(f"{case.name}.nii.gz") for case in cases]
    results["dB, lowest"] = min(
        decibels(out / "fast" / file, out / "exact" / file, references / file) for file in files
    )
    return {"volumes": len(cases)} | results


def main() -> None:
    """Compare all runs and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    out = options.out
    results = {run.name: compared(run, options.data, out / run.name) for run in options.runs}
    (out / "precision.json").write_text(json.dumps(results, indent=2) + "\n")
    names = list(next(iter(results.values())))
    lines = [f"| run | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for run, row in results.items():
        lines.append(f"| {run} | {' | '.join(f'{row[name]:.4g}' for name in names)} |")
    (out / "precision.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
