"""Train on a phantom cohort, then synthesize T1w from FLAIR.

python examples/02_train_and_predict.py [FOLDER] takes a few minutes; if interrupted, run it
again to resume.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import crossvox

SETTINGS = ("method.width=8", "training.steps=400")


def main(out: Path, *, size: int = 64, cases: int = 8, settings: Sequence[str] = ()) -> None:
    """Create data, train, and synthesize a volume of a person who was not in training."""
    heads = crossvox.PhantomSettings(size=size)
    data = crossvox.phantom(out / "phantom", cases=cases, settings=heads)

    # Settings that are not given are planned from the cohort and the available memory.
    with crossvox.Bars() as bars:
        run = crossvox.train(
            data,
            out / "run",
            source="FLAIR",
            target="T1w",
            settings=(*SETTINGS, *settings),
            progress=bars,
        )
    print(run.evaluation)

    model = run.model()
    test_person = model.people["test"][0]
    flair = crossvox.read_volume(data / f"{test_person}/anat/{test_person}_FLAIR.nii.gz")
    t1w = model(flair)
    crossvox.write_volume(out / f"{test_person}_T1w.nii.gz", t1w)
    print(f"{t1w.modality} of {test_person}: {t1w.grid}, as its FLAIR: {flair.grid}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example_training"))
