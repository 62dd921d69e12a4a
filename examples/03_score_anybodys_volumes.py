"""Score volumes from any software: python examples/03_score_anybodys_volumes.py [FOLDER].

A single line stands in for the other software here: it reverses the gray levels of FLAIR, a very
weak baseline.
"""

import sys
from pathlib import Path

import crossvox


def main(out: Path, *, size: int = 64, cases: int = 6) -> None:
    """Write volumes of another method and evaluate them against their references."""
    heads = crossvox.PhantomSettings(size=size)
    references = crossvox.phantom(out / "phantom", cases=cases, settings=heads)

    for path in sorted(references.glob("sub-*/anat/*_FLAIR.nii.gz")):
        flair = crossvox.read_volume(path)
        person = path.name.removesuffix("_FLAIR.nii.gz")
        reversed_grays = flair.with_voxels(flair.voxels.max() - flair.voxels)
        crossvox.write_volume(out / f"theirs/{person}_T1w.nii.gz", reversed_grays)

    evaluation = crossvox.evaluate(
        out / "theirs", references, out / "evaluation", modality="T1w", source_modality="FLAIR"
    )
    print(evaluation)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example_scores"))
