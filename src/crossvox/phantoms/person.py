"""Individual anatomy: the parameters in which heads differ, drawn at random."""

from dataclasses import dataclass, replace

import numpy as np

from crossvox.phantoms.shapes import Triple, Waves, draw_waves
from crossvox.phantoms.tissues import TISSUES, Tissue

LATERAL_VENTRICLE: tuple[tuple[Triple, float], ...] = (
    ((11.0, 31.0, 8.0), 3.6),
    ((8.0, 8.0, 18.0), 4.2),
    ((12.0, -20.0, 21.0), 4.4),
    ((24.0, -40.0, 12.0), 5.2),
    ((23.0, -60.0, 6.0), 1.8),
)
"""Center line in mm from the middle of the brain, and radius in mm, on the right side."""


@dataclass(frozen=True, kw_only=True)
class Lesion:
    """Ellipsoidal white matter lesion, in template coordinates in mm."""

    center: Triple
    radii: Triple


@dataclass(frozen=True, kw_only=True, eq=False)
class Person:
    """Anatomy of one head, as deviations from the template.

    Attributes:
        scale: Size along X, Y, Z relative to the template.
        tilt_degrees: Rotation of the head in the scanner about X, Y, Z.
        offset_mm: Translation of the head in the scanner in mm, RAS+.
        egg: Relative narrowing of the head 90 mm in front of its center.
        torque_mm: Extension in mm of the right frontal and left occipital poles beyond the others.
        atrophy: Shrinkage with age, 0 to 1: wider sulci and ventricles, thinner cortex.
        ventricle_scale: Radius of the left and the right ventricle relative to the template.
        cortex_mm: Thickness of the cortex in mm.
        skull_mm: Thickness of the skull in mm.
        fat_mm: Thickness of the fat under the scalp in mm.
        warp: Three fields that bend the head along X, Y, Z.
        warp_mm: Standard deviation of the bending in mm.
        folding: Field whose zero set forms the sulci.
        fold_bend: Three fields that bend the sulci along their depth.
        depth: Field that varies the depth of the sulci.
        seams: Field whose zero set forms the fat between muscles.
        lesions: White matter lesions.
        tissues: Tissues with the person's own relaxation times and uptake, in the order of TISSUES.
    """

    scale: Triple
    tilt_degrees: Triple
    offset_mm: Triple
    egg: float
    torque_mm: float
    atrophy: float
    ventricle_scale: tuple[float, float]
    cortex_mm: float
    skull_mm: float
    fat_mm: float
    warp: tuple[Waves, Waves, Waves]
    warp_mm: float
    folding: Waves
    fold_bend: tuple[Waves, Waves, Waves]
    depth: Waves
    seams: Waves
    lesions: tuple[Lesion, ...]
    tissues: tuple[Tissue, ...]


def draw_person(generator: np.random.Generator, *, tissue_variation: float) -> Person:
    """Draw a random person; equal generators give equal people."""
    atrophy = float(generator.beta(1.3, 1.6))
    widening = (0.8 + 1.2 * atrophy) * float(generator.uniform(0.85, 1.15))
    lean = float(generator.uniform(-0.15, 0.15))
    return Person(
        scale=_triple(generator.uniform(0.93, 1.035, 3)),
        tilt_degrees=_triple(generator.normal(0, (4.0, 2.5, 3.0))),
        offset_mm=_triple(generator.normal(0, 1.5, 3)),
        egg=float(generator.uniform(0.06, 0.2)),
        torque_mm=float(generator.normal(1.5, 1.5)),
        atrophy=atrophy,
        ventricle_scale=(widening * (1 + lean), widening * (1 - lean)),
        cortex_mm=float(generator.uniform(2.9, 3.4)) - 0.4 * atrophy,
        skull_mm=float(generator.uniform(4.5, 7.0)),
        fat_mm=float(generator.uniform(2.0, 5.0)),
        warp=_draw_bend(generator, shortest_mm=90.0, longest_mm=180.0),
        warp_mm=float(generator.uniform(1.0, 2.5)),
        folding=draw_waves(generator, count=14, shortest_mm=19.0, longest_mm=27.0),
        fold_bend=_draw_bend(generator, shortest_mm=22.0, longest_mm=45.0),
        depth=draw_waves(generator, count=6, shortest_mm=30.0, longest_mm=60.0),
        seams=draw_waves(generator, count=5, shortest_mm=35.0, longest_mm=80.0),
        lesions=_draw_lesions(generator, atrophy),
        tissues=_draw_tissues(generator, tissue_variation),
    )


def _draw_bend(
    generator: np.random.Generator, *, shortest_mm: float, longest_mm: float
) -> tuple[Waves, Waves, Waves]:
    x, y, z = (
        draw_waves(generator, count=5, shortest_mm=shortest_mm, longest_mm=longest_mm)
        for _axis in range(3)
    )
    return x, y, z


def _draw_lesions(generator: np.random.Generator, atrophy: float) -> tuple[Lesion, ...]:
    """Draw lesions beside the ventricles, more with more atrophy."""
    count = 2 + int(generator.poisson(4 + 8 * atrophy))
    return tuple(_draw_lesion(generator) for _lesion in range(count))


def _draw_lesion(generator: np.random.Generator) -> Lesion:
    segment = int(generator.integers(len(LATERAL_VENTRICLE) - 2))
    (start, _), (end, _) = LATERAL_VENTRICLE[segment : segment + 2]
    along = float(generator.uniform())
    center = np.array(start) + along * (np.array(end) - np.array(start))
    center += generator.uniform((4, -4, 0), (17, 4, 13))
    center[0] *= generator.choice((-1, 1))
    size = float(generator.lognormal(np.log(3.3), 0.4))
    return Lesion(center=_triple(center), radii=_triple(size * generator.uniform(0.8, 1.5, 3)))


def _draw_tissues(generator: np.random.Generator, variation: float) -> tuple[Tissue, ...]:
    factors = np.exp(variation * generator.normal(size=(len(TISSUES), 3)))
    return tuple(
        replace(
            tissue,
            t1_ms=tissue.t1_ms * float(t1),
            t2_ms=tissue.t2_ms * float(t2),
            uptake=tissue.uptake * float(uptake),
        )
        for tissue, (t1, t2, uptake) in zip(TISSUES, factors, strict=True)
    )


def _triple(values: np.typing.NDArray[np.float64]) -> Triple:
    x, y, z = values
    return float(x), float(y), float(z)
