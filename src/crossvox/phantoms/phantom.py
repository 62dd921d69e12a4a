"""One person of the phantom in memory: anatomy, physics and scanner put together."""

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
SMALLEST_SIZE = 8
STEEPEST_DEGREES = 45.0

WHITE_MATTER_LEVEL = 500.0
LARGEST_GAIN = 1.1
MR_FWHM_VOXELS = 0.8
CT_FWHM_MM = 1.5
PET_FWHM_MM = 6.0
HU_LIMITS = (-1024, 3071)
GRAY_MATTER_BQ_PER_ML = 20_000.0
HALF = 0.5


@dataclass(frozen=True, kw_only=True)
class PhantomSettings:
    """How the phantom's people are imaged.

    Attributes:
        size: Voxels along each axis, before thick slices; the head fills them.
        modalities: What each person is imaged in, the source first; names may be joined by commas.
        seed: Same seed, same people.
        slice_thickness_factor: How many times thicker slices are than voxels are wide.
        oblique_degrees: How far the scanner's grid is turned against the patient's axes.
        misalignment_mm: How far the head moves after the first modality.
        mask: What the masks show: "head", "brain" or "none".
        t1w: How T1w is made: "mprage" or "spin_echo".
        noise: Standard deviation of MR noise, a share of the signal of white matter.
        shading: Standard deviation of the logarithm of the coil's shading.
        ct_noise_hu: Standard deviation of CT noise.
        pet_noise: Relative standard deviation of PET counts in gray matter.
        tissue_variation: Spread between people of relaxation times and uptake, a share.

    Raises:
        SettingsError: A setting is impossible.
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
    """One person, imaged.

    Attributes:
        volumes: By modality.
        mask: 1 in the head or brain as the first modality sees it; None where none is wanted.
        labels: Place in TISSUES of the tissue that fills most of each voxel.
        person: The anatomy.
        shift_mm: How far (RAS+) the head has moved in each modality.
    """

    volumes: Mapping[str, Volume]
    mask: Volume | None
    labels: Volume
    person: Person
    shift_mm: Mapping[str, Triple]


def phantom_case(settings: PhantomSettings, *, case: int) -> PhantomCase:
    """Person number `case`, from 0: the same one however many there are.

    Raises:
        SettingsError: `case` is negative.
    """
    if case < 0:
        raise SettingsError(f"people are counted from 0, got {case}")
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
    """How far (RAS+ millimeters) the head of `case` moves after the first modality."""
    direction = _generator(settings, case, "movement").normal(size=3)
    direction /= np.linalg.norm(direction)
    x, y, z = settings.misalignment_mm * direction + 0.0  # no negative zeros
    return float(x), float(y), float(z)


def gain_of(settings: PhantomSettings, *, case: int, modality: str) -> float:
    """The scanner's arbitrary factor for one MR volume, within a tenth of 1."""
    exponent = _generator(settings, case, f"gain of {modality}").uniform(-1, 1)
    return float(LARGEST_GAIN**exponent)


def _generator(settings: PhantomSettings, case: int, purpose: str) -> np.random.Generator:
    """Randomness of its own for each purpose: one more modality changes no other."""
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
    scale = gain_of(settings, case=case, modality=modality) * WHITE_MATTER_LEVEL
    scale /= sequence.signal(WHITE_MATTER)
    signals = [scale * sequence.signal(tissue) for tissue in person.tissues]
    voxels = _mr(_mixture(signals, anatomy), grid, settings, generator)
    return Volume(voxels, grid, modality=modality, stored_as="int16")


def _mixture(values: list[float], anatomy: Anatomy) -> Voxels:
    """Values of the tissues, weighted by their shares."""
    weights = np.array(values, dtype=np.float32)
    return einsum(weights, anatomy.shares, "tissue, tissue x y z -> x y z")


def _mr(
    signal: Voxels, grid: Grid, settings: PhantomSettings, generator: np.random.Generator
) -> Voxels:
    in_plane_mm = grid.spacing_mm[0]
    seen = blur(signal, fwhm_mm=MR_FWHM_VOXELS * in_plane_mm, spacing_mm=grid.spacing_mm)
    seen = seen * shading(grid, strength=settings.shading, generator=generator)
    noisy = rician(seen, sigma=settings.noise * WHITE_MATTER_LEVEL, generator=generator)
    return np.rint(noisy)


def _ct(
    anatomy: Anatomy, grid: Grid, settings: PhantomSettings, generator: np.random.Generator
) -> Voxels:
    seen = _mixture([tissue.hu for tissue in TISSUES], anatomy)
    seen = blur(seen, fwhm_mm=CT_FWHM_MM, spacing_mm=grid.spacing_mm)
    noisy = gaussian(seen, sigma=settings.ct_noise_hu, generator=generator)
    return np.clip(np.rint(noisy), *HU_LIMITS)


def _pet(
    anatomy: Anatomy,
    grid: Grid,
    person: Person,
    settings: PhantomSettings,
    generator: np.random.Generator,
) -> Voxels:
    seen = _mixture([tissue.uptake for tissue in person.tissues], anatomy)
    seen = blur(seen, fwhm_mm=PET_FWHM_MM, spacing_mm=grid.spacing_mm)
    counted = poisson(seen, noise=settings.pet_noise, generator=generator)
    return counted * np.float32(GRAY_MATTER_BQ_PER_ML)


def _mask(anatomy: Anatomy, grid: Grid, kind: str) -> Volume | None:
    if kind == "none":
        return None
    share = anatomy.head if kind == "head" else anatomy.brain
    inside = (share > HALF).astype(np.float32)
    return Volume(inside, grid, modality="mask", unit="label", stored_as="uint8")


def _check_modalities(names: tuple[str, ...]) -> None:
    unknown = [name for name in names if name not in MODALITIES]
    if unknown or not names or len(set(names)) < len(names):
        raise SettingsError(
            f"modalities are some of {', '.join(MODALITIES)}, each once; got {', '.join(names)!r}"
        )


def _check_choices(settings: PhantomSettings) -> None:
    if settings.mask not in MASKS:
        raise SettingsError(f"mask is one of {', '.join(MASKS)}; got {settings.mask!r}")
    if settings.t1w not in T1W_SEQUENCES:
        raise SettingsError(f"t1w is one of {', '.join(T1W_SEQUENCES)}; got {settings.t1w!r}")


def _check_numbers(settings: PhantomSettings) -> None:
    factor = settings.slice_thickness_factor
    if settings.size < SMALLEST_SIZE or settings.seed < 0:
        raise SettingsError(
            f"size is at least {SMALLEST_SIZE} and seed at least 0, "
            f"got {settings.size} and {settings.seed}"
        )
    if factor < 1 or settings.size % factor:
        raise SettingsError(f"slice_thickness_factor divides size {settings.size}, got {factor}")
    if not abs(settings.oblique_degrees) <= STEEPEST_DEGREES:
        raise SettingsError(f"oblique_degrees is within 45, got {settings.oblique_degrees}")
    for name in _STRENGTHS:
        strength = getattr(settings, name)
        if not 0 <= strength < inf:
            raise SettingsError(f"{name} is 0 or more, got {strength}")


_STRENGTHS = (
    "misalignment_mm",
    "noise",
    "shading",
    "ct_noise_hu",
    "pet_noise",
    "tissue_variation",
)
