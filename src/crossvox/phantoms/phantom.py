"""Simulating the volumes of one phantom person: anatomy, imaging physics and scanner."""

from collections.abc import Mapping
from dataclasses import dataclass

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
from crossvox.phantoms.sequences import sequence_of
from crossvox.phantoms.settings import MODALITIES, PhantomSettings
from crossvox.phantoms.shapes import Triple
from crossvox.phantoms.tissues import TISSUES, WHITE_MATTER
from crossvox.volume import Grid, Volume

WHITE_MATTER_SIGNAL = 500.0  # arbitrary unit, before the gain
MAX_GAIN = 1.1
MR_FWHM_VOXELS = 0.8
CT_FWHM_MM = 1.5
PET_FWHM_MM = 6.0
HU_LIMITS = (-1024, 3071)
GRAY_MATTER_BQ_PER_ML = 20_000.0
MASK_THRESHOLD = 0.5


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
    """Shift in mm, RAS+, of the head of `case` between the first modality and all others."""
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
