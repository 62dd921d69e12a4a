"""A cohort from file to file against its network's own time, in two runs.

    python scripts/cohort.py MODEL SOURCE.nii.gz OUT [VOLUMES]

MODEL learned at the spacing of SOURCE, or it is resampled. One `crossvox predict` synthesizes
SOURCE as 20 people, its stages overlapping; another takes one stage after the other, and its
sidecars say what the network takes undisturbed, the first and coldest volume included. A third
finds everything there: what Python, torch and the model take to start. OUT gets the
volumes, cohort.md and cohort.json.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from crossvox.files import read_sidecar
from crossvox.synthesis.store import read_description

VOLUMES = 20


def predicted(model: Path, table: Path, out: Path, *words: str) -> float:
    """Seconds of one whole command."""
    command = [sys.executable, "-m", "crossvox", "predict", str(model), str(table), str(out)]
    start = time.perf_counter()
    subprocess.run([*command, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    model, source, out = map(Path, sys.argv[1:4])
    volumes = int(sys.argv[4]) if len(sys.argv) > len(("", model, source, out)) else VOLUMES
    (modality,) = read_description(model).preparation.source_modalities
    out.mkdir(parents=True, exist_ok=True)
    table = out / "cohort.csv"
    rows = "".join(f"p{number:02d},{source.resolve()}\n" for number in range(volumes))
    table.write_text(f"subject,{modality}\n{rows}")
    whole = predicted(model, table, out / "overlapping", "--overwrite")
    idle = predicted(model, table, out / "overlapping")  # all is there
    predicted(model, table, out / "alone", "--overwrite", "--overlap", "nothing")
    said = [read_sidecar(path) for path in sorted((out / "alone").glob("*_desc-synth_*.nii.gz"))]
    network = [one["NetworkSeconds"] for one in said]
    alone = [one["SynthesisSeconds"] for one in said]
    found = {
        "volumes": len(said),
        "whole command, s": round(whole, 2),
        "network, sum, s": round(sum(network), 2),
        "whole command / network": round(whole / sum(network), 3),
        "start and end of the command, s": round(idle, 2),
        "without these / network": round((whole - idle) / sum(network), 3),
        "network of one, median, s": round(median(network), 3),
        "preparation, network and restoring of one, median, s": round(median(alone), 3),
        "machine": said[0]["Machine"],
    }
    (out / "cohort.json").write_text(json.dumps(found, indent=2))
    lines = [f"| {name} | {value} |" for name, value in found.items()]
    (out / "cohort.md").write_text("\n".join(("| | |", "|---|---|", *lines)) + "\n")
    print((out / "cohort.md").read_text())


if __name__ == "__main__":
    main()
