"""Geometry of the brain: cortex, white matter, nuclei, ventricles, cerebellum, brainstem, lesions.

Positions are template coordinates in mm (right, anterior, superior) from the middle of the brain.
"""

from itertools import pairwise

import numpy as np

from crossvox.phantoms.person import LATERAL_VENTRICLE, Person
from crossvox.phantoms.shapes import (
    Field,
    Points,
    Triple,
    capsule,
    coverage,
    ellipsoid,
    intersection,
    mirrored,
    smooth_union,
    union,
)
from crossvox.phantoms.tissues import CSF, DEEP_GRAY, GRAY_MATTER, LESION, WHITE_MATTER, Tissue

CEREBRUM: tuple[Triple, Triple] = (0.0, -12.0, 22.0), (63.0, 82.0, 50.0)
TEMPORAL_LOBE: tuple[Triple, Triple] = (40.0, -4.0, -20.0), (22.0, 44.0, 21.0)
CEREBELLUM: tuple[Triple, Triple] = (0.0, -60.0, -36.0), (50.0, 29.0, 23.0)
BRAINSTEM: tuple[tuple[Triple, float], ...] = (
    ((0.0, -22.0, -6.0), 11.0),
    ((0.0, -24.0, -32.0), 13.0),
    ((0.0, -34.0, -58.0), 7.5),
    ((0.0, -44.0, -130.0), 5.5),
)
NUCLEI: tuple[tuple[Triple, Triple], ...] = (
    ((11.0, -18.0, 6.0), (9.0, 15.0, 9.5)),  # thalamus
    ((14.0, 18.0, 8.0), (5.5, 11.0, 9.0)),  # caudate
    ((26.0, 2.0, 2.0), (6.0, 16.0, 10.0)),  # putamen and pallidum
    ((25.0, -14.0, -20.0), (6.0, 14.0, 5.0)),  # hippocampus
)
CORE: tuple[Triple, Triple] = (0.0, -10.0, 5.0), (60.0, 46.0, 24.0)
INSULA: tuple[Triple, Triple] = (62.0, -6.0, 0.0), (26.0, 40.0, 30.0)
FOLD_RADIUS_MM = 70.0
FOLD_BEND_MM = 3.0
TENTORIUM_MM = 2.0
# Half-width without atrophy; negative because a closed sulcus holds less than a cell of fluid.
SULCUS_HALF_WIDTH_MM = -0.35
FOLIA = 16
LESION_REACH_MM = 20.0
VENTRICLE_SLANT = 0.8
VENTRICLE_RADIUS_MM = 4.5
LESION_RIM_MM = 7.0
LOBULES = 8

Layers = list[tuple[Tissue, Field]]


def cerebrum(points: Points) -> Field:
    """Signed distance in mm to the smooth hull of both hemispheres."""
    hemispheres = ellipsoid(points, center=CEREBRUM[0], radii=CEREBRUM[1])
    temporal = ellipsoid(mirrored(points), center=TEMPORAL_LOBE[0], radii=TEMPORAL_LOBE[1])
    return smooth_union(hemispheres, temporal, blend_mm=14.0)


def cerebellum(points: Points) -> Field:
    """Signed distance in mm to the cerebellum."""
    return ellipsoid(points, center=CEREBELLUM[0], radii=CEREBELLUM[1])


def brainstem(points: Points) -> Field:
    """Signed distance in mm to the brainstem and spinal cord."""
    return union(*(capsule(points, ends=(a, b), radii=(r, s)) for (a, r), (b, s) in _rods()))


def brain_layers(points: Points, person: Person, *, cell_mm: float) -> tuple[Layers, Field]:
    """Tissue layers inside the skull, front layer first.

    Args:
        points: (3, N) template coordinates in mm.
        person: Person whose brain is sampled.
        cell_mm: Width in mm of the cell around each point.

    Returns:
        Layers, in front of cerebrospinal fluid, and the signed distance to the whole brain in mm.
    """
    small_brain = cerebellum(points)
    stem = brainstem(points)
    hull = np.maximum(cerebrum(points), TENTORIUM_MM - small_brain)
    ventricles = _ventricles(points, person)
    depth = _depth_below_pia(points, hull, person)
    layers = [
        (CSF, coverage(ventricles, width_mm=cell_mm)),
        (DEEP_GRAY, coverage(_nuclei(points), width_mm=cell_mm)),
        (WHITE_MATTER, 0.8 * coverage(stem, width_mm=cell_mm)),
        (GRAY_MATTER, coverage(stem, width_mm=cell_mm)),
        *_cerebellar_layers(points, small_brain, cell_mm),
    ]
    white = coverage(np.float32(person.cortex_mm) - depth, width_mm=cell_mm)
    layers += [
        (LESION, white * _lesions(points, ventricles, person, cell_mm)),
        (WHITE_MATTER, white),
        (GRAY_MATTER, coverage(-depth, width_mm=cell_mm)),
    ]
    return layers, union(hull, small_brain, stem)


def _rods() -> list[tuple[tuple[Triple, float], tuple[Triple, float]]]:
    return list(pairwise(BRAINSTEM))


def _depth_below_pia(points: Points, hull: Field, person: Person) -> Field:
    """Depth in mm below the nearest outer surface or sulcus; negative in the fluid."""
    half_width = np.float32(SULCUS_HALF_WIDTH_MM + 1.2 * person.atrophy)
    below_hull = -hull
    fissure = np.abs(points[0]) - half_width
    core = ellipsoid(points, center=CORE[0], radii=CORE[1])
    sulci = union(
        _sulci(points, below_hull, person) - half_width,
        intersection(fissure, -core),
        _sylvian_fissure(points) - half_width,
    )
    return np.minimum(below_hull, sulci)


def _sulci(points: Points, below_hull: Field, person: Person) -> Field:
    """Distance in mm to the middle of the nearest sulcus, a radial sheet with its own depth."""
    direction = (points - np.array(CEREBRUM[0], np.float32)[:, None]) / np.array(
        CEREBRUM[1], np.float32
    )[:, None]
    radius = np.sqrt(np.einsum("in,in->n", direction, direction))
    direction *= np.float32(FOLD_RADIUS_MM) / np.maximum(radius, np.float32(0.05))
    direction += np.float32(FOLD_BEND_MM) * np.stack([bend.at(points) for bend in person.fold_bend])
    sheet = person.folding.distance_to_zero(direction) * radius
    floor = np.maximum(17 + 6 * person.depth.at(direction), 4)
    return intersection(sheet, below_hull - floor)


def _sylvian_fissure(points: Points) -> Field:
    """Distance in mm to the cleft above the temporal lobe, which rises backward."""
    folded = mirrored(points)
    height = np.abs(folded[2] + 10 + np.float32(0.3) * (folded[1] - 15)) * np.float32(0.95)
    return intersection(height, ellipsoid(folded, center=INSULA[0], radii=INSULA[1]))


def _ventricles(points: Points, person: Person) -> Field:
    left, right = person.ventricle_scale
    widening = np.where(points[0] < 0, np.float32(left), np.float32(right))
    folded = mirrored(points)
    folded[2] -= np.float32(VENTRICLE_SLANT) * folded[0]
    lateral = union(
        *(
            capsule(folded, ends=(_slanted(start), _slanted(end)), radii=(r, s))
            for (start, r), (end, s) in pairwise(LATERAL_VENTRICLE)
        )
    )
    lateral -= np.float32(VENTRICLE_RADIUS_MM) * (widening - 1)
    mean = (left + right) / 2
    third = ellipsoid(points, center=(0.0, -8.0, -2.0), radii=(1.7 * mean, 14.0, 9.0))
    fourth = ellipsoid(points, center=(0.0, -40.0, -34.0), radii=(6.0 * mean**0.5, 4.0, 9.0))
    return union(lateral, third, fourth)


def _slanted(point: Triple) -> Triple:
    """Map `point` to slanted space, where a horn that rises to the side is a straight rod."""
    x, y, z = point
    return x, y, z - VENTRICLE_SLANT * x


def _nuclei(points: Points) -> Field:
    folded = mirrored(points)
    return union(*(ellipsoid(folded, center=center, radii=radii) for center, radii in NUCLEI))


def _cerebellar_layers(points: Points, distance: Field, cell_mm: float) -> Layers:
    """White matter tree in a ball of gray matter; branches end at folia with fluid between them."""
    center = np.array(CEREBELLUM[0], np.float32)
    height, behind = points[2] - center[2], points[1] - center[1] - 14
    angle = np.arctan2(height, behind)
    spacing = np.hypot(height, behind) / FOLIA
    clefts = intersection(np.abs(np.sin(FOLIA * angle)) * spacing - 0.6, -distance - 7)
    within = coverage(distance, width_mm=cell_mm)
    white = distance + 11 + 4 * np.cos(LOBULES * angle)
    return [
        (WHITE_MATTER, coverage(white, width_mm=cell_mm)),
        (CSF, 0.3 * within * coverage(clefts, width_mm=cell_mm)),
        (GRAY_MATTER, within),
    ]


def _lesions(points: Points, ventricles: Field, person: Person, cell_mm: float) -> Field:
    """Share of the white matter that is lesion: spots, and a rim along wide ventricles."""
    rim_width_mm = np.float32(LESION_RIM_MM * person.atrophy**2) * (
        1 + 0.5 * person.depth.at(points)
    )
    rim = coverage(ventricles - rim_width_mm, width_mm=cell_mm + 3)
    for lesion in person.lesions:
        offsets = points - np.array(lesion.center, np.float32)[:, None]
        near = np.einsum("in,in->n", offsets, offsets) < LESION_REACH_MM**2
        distance = ellipsoid(points[:, near], center=lesion.center, radii=lesion.radii)
        rim[near] = np.maximum(rim[near], coverage(distance, width_mm=cell_mm + 1))
    return rim
