"""Score volumes that any software made: python examples/03_score_anybodys_volumes.py [FOLDER].

Here the other software is one line: FLAIR with its greys reversed. Everyone can beat it.
"""

import sys
from pathlib import Path

import numpy as np

from crossvox.cohort import read_cohort
from crossvox.evaluation import evaluate
from crossvox.files import read_volume, write_volume
from crossvox.metrics import mae, ssim
from crossvox.phantom import PhantomSettings, write_phantom
from crossvox.scoring import find_pairs
from crossvox.volume.foreground import head_of


def main(out: Path, *, size: int = 64, cases: int = 6) -> None:
    """Volumes of another method beside their references: single numbers, then a report."""
    references = out / "phantom"
    write_phantom(references, cases=cases, settings=PhantomSettings(size=size))
    cohort = read_cohort(references, modalities=("FLAIR", "T1w"))

    for case in cohort:
        flair = read_volume(case.images["FLAIR"])
        head = head_of(flair.voxels)
        reversed_greys = np.where(head, flair.voxels[head].max() - flair.voxels, flair.voxels)
        write_volume(out / f"theirs/{case.name}_T1w.nii.gz", flair.with_voxels(reversed_greys))

    first = read_volume(out / f"theirs/{cohort[0].name}_T1w.nii.gz").voxels
    reference = read_volume(cohort[0].images["T1w"]).voxels
    head, data_range = head_of(reference), float(reference.max() - reference.min())
    print(f"mean absolute error in the head {mae(first, reference, mask=head):.1f}")
    print(f"SSIM in the head {ssim(first, reference, data_range=data_range, mask=head):.3f}")

    pairing = find_pairs(out / "theirs", references, modality="T1w", source_modality="FLAIR")
    evaluation = evaluate(pairing, out / "evaluation")
    print(f"{len(evaluation.results)} people, {evaluation.report}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example_scores"))
