"""What bfloat16 changes of a trained method, on people with references.

    python scripts/precision.py RUN [RUN ...] OUT --data COHORT

Every test person is synthesized as always and with --precise, and both are scored against the
reference. OUT gets the volumes, both evaluations, precision.md and precision.json: decibels
between the two in a range of the reference, and how far the scores are apart at most.
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
RANGE = (0.1, 99.9)  # percentiles of the reference, as the evaluation has it


def crossvox(*words: object) -> None:
    """One command, which must end well."""
    subprocess.run([sys.executable, "-m", "crossvox", *map(str, words)], check=True)


def scores(folder: Path) -> dict[str, dict[str, float]]:
    """Measures of each case."""
    with (folder / "scores.csv").open() as file:
        return {
            row["case"]: {name: float(row[name]) for name in MEASURES}
            for row in csv.DictReader(file)
        }


def decibels(made: Path, exact: Path, reference: Path) -> float:
    """PSNR of one volume to another, both in a reference's unit."""
    difference = read_volume(made).voxels.astype(np.float64) - read_volume(exact).voxels
    low, high = np.percentile(read_volume(reference).voxels, RANGE)
    return float(20 * math.log10((high - low) / np.sqrt(np.square(difference).mean())))


def compared(run: Path, cohort: Path, out: Path) -> dict[str, float]:
    """One run on the test people of a cohort."""
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
    for name, words in (("fast", ()), ("exact", ("--precise",))):
        crossvox("predict", run, table, out / name, "--overwrite", *words)
        for case in cases:
            made = next((out / name).glob(f"{case.name}_desc-synth_*.nii.gz"))
            made.rename(out / name / f"{case.name}.nii.gz")
        crossvox("evaluate", out / name, references, out / f"{name}_scores")
    fast, exact = scores(out / "fast_scores"), scores(out / "exact_scores")
    found = {
        f"{name}, furthest apart": max(abs(fast[one][name] - exact[one][name]) for one in fast)
        for name in MEASURES
    }
    files = [Path(f"{case.name}.nii.gz") for case in cases]
    found["dB, lowest"] = min(
        decibels(out / "fast" / file, out / "exact" / file, references / file) for file in files
    )
    return {"volumes": len(cases)} | found


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    words.add_argument("runs", type=Path, nargs="+")
    words.add_argument("out", type=Path)
    words.add_argument("--data", type=Path, required=True)
    asked = words.parse_args()
    found = {run.name: compared(run, asked.data, asked.out / run.name) for run in asked.runs}
    (asked.out / "precision.json").write_text(json.dumps(found, indent=2) + "\n")
    names = list(next(iter(found.values())))
    lines = [f"| run | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for run, row in found.items():
        lines.append(f"| {run} | {' | '.join(f'{row[name]:.4g}' for name in names)} |")
    (asked.out / "precision.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
