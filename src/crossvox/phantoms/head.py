"""Geometry of the head around the brain: skull, eyes, air, fat, muscle, skin, neck.

Positions are template coordinates in mm (right, anterior, superior) from the middle of the brain.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossvox.phantoms.brain import brainstem, cerebellum, cerebrum
from crossvox.phantoms.person import Person
from crossvox.phantoms.shapes import (
    Field,
    Points,
    Triple,
    capsule,
    coverage,
    ellipsoid,
    mirrored,
    smooth_union,
    union,
)
from crossvox.phantoms.tissues import AIR, BONE, FAT, MARROW, MUSCLE, VITREOUS, Tissue

FACE: tuple[Triple, Triple] = (0.0, 32.0, -66.0), (58.0, 50.0, 58.0)
NOSE: tuple[Triple, Triple] = (0.0, 78.0, -56.0), (11.0, 15.0, 17.0)
NECK: tuple[tuple[Triple, Triple], tuple[float, float]] = (
    ((0.0, -28.0, -60.0), (0.0, -34.0, -170.0)),
    (52.0, 56.0),
)
EYE: tuple[Triple, Triple] = (31.0, 58.0, -32.0), (12.0, 12.0, 12.0)
ORBIT: tuple[Triple, Triple] = (28.0, 48.0, -32.0), (16.0, 24.0, 15.0)
SINUSES: tuple[tuple[Triple, Triple], ...] = (
    ((0.0, 52.0, -56.0), (8.0, 24.0, 16.0)),  # nasal cavity
    ((25.0, 48.0, -62.0), (11.0, 14.0, 14.0)),  # maxillary
    ((0.0, 24.0, -44.0), (11.0, 10.0, 8.0)),  # sphenoidal
    ((12.0, 70.0, -14.0), (10.0, 4.0, 8.0)),  # frontal
    ((52.0, -26.0, -44.0), (6.0, 9.0, 9.0)),  # mastoid cells
)
AIRWAY: tuple[tuple[Triple, Triple], tuple[float, float]] = (
    ((0.0, 16.0, -66.0), (0.0, 6.0, -170.0)),
    (8.0, 7.0),
)
JAW: tuple[tuple[tuple[Triple, Triple], tuple[float, float]], ...] = (
    (((8.0, 70.0, -102.0), (38.0, 36.0, -96.0)), (7.0, 7.0)),
    (((38.0, 36.0, -96.0), (46.0, 10.0, -56.0)), (6.0, 5.0)),
    (((4.0, 70.0, -82.0), (26.0, 48.0, -82.0)), (6.0, 6.0)),
)
TURBINATE: tuple[Triple, Triple] = (4.5, 48.0, -60.0), (2.8, 18.0, 5.0)
VERTEBRAE: tuple[tuple[Triple, Triple], tuple[float, float]] = (
    ((0.0, -22.0, -78.0), (0.0, -24.0, -170.0)),
    (9.0, 10.0),
)
VERTEBRA_MM = 19.0
FLUID_MM = 2.5
SKIN_MM = 2.5
SEAM_MM = 0.5
SINUS_WALL_MM = 2.0

Layers = list[tuple[Tissue, Field]]


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Signed distances in mm to the nested surfaces of one head."""

    skin: Field
    skull: Field
    cavity: Field

    def at(self, chosen: NDArray[np.bool_]) -> "Surfaces":
        """Distances at the `chosen` points."""
        return Surfaces(self.skin[chosen], self.skull[chosen], self.cavity[chosen])


def surfaces(points: Points, person: Person) -> Surfaces:
    """Signed distances of template points (3, N) to skin, skull and cranial cavity of `person`."""
    fluid_mm = np.float32(FLUID_MM + 1.5 * person.atrophy)
    cranial = smooth_union(cerebrum(points), cerebellum(points), blend_mm=16.0)
    cavity = smooth_union(cranial, brainstem(points), blend_mm=10.0) - fluid_mm
    cranium = cranial - fluid_mm - np.float32(person.skull_mm)
    skull = union(cavity - np.float32(person.skull_mm), cranium)
    scalp = cranium - np.float32(person.fat_mm + SKIN_MM)
    face = ellipsoid(points, center=FACE[0], radii=FACE[1])
    nose = ellipsoid(points, center=NOSE[0], radii=NOSE[1])
    neck = capsule(points, ends=NECK[0], radii=NECK[1])
    skin = smooth_union(scalp, face, neck, nose, blend_mm=18.0)
    return Surfaces(skin=skin, skull=skull, cavity=cavity)


def head_layers(points: Points, surface: Surfaces, person: Person, *, cell_mm: float) -> Layers:
    """Tissue layers outside the cranial cavity, front layer first, with air behind them all.

    Args:
        points: (3, N) template coordinates in mm.
        surface: Distances at these points.
        person: Person whose head is sampled.
        cell_mm: Width in mm of the cell around each point.
    """
    folded = mirrored(points)
    eye = ellipsoid(folded, center=EYE[0], radii=EYE[1])
    orbit = ellipsoid(folded, center=ORBIT[0], radii=ORBIT[1])
    hollows = union(
        capsule(points, ends=AIRWAY[0], radii=AIRWAY[1]),
        *(ellipsoid(folded, center=center, radii=radii) for center, radii in SINUSES),
    )
    jaw = union(*(capsule(folded, ends=ends, radii=radii) for ends, radii in JAW))
    table_mm = np.float32(0.28 * person.skull_mm)
    diploe = np.maximum(surface.skull + table_mm, table_mm - surface.cavity)
    vertebrae = _vertebrae(points)
    distances: list[tuple[Tissue, Field]] = [
        (MUSCLE, ellipsoid(folded, center=TURBINATE[0], radii=TURBINATE[1])),
        (VITREOUS, eye),
        (MUSCLE, eye - 1),
        (AIR, np.maximum(hollows, surface.skin + 4)),
        (MARROW, np.maximum(diploe, _outside_orbit(orbit))),
        (BONE, np.maximum(surface.skull, _outside_orbit(orbit))),
        (FAT, np.maximum(orbit, surface.skin + SKIN_MM)),
        (BONE, np.maximum(union(orbit, hollows) - SINUS_WALL_MM, surface.skin + 5)),
        (MARROW, jaw + 2),
        (BONE, jaw),
        (MARROW, vertebrae + 1.5),
        (BONE, vertebrae),
    ]
    layers = [(tissue, coverage(field, width_mm=cell_mm)) for tissue, field in distances]
    seams = coverage(person.seams.distance_to_zero(points) - SEAM_MM, width_mm=cell_mm)
    return [*layers, *_soft_layers(surface.skin, seams, person, cell_mm=cell_mm)]


def _vertebrae(points: Points) -> Field:
    """Signed distance in mm to the cervical vertebral bodies, with discs between them."""
    column = capsule(points, ends=VERTEBRAE[0], radii=VERTEBRAE[1])
    disc = np.cos(np.float32(2 * np.pi / VERTEBRA_MM) * points[2])
    distance: Field = column + 16 * np.maximum(disc - np.float32(0.75), 0)
    return distance


def _outside_orbit(orbit: Field) -> Field:
    """Signed distance to the space outside the orbit; bone stops at its rim."""
    return -orbit - 1


def _soft_layers(skin: Field, seams: Field, person: Person, *, cell_mm: float) -> Layers:
    """Muscle with fat between its bundles, below fat, below skin."""
    below_fat = coverage(skin + np.float32(SKIN_MM + person.fat_mm), width_mm=cell_mm)
    return [
        (FAT, 0.5 * below_fat * seams),
        (MUSCLE, below_fat),
        (FAT, coverage(skin + SKIN_MM, width_mm=cell_mm)),
        (MUSCLE, coverage(skin, width_mm=cell_mm)),
    ]
