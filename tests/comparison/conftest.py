"""Contestants on the tiny cohort of balls, and their comparison."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from balls import PEOPLE, SHAPE, Cohort, Write, head
from crossvox.comparison import Comparison, Contestant, Costs, compare
from crossvox.scoring import Pair


@pytest.fixture(scope="session")
def made(cohort: Cohort, write: Write) -> Callable[[str, float], Contestant]:
    """A contestant whose volumes are the references and so much noise; a folder for each name."""

    def contestant(name: str, noise: float) -> Contestant:
        pairs = []
        for seed, case in enumerate(PEOPLE):
            folder = cohort.reference / Path(*case.split("_"), "anat")
            volume = cohort.run.parent / f"{name}-{noise}" / f"{case}_desc-synth_T1w.nii.gz"
            # The slices' own noise is what a slice-wise method adds.
            generator = np.random.default_rng(seed)
            stripes = generator.normal(0, noise, (1, 1, SHAPE[2]))
            write(volume, head(seed) + stripes + generator.normal(0, noise, SHAPE))
            pairs.append(
                Pair(
                    subject=case.split("_")[0],
                    name=case,
                    synthesized=volume,
                    reference=folder / f"{case}_T1w.nii.gz",
                    source=folder / f"{case}_FLAIR.nii.gz",
                )
            )
        costs = Costs(
            seconds=1.0 + noise, passes=1 + int(noise), parameters=1000, machine="a test machine"
        )
        return Contestant(name=name, pairs=tuple(pairs), costs=costs, method=f"noise {noise}")

    return contestant


@pytest.fixture(scope="session")
def compared(
    made: Callable[[str, float], Contestant], tmp_path_factory: pytest.TempPathFactory
) -> Comparison:
    """A steady, a shaky and a perfect method."""
    contestants = [made("steady", 10), made("shaky", 30), made("perfect", 0)]
    return compare(contestants, tmp_path_factory.mktemp("comparison"))
