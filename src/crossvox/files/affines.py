"""Choice and validation of the affine in a file's header."""

import warnings
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from crossvox.errors import FileError, FileWarning

SMALLEST_SPACING_MM = 0.05
LARGEST_SPACING_MM = 30.0
MOST_DISAGREEMENT_VOXELS = 0.5
SMALLEST_VOLUME_RATIO = 1e-3  # voxel volume over product of spacings; 1 for orthogonal axes

Affine = NDArray[np.float64]
Form = Literal["sform", "qform"]
FORMS: tuple[Form, ...] = ("sform", "qform")


def warn_of_no_geometry(path: Path) -> None:
    """Warn that the header of a file declares no orientation."""
    warnings.warn(
        f"{path}: says nothing about its orientation (neither sform nor qform); its position "
        "must not be used to align it with another file",
        FileWarning,
        stacklevel=2,
    )


def chosen_affine(
    forms: Mapping[Form, Affine], path: Path, *, shape: tuple[int, int, int], prefer: Form | None
) -> Affine:
    """Affine to use for a file that has an sform, a qform or both.

    Raises:
        FileError: The two disagree by more than half a voxel at a corner and neither is preferred;
            or the chosen affine is not finite, is singular or has an impossible spacing.
    """
    first = min(forms, key=FORMS.index)
    chosen = prefer if prefer is not None and prefer in forms else first
    affine = _checked(forms[chosen], path, name=chosen)
    if prefer is not None or len(forms) == 1:
        return affine
    other = _checked(forms["qform"], path, name="qform")
    distance_mm = np.linalg.norm(_corners(affine, shape) - _corners(other, shape), axis=1).max()
    limit_mm = MOST_DISAGREEMENT_VOXELS * np.linalg.norm(affine[:3, :3], axis=0).min()
    if distance_mm > limit_mm:
        raise FileError(
            f"{path}: its sform and qform place a corner {distance_mm:.2f} mm apart; "
            "decide with --prefer sform or --prefer qform"
        )
    return affine


def refuse_spacing(spacing: NDArray[np.float64], path: Path) -> None:
    """Refuse voxel spacings that no scanner produces.

    Raises:
        FileError: A spacing is not finite, below 0.05 mm or above 30 mm.
    """
    if np.isfinite(spacing).all() and (
        spacing.min() >= SMALLEST_SPACING_MM and spacing.max() <= LARGEST_SPACING_MM
    ):
        return
    raise FileError(
        f"{path}: spacing of {' x '.join(f'{step:.4g}' for step in spacing)} mm; it must lie "
        f"between {SMALLEST_SPACING_MM} and {LARGEST_SPACING_MM} mm, correct the header"
    )


def _checked(affine: Affine, path: Path, *, name: str) -> Affine:
    if not np.isfinite(affine).all():
        raise FileError(f"{path}: its {name} holds NaN or infinity; correct the header")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    refuse_spacing(spacing, path)
    if abs(np.linalg.det(affine[:3, :3])) < SMALLEST_VOLUME_RATIO * spacing.prod():
        raise FileError(f"{path}: its {name} is singular (a flat grid); correct the header")
    return affine


def _corners(affine: Affine, shape: tuple[int, int, int]) -> NDArray[np.float64]:
    corners = np.array(list(product(*((0, size - 1) for size in shape))), dtype=np.float64)
    return corners @ affine[:3, :3].T + affine[:3, 3]
