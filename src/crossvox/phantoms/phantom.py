"""Simulating the volumes of one phantom person: anatomy, imaging physics and scanner."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np
from einops import einsum

from crossvox.errors import SettingsError
from crossvox.phantoms.anatomy import Anatomy, anatomy_on
from crossvox.phantoms.person import Person, draw_person
from crossvox.phantoms.scanner import (
    Voxels,
    blur,
    gaussian,
    poisson,
    rician,
    scanner_grid,
    shading,
)
from crossvox.phantoms.sequences import T1W_SEQUENCES, sequence_of
from crossvox.phantoms.shapes import Triple
from crossvox.phantoms.tissues import TISSUES, WHITE_MATTER
from crossvox.volume import Grid, Volume

MR_MODALITIES = ("FLAIR", "T1w", "T2w", "PDw")
MODALITIES = (*MR_MODALITIES, "CT", "pet")
MASKS = ("head", "brain", "none")
MIN_SIZE = 8
MAX_OBLIQUE_DEGREES = 45.0

WHITE_MATTER_SIGNAL = 500.0  # arbitrary unit, before the gain
MAX_GAIN = 1.1
MR_FWHM_VOXELS = 0.8
CT_FWHM_MM = 1.5
PET_FWHM_MM = 6.0
HU_LIMITS = (-1024, 3071)
GRAY_MATTER_BQ_PER_ML = 20_000.0
MASK_THRESHOLD = 0.5


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


@dataclass(frozen=True, kw_only=True, eq=False)
class PhantomCase:
    """Simulated volumes of one person.

    Attributes:
        volumes: Volume of each modality.
        mask: Mask of the head or brain in the position of the first modality; None if `mask` is
            "none".
        labels: Index in TISSUES of the tissue that fills most of each voxel.
        person: Anatomy of the person.
        shift_mm: Shift of the head in each modality in mm, RAS+.
    """

    volumes: Mapping[str, Volume]
    mask: Volume | None
    labels: Volume
    person: Person
    shift_mm: Mapping[str, Triple]


def phantom_case(settings: PhantomSettings, *, case: int) -> PhantomCase:
    """Simulate person number `case`, counted from 0, independently of the number of people.

    Raises:
        SettingsError: `case` is negative.
    """
    if case < 0:
        raise SettingsError(f"case must be 0 or more, got {case}")
    person = draw_person(
        _generator(settings, case, "person"), tissue_variation=settings.tissue_variation
    )
    grid = scanner_grid(
        settings.size,
        slice_thickness_factor=settings.slice_thickness_factor,
        oblique_degrees=settings.oblique_degrees,
    )
    first = anatomy_on(grid, person)
    shift = shift_of(settings, case=case)
    moved = anatomy_on(grid, person, shift_mm=shift) if any(shift) else first
    source, *targets = settings.modalities
    anatomies = {source: first} | dict.fromkeys(targets, moved)
    return PhantomCase(
        volumes={
            modality: _image(anatomy, grid, person, modality, settings=settings, case=case)
            for modality, anatomy in anatomies.items()
        },
        mask=_mask(first, grid, settings.mask),
        labels=Volume(first.labels(), grid, modality="dseg", unit="label", stored_as="uint8"),
        person=person,
        shift_mm={source: (0.0, 0.0, 0.0)} | dict.fromkeys(targets, shift),
    )


def shift_of(settings: PhantomSettings, *, case: int) -> Triple:
    """Shift of the head of `case` after the first modality in mm, RAS+."""
    direction = _generator(settings, case, "movement").normal(size=3)
    direction /= np.linalg.norm(direction)
    x, y, z = settings.misalignment_mm * direction + 0.0  # no negative zeros
    return float(x), float(y), float(z)


def gain_of(settings: PhantomSettings, *, case: int, modality: str) -> float:
    """Arbitrary intensity gain of one MR volume, within a tenth of 1."""
    exponent = _generator(settings, case, f"gain of {modality}").uniform(-1, 1)
    return float(MAX_GAIN**exponent)


def _generator(settings: PhantomSettings, case: int, purpose: str) -> np.random.Generator:
    """Separate random generator for each purpose, so that adding a modality changes no other."""
    gains = (f"gain of {modality}" for modality in MODALITIES)
    purposes = ("person", "movement", *MODALITIES, *gains)
    return np.random.default_rng([settings.seed, case, purposes.index(purpose)])


def _image(
    anatomy: Anatomy,
    grid: Grid,
    person: Person,
    modality: str,
    *,
    settings: PhantomSettings,
    case: int,
) -> Volume:
    generator = _generator(settings, case, modality)
    if modality == "CT":
        voxels = _ct(anatomy, grid, settings, generator)
        return Volume(voxels, grid, modality=modality, unit="HU", stored_as="int16")
    if modality == "pet":
        voxels = _pet(anatomy, grid, person, settings, generator)
        return Volume(voxels, grid, modality=modality, unit="Bq/mL")
    sequence = sequence_of(modality, t1w=settings.t1w)
    scale = gain_of(settings, case=case, modality=modality) * WHITE_MATTER_SIGNAL
    scale /= sequence.signal(WHITE_MATTER)
    signals = [scale * sequence.signal(tissue) for tissue in person.tissues]
    voxels = _mr(_mixture(signals, anatomy), grid, settings, generator)
    return Volume(voxels, grid, modality=modality, stored_as="int16")


def _mixture(values: list[float], anatomy: Anatomy) -> Voxels:
    """Mean of the tissues' values, weighted by their shares."""
    weights = np.array(values, dtype=np.float32)
    return einsum(weights, anatomy.shares, "tissue, tissue x y z -> x y z")


def _mr(
    signal: Voxels, grid: Grid, settings: PhantomSettings, generator: np.random.Generator
) -> Voxels:
    in_plane_mm = grid.spacing_mm[0]
    blurred = blur(signal, fwhm_mm=MR_FWHM_VOXELS * in_plane_mm, spacing_mm=grid.spacing_mm)
    shaded = blurred * shading(grid, strength=settings.shading, generator=generator)
    noisy = rician(shaded, sigma=settings.noise * WHITE_MATTER_SIGNAL, generator=generator)
    return np.rint(noisy)


def _ct(
    anatomy: Anatomy, grid: Grid, settings: PhantomSettings, generator: np.random.Generator
) -> Voxels:
    attenuation = _mixture([tissue.hu for tissue in TISSUES], anatomy)
    blurred = blur(attenuation, fwhm_mm=CT_FWHM_MM, spacing_mm=grid.spacing_mm)
    noisy = gaussian(blurred, sigma=settings.ct_noise_hu, generator=generator)
    return np.clip(np.rint(noisy), *HU_LIMITS)


def _pet(
    anatomy: Anatomy,
    grid: Grid,
    person: Person,
    settings: PhantomSettings,
    generator: np.random.Generator,
) -> Voxels:
    uptake = _mixture([tissue.uptake for tissue in person.tissues], anatomy)
    blurred = blur(uptake, fwhm_mm=PET_FWHM_MM, spacing_mm=grid.spacing_mm)
    noisy = poisson(blurred, noise=settings.pet_noise, generator=generator)
    return noisy * np.float32(GRAY_MATTER_BQ_PER_ML)


def _mask(anatomy: Anatomy, grid: Grid, kind: str) -> Volume | None:
    if kind == "none":
        return None
    share = anatomy.head if kind == "head" else anatomy.brain
    inside = (share > MASK_THRESHOLD).astype(np.float32)
    return Volume(inside, grid, modality="mask", unit="label", stored_as="uint8")


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
    for name in _STRENGTHS:
        strength = getattr(settings, name)
        if not 0 <= strength < inf:
            raise SettingsError(f"{name} must be finite and 0 or more, got {strength}")


_STRENGTHS = (
    "misalignment_mm",
    "noise",
    "shading",
    "ct_noise_hu",
    "pet_noise",
    "tissue_variation",
)
