"""Slice features of Inception-v3 for FID and KID; the user provides the weights."""

import hashlib
import io
import pickle
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from einops import rearrange, repeat
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor

from crossvox.errors import ModelError
from crossvox.networks.inception import FEATURES, InceptionV3
from crossvox.preparation.resampling import resample, working_grid
from crossvox.volume import Grid, Volume

FEWEST_IMAGES = FEATURES
PUBLISHED_SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
CLASSES = 1008
BATCH_SLICES = 8
WEIGHTS_HINT = (
    "FID needs the Inception-v3 weights of 2015-12-05 for PyTorch, a file usually named"
    " pt_inception-2015-12-05-6726825d.pth"
)
# Errors that torch.load(weights_only=True) and safetensors raise on corrupted files.
UNREADABLE = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    struct.error,
    SafetensorError,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class InceptionFeatures:
    """Inception-v3 as used for FID, with weights from a file.

    Attributes:
        network: Inception-v3 with loaded weights.
        sha256: SHA-256 of the weights file.
    """

    network: InceptionV3
    sha256: str

    @property
    def published(self) -> bool:
        """Whether the weights are those used for published FIDs."""
        return self.sha256 == PUBLISHED_SHA256

    def features(
        self,
        voxels: NDArray[np.float32],
        *,
        grid: Grid,
        mask: NDArray[np.bool_],
        low: float,
        data_range: float,
    ) -> NDArray[np.float32]:
        """Compute features of every axial slice that `mask` touches, from inferior to superior.

        Slices are perpendicular to the superior axis of the working orientation (array axes
        permuted and flipped to the nearest RAS+), whatever the acquisition plane, so that slices
        of all cases are comparable images; they are upright, with the patient's right on the left.
        The whole slice counts, background included, resized to 299 x 299 pixels as in FID.

        Args:
            voxels: Intensities, (X, Y, Z).
            grid: Grid of the voxels.
            mask: Mask that selects whole slices, (X, Y, Z).
            low: Intensity mapped to -1; lower intensities are clipped.
            data_range: Intensity range above `low` whose upper end is mapped to 1; higher
                intensities are clipped. Use the same `low` and range on both sides.

        Returns:
            (slices, 2048); no rows where the mask is empty.
        """
        touched = _upright(mask.astype(np.float32), grid).any(axis=(1, 2))
        slices = torch.from_numpy(_upright(voxels, grid)[touched])
        gray = ((slices - low) / data_range).clamp(0, 1) * 2 - 1
        features = [np.zeros((0, FEATURES), dtype=np.float32)]
        with torch.inference_mode():
            for batch in gray.split(BATCH_SLICES) if len(gray) else ():
                images = repeat(batch, "n rows columns -> n 3 rows columns")
                features.append(self.network(images).numpy())
        return np.concatenate(features)


def load_inception(path: Path) -> InceptionFeatures:
    """Load Inception-v3 with the weights for FID from a file; nothing is downloaded.

    Args:
        path: Path of a state dict with torchvision's names: `.pth` or `.pt` (read without
            executing code from it), or `.safetensors`.

    Raises:
        ModelError: The file is missing or unreadable, or has the weights of another network.
    """
    try:
        payload = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}). {WEIGHTS_HINT}") from None
    weights = _tensors(payload, path)
    _refuse_other_classes(weights, path)
    network = InceptionV3()
    try:
        network.load_weights(weights)
    except ModelError as error:
        raise ModelError(f"{path}: {error}. {WEIGHTS_HINT}") from None
    return InceptionFeatures(network=network, sha256=hashlib.sha256(payload).hexdigest())


def too_few_images(images: int) -> str | None:
    """Caution about an FID from too few images; None if there are enough.

    Args:
        images: Number of images on the smaller side of the comparison.
    """
    if images >= FEWEST_IMAGES:
        return None
    return (
        f"FID is computed from {images} slices. With fewer than {FEWEST_IMAGES} slices it is biased"
        " upwards, and the bias grows as the number falls. Compare FID only between methods of this"
        " table, and prefer KID, which is unbiased."
    )


def _upright(voxels: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Axial slices, (slices, rows, columns), anterior on top, the patient's right on the left."""
    oriented = resample(
        Volume(voxels, grid), working_grid(grid, spacing_mm=None), outside=0.0
    ).voxels[::-1, ::-1]
    return np.ascontiguousarray(rearrange(oriented, "right front up -> up front right"))


def _tensors(payload: bytes, path: Path) -> Mapping[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_safetensors(payload)
        with warnings.catch_warnings(
            action="ignore"
        ):  # torch warns about files that are refused anyway
            weights = torch.load(io.BytesIO(payload), weights_only=True, map_location="cpu")
    except UNREADABLE:
        raise ModelError(f"{path} has no tensors that can be read safely. {WEIGHTS_HINT}") from None
    if not isinstance(weights, Mapping) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in weights.items()
    ):
        raise ModelError(f"{path} is not a plain dictionary of named tensors. {WEIGHTS_HINT}")
    return weights


def _refuse_other_classes(weights: Mapping[str, Tensor], path: Path) -> None:
    """Refuse torchvision's own weights, which differ in shape only in the classifier."""
    classifier = weights.get("fc.weight")
    if classifier is not None and classifier.shape != (CLASSES, FEATURES):
        raise ModelError(
            f"{path} has weights from another training: the shape of its classifier fc.weight is"
            f" {tuple(classifier.shape)}, not {(CLASSES, FEATURES)}. {WEIGHTS_HINT}"
        )
