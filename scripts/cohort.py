"""Compare the time of `crossvox predict` on a cohort with the time of the network alone.

    python scripts/cohort.py MODEL SOURCE.nii.gz OUT [VOLUMES]

SOURCE is resampled if MODEL was trained at another spacing. The first `crossvox predict`
synthesizes VOLUMES (default: 20) copies of SOURCE with overlapping stages. The second has nothing
left to do and measures the startup of Python, torch and the model. The third runs the stages one
after the other; its sidecars give the undisturbed time of the network, including the first, slower
volume. OUT receives the volumes, cohort.md and cohort.json.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from crossvox.files import read_sidecar
from crossvox.synthesis.store import read_description

VOLUMES = 20  # default number of copies


def predict_seconds(model: Path, table: Path, out: Path, *options: str) -> float:
    """Run one `crossvox predict` command and return its time in seconds."""
    command = [sys.executable, "-m", "crossvox", "predict", str(model), str(table), str(out)]
    start = time.perf_counter()
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Run the three commands and write the results."""
    model, source, out = map(Path, sys.argv[1:4])
    volumes = int(sys.argv[4]) if len(sys.argv) > len(("", model, source, out)) else VOLUMES
    (modality,) = read_description(model).preparation.source_modalities
    out.mkdir(parents=True, exist_ok=True)
    table = out / "cohort.csv"
    rows = "".join(f"p{number:02d},{source.resolve()}\n" for number in range(volumes))
    table.write_text(f"subject,{modality}\n{rows}")
    whole = predict_seconds(model, table, out / "overlapping", "--overwrite")
    idle = predict_seconds(model, table, out / "overlapping")  # all volumes exist
    predict_seconds(model, table, out / "alone", "--overwrite", "--overlap", "nothing")
    paths = sorted((out / "alone").glob("*_desc-synth_*.nii.gz"))
    sidecars = [read_sidecar(path) for path in paths]
    network = [sidecar["NetworkSeconds"] for sidecar in sidecars]
    synthesis = [sidecar["SynthesisSeconds"] for sidecar in sidecars]
    results = {
        "volumes": len(sidecars),
        "whole command, s": round(whole, 2),
        "network, sum, s": round(sum(network), 2),
        "whole command / network": round(whole / sum(network), 3),
        "start and end of the command, s": round(idle, 2),
        "without these / network": round((whole - idle) / sum(network), 3),
        "network of one, median, s": round(median(network), 3),
        "preparation, network and restoring of one, median, s": round(median(synthesis), 3),
        "machine": sidecars[0]["Machine"],
    }
    (out / "cohort.json").write_text(json.dumps(results, indent=2))
    lines = [f"| {name} | {value} |" for name, value in results.items()]
    (out / "cohort.md").write_text("\n".join(("| | |", "|---|---|", *lines)) + "\n")
    print((out / "cohort.md").read_text())


if __name__ == "__main__":
    main()
