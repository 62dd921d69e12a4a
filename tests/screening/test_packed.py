"""Compression of coarse volumes."""

from pathlib import Path

import numpy as np

from crossvox.cohort import read_cohort
from crossvox.files import read_volume
from crossvox.screening.coarse import coarsen, lattice_around
from crossvox.screening.packed import pack, unpack


def test_what_was_packed_comes_back_and_was_small(cohort_folder: Path) -> None:
    case = read_cohort(cohort_folder, modalities=("T1w",))[0]
    volume = read_volume(case.images["T1w"])
    coarse = coarsen(volume, lattice_around(volume.grid, step_mm=4.0))
    packed = pack(coarse)
    again = unpack(packed)
    np.testing.assert_array_equal(again.levels, coarse.levels)
    np.testing.assert_array_equal(again.head, coarse.head)
    np.testing.assert_array_equal(again.empty, coarse.empty)
    assert again.lattice is coarse.lattice
    assert again.median == coarse.median
    # 32 levels need 5 of 8 bits even without compression, and half of the lattice is air.
    assert len(packed.levels) + len(packed.head) + len(packed.empty) < coarse.levels.nbytes / 2
