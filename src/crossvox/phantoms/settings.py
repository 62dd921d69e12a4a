"""Settings of a phantom, in a module that imports fast enough for `--help`."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from crossvox.errors import SettingsError
from crossvox.phantoms.sequences import T1W_SEQUENCES

MR_MODALITIES = ("FLAIR", "T1w", "T2w", "PDw")
MODALITIES = (*MR_MODALITIES, "CT", "pet")
MASKS = ("head", "brain", "none")
MIN_SIZE = 8
MAX_OBLIQUE_DEGREES = 45.0
STRENGTHS = (
    "misalignment_mm",
    "noise",
    "shading",
    "ct_noise_hu",
    "pet_noise",
    "tissue_variation",
)


@dataclass(frozen=True, kw_only=True)
class PhantomSettings:
    """Imaging settings of a phantom.

    Attributes:
        size: Voxels along each axis, before slices are thickened; the head fills them.
        modalities: Modalities of each person, the source first; names may be joined by commas.
        seed: Random seed; the same seed gives the same people.
        slice_thickness_factor: Slice thickness relative to the width of a voxel.
        oblique_degrees: Rotation of the scanner's grid against the patient's axes in degrees.
        misalignment_mm: Shift of the head in mm after the first modality.
        mask: Region of the masks: "head", "brain" or "none".
        t1w: Sequence of T1w: "mprage" or "spin_echo".
        noise: Standard deviation of MR noise relative to the signal of white matter.
        shading: Standard deviation of the logarithm of the coil's shading.
        ct_noise_hu: Standard deviation of CT noise in HU.
        pet_noise: Relative standard deviation of PET counts in gray matter.
        tissue_variation: Relative spread of relaxation times and uptake between people.

    Raises:
        SettingsError: A setting is out of its range.
    """

    size: int = 64
    modalities: tuple[str, ...] = ("FLAIR", "T1w")
    seed: int = 0
    slice_thickness_factor: int = 1
    oblique_degrees: float = 0.0
    misalignment_mm: float = 0.0
    mask: Literal["head", "brain", "none"] = "head"
    t1w: Literal["mprage", "spin_echo"] = "mprage"
    noise: float = 0.03
    shading: float = 0.08
    ct_noise_hu: float = 8.0
    pet_noise: float = 0.1
    tissue_variation: float = 0.02

    def __post_init__(self) -> None:
        names = tuple(name for joined in self.modalities for name in joined.split(","))
        object.__setattr__(self, "modalities", names)
        _check_modalities(names)
        _check_choices(self)
        _check_numbers(self)


def _check_modalities(names: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in MODALITIES]
    if unknown or not names or len(set(names)) < len(names):
        raise SettingsError(
            f"modalities must be from {', '.join(MODALITIES)}, each once; got {', '.join(names)!r}"
        )


def _check_choices(settings: PhantomSettings) -> None:
    if settings.mask not in MASKS:
        raise SettingsError(f"mask must be one of {', '.join(MASKS)}; got {settings.mask!r}")
    if settings.t1w not in T1W_SEQUENCES:
        raise SettingsError(f"t1w must be one of {', '.join(T1W_SEQUENCES)}; got {settings.t1w!r}")


def _check_numbers(settings: PhantomSettings) -> None:
    factor = settings.slice_thickness_factor
    if settings.size < MIN_SIZE or settings.seed < 0:
        raise SettingsError(
            f"size must be at least {MIN_SIZE} and seed at least 0, "
            f"got {settings.size} and {settings.seed}"
        )
    if factor < 1 or settings.size % factor:
        raise SettingsError(
            f"slice_thickness_factor must be a divisor of size {settings.size}, got {factor}"
        )
    if not abs(settings.oblique_degrees) <= MAX_OBLIQUE_DEGREES:
        raise SettingsError(f"oblique_degrees must be -45 to 45, got {settings.oblique_degrees}")
    for name in STRENGTHS:
        strength = getattr(settings, name)
        if not 0 <= strength < inf:
            raise SettingsError(f"{name} must be finite and 0 or more, got {strength}")
