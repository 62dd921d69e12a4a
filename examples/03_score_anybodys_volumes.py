"""Score volumes that any software made: python examples/03_score_anybodys_volumes.py [FOLDER].

Here the other software is one line: FLAIR with its grays reversed. Everyone can beat it.
"""

import sys
from pathlib import Path

import crossvox


def main(out: Path, *, size: int = 64, cases: int = 6) -> None:
    """Volumes of another method beside their references, and a report."""
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
