"""Features of Inception-v3, from which FID and KID are made; the weights are the user's."""

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
BATCH = 8
WANTED = (
    "FID needs the weights of Inception-v3 of 2015-12-05 for PyTorch, a file usually called"
    " pt_inception-2015-12-05-6726825d.pth"
)
# What torch's careful reader was seen to end in, on files with changed bytes.
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
    """FID's network with somebody's weights.

    Attributes:
        network: Ready for use.
        sha256: Of the weights' file.
    """

    network: InceptionV3
    sha256: str

    @property
    def published(self) -> bool:
        """Whether the file is the one that published FIDs are made with."""
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
        """Features of every axial slice that `mask` touches, from the lowest to the highest.

        Slices lie across the superior axis of the working orientation (array axes permuted and
        flipped to the nearest RAS+), however the scanner cut, so that slices of all cases are
        pictures of one kind; they stand upright, the patient's right on the left. The whole slice
        is seen, background included, stretched to 299 x 299 pixels as FID does with any picture.

        Args:
            voxels: (X, Y, Z).
            grid: Where they lie.
            mask: (X, Y, Z); chooses slices and does not cut inside them.
            low: The intensity that becomes -1; what lies below is clipped.
            data_range: So much more becomes 1; what lies above is clipped. The same two numbers
                for both sides of a comparison.

        Returns:
            (slices, 2048); no rows where the mask is empty.
        """
        touched = _upright(mask.astype(np.float32), grid).any(axis=(1, 2))
        slices = torch.from_numpy(_upright(voxels, grid)[touched])
        gray = ((slices - low) / data_range).clamp(0, 1) * 2 - 1
        made = [np.zeros((0, FEATURES), dtype=np.float32)]
        with torch.inference_mode():
            for batch in gray.split(BATCH) if len(gray) else ():
                images = repeat(batch, "n rows columns -> n 3 rows columns")
                made.append(self.network(images).numpy())
        return np.concatenate(made)


def load_inception(path: Path) -> InceptionFeatures:
    """FID's network with the weights of a file; nothing is ever downloaded.

    Args:
        path: A state dict of torchvision's names: `.pth` or `.pt` (read without running anything
            in it), or `.safetensors`.

    Raises:
        ModelError: The file is missing, is no such file, or holds another network's weights.
    """
    try:
        payload = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}). {WANTED}") from None
    weights = _tensors(payload, path)
    _refuse_other_classes(weights, path)
    network = InceptionV3()
    try:
        network.load_weights(weights)
    except ModelError as error:
        raise ModelError(f"{path}: {error}. {WANTED}") from None
    return InceptionFeatures(network=network, sha256=hashlib.sha256(payload).hexdigest())


def too_few_images(images: int) -> str | None:
    """What a reader must know of an FID from so few images; None where they are enough.

    Args:
        images: On the smaller side of the comparison.
    """
    if images >= FEWEST_IMAGES:
        return None
    return (
        f"FID comes from {images} slices: below {FEWEST_IMAGES} it is biased upwards, the more the"
        " fewer there are. Compare it only between methods of this table, and read KID, which is"
        " unbiased."
    )


def _upright(voxels: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Axial slices (slices, rows, columns): anterior on top, the patient's right on the left."""
    turned = resample(
        Volume(voxels, grid), working_grid(grid, spacing_mm=None), outside=0.0
    ).voxels[::-1, ::-1]
    return np.ascontiguousarray(rearrange(turned, "right front up -> up front right"))


def _tensors(payload: bytes, path: Path) -> Mapping[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_safetensors(payload)
        with warnings.catch_warnings(action="ignore"):  # of what is refused or harmless
            found = torch.load(io.BytesIO(payload), weights_only=True, map_location="cpu")
    except UNREADABLE:
        raise ModelError(f"{path} holds no tensors that can be read safely. {WANTED}") from None
    if not isinstance(found, Mapping) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in found.items()
    ):
        raise ModelError(f"{path} is not a plain table of named tensors. {WANTED}")
    return found


def _refuse_other_classes(weights: Mapping[str, Tensor], path: Path) -> None:
    """Torchvision's own weights have the same names and shapes but for the classifier."""
    classifier = weights.get("fc.weight")
    if classifier is not None and classifier.shape != (CLASSES, FEATURES):
        raise ModelError(
            f"{path} is of another training: its classifier fc.weight is {tuple(classifier.shape)},"
            f" not {(CLASSES, FEATURES)}. {WANTED}"
        )
