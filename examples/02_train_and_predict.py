"""Train on a phantom cohort, then synthesize T1w from FLAIR.

python examples/02_train_and_predict.py [FOLDER]; some minutes. Run again, it goes on.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import crossvox

SETTINGS = ("method.width=8", "training.steps=400")


def main(out: Path, *, size: int = 64, cases: int = 8, settings: Sequence[str] = ()) -> None:
    """From nothing to a synthesized volume of a person that was not learned from."""
    heads = crossvox.PhantomSettings(size=size)
    data = crossvox.phantom(out / "phantom", cases=cases, settings=heads)

    # What these settings leave open is planned from the cohort and the memory at hand.
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
    unseen = model.people["test"][0]
    flair = crossvox.read_volume(data / f"{unseen}/anat/{unseen}_FLAIR.nii.gz")
    t1w = model(flair)
    crossvox.write_volume(out / f"{unseen}_T1w.nii.gz", t1w)
    print(f"{t1w.modality} of {unseen}: {t1w.grid}, as its FLAIR: {flair.grid}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example_training"))
