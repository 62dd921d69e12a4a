"""Choosing between sform and qform."""

from pathlib import Path

import numpy as np
import pytest

from crossvox.errors import FileError
from crossvox.files.affines import Form, chosen_affine, refuse_spacing

PATH = Path("volume.nii")
SHAPE = (10, 20, 30)
ONE = np.diag([1.0, 2.0, 3.0, 1.0])


def _moved(by_mm: float) -> np.ndarray:
    moved = ONE.copy()
    moved[1, 3] += by_mm
    return moved


def test_half_a_voxel_is_half_of_the_finest_spacing() -> None:
    forms: dict[Form, np.ndarray] = {"sform": ONE, "qform": _moved(0.49)}
    assert chosen_affine(forms, PATH, shape=SHAPE, prefer=None) is ONE
    with pytest.raises(FileError, match=r"0\.51 mm apart"):
        chosen_affine({**forms, "qform": _moved(0.51)}, PATH, shape=SHAPE, prefer=None)


def test_disagreement_is_measured_at_the_corner_that_is_farthest_off() -> None:
    tilted = ONE.copy()
    tilted[0, 1] = 0.04  # 0.76 mm at the far end of 19 steps
    with pytest.raises(FileError, match=r"0\.76 mm apart"):
        chosen_affine({"sform": ONE, "qform": tilted}, PATH, shape=SHAPE, prefer=None)


def test_the_form_that_is_not_preferred_may_be_broken() -> None:
    broken = np.full((4, 4), np.nan)
    forms: dict[Form, np.ndarray] = {"sform": broken, "qform": ONE}
    assert chosen_affine(forms, PATH, shape=SHAPE, prefer="qform") is ONE


@pytest.mark.parametrize("spacing", [0.05, 30.0])
def test_the_extreme_spacings_are_allowed(spacing: float) -> None:
    refuse_spacing(np.array([spacing, 1.0, 1.0]), PATH)


@pytest.mark.parametrize("spacing", [0.049, 30.1, np.nan, np.inf])
def test_spacings_beyond_them_are_refused(spacing: float) -> None:
    with pytest.raises(FileError, match=r"between 0\.05 and 30\.0 mm"):
        refuse_spacing(np.array([1.0, spacing, 1.0]), PATH)
