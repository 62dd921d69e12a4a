"""Train on a phantom cohort, then synthesize T1w from FLAIR.

python examples/02_train_and_predict.py [FOLDER]; some minutes. Run again, it goes on.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from crossvox.cohort import read_cohort
from crossvox.files import read_volume, write_volume
from crossvox.phantom import PhantomSettings, write_phantom
from crossvox.synthesis.store import load_synthesizer
from crossvox.training.experiment import read_experiment
from crossvox.training.train import train

CHANGES = ("cohort.source=FLAIR", "cohort.target=T1w", "method.width=8", "training.steps=400")


class Lines:
    """Progress as lines."""

    def stage(self, name: str, done: int, total: int) -> None:
        """Work before the first step."""
        if done == total:
            print(f"{name}: {total}")

    def say(self, text: str) -> None:
        """A part of the plan, with its reason."""
        print(text)

    def step(self, step: int, steps: int) -> None:
        """A step is done; rows tell enough here."""

    def row(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """A row of progress.csv."""
        print(f"step {step} of {steps}: " + ", ".join(f"{k} {v:.3g}" for k, v in values.items()))


def main(out: Path, *, size: int = 64, cases: int = 8, changes: Sequence[str] = ()) -> None:
    """From nothing to a synthesized volume of a person that was not learned from."""
    write_phantom(out / "phantom", cases=cases, settings=PhantomSettings(size=size))
    cohort = read_cohort(out / "phantom", modalities=("FLAIR", "T1w"))

    # What these settings leave open is planned from the cohort and the memory at hand.
    experiment = read_experiment(None, changes=(*CHANGES, *changes))
    trained = train(cohort, out / "run", experiment, progress=Lines())

    synthesizer = load_synthesizer(trained.folder)
    unseen = next(case for case in trained.cases if case.split == "test")
    flair = read_volume(unseen.images["FLAIR"])
    t1w = synthesizer([flair])
    write_volume(out / f"{unseen.name}_T1w.nii.gz", t1w)
    print(f"{t1w.modality} of {unseen.name}: {t1w.grid}, as its FLAIR: {flair.grid}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/example_training"))
