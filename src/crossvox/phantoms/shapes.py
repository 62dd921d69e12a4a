"""Implicit shapes as signed distances in mm, negative inside; points are (3, N), fields (N,)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, radians, sin

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Field = NDArray[np.float32]
Triple = tuple[float, float, float]

MIN_SLOPE = np.float32(1e-6)


def ellipsoid(points: Points, *, center: Triple, radii: Triple) -> Field:
    """Signed distance to an ellipsoid, exact to first order at its surface.

    Source:
        Taubin 1994, ACM Trans Graph 13:3: level divided by the length of its gradient
    """
    semi_axes = _column(radii)
    scaled = (points - _column(center)) / semi_axes
    level = np.sqrt(np.einsum("in,in->n", scaled, scaled))
    scaled /= semi_axes
    slope = np.sqrt(np.einsum("in,in->n", scaled, scaled))
    # Level over slope is at least the smallest radius, also at the center, where both vanish.
    radius = np.maximum(level / np.maximum(slope, MIN_SLOPE), np.float32(min(radii)))
    distance: Field = radius * (level - 1)
    return distance


def capsule(points: Points, *, ends: tuple[Triple, Triple], radii: tuple[float, float]) -> Field:
    """Signed distance to a rod with round ends, whose radius varies linearly between the ends."""
    start, axis = _column(ends[0]), _column(ends[1]) - _column(ends[0])
    offset = points - start
    along = np.clip(dot(axis[:, 0], offset) / np.float32((axis**2).sum()), 0, 1)
    offset -= axis * along
    distance: Field = np.sqrt(np.einsum("in,in->n", offset, offset))
    distance -= np.float32(radii[0]) + np.float32(radii[1] - radii[0]) * along
    return distance


def union(*distances: Field) -> Field:
    """Signed distance to the union of the shapes."""
    joined = distances[0]
    for distance in distances[1:]:
        joined = np.minimum(joined, distance)
    return joined


def smooth_union(*distances: Field, blend_mm: float) -> Field:
    """Union with seams rounded over `blend_mm`, by the quadratic polynomial minimum."""
    joined = distances[0]
    for distance in distances[1:]:
        overlap = np.maximum(np.float32(blend_mm) - np.abs(joined - distance), 0)
        joined = np.minimum(joined, distance) - overlap**2 / np.float32(4 * blend_mm)
    return joined


def intersection(first: Field, second: Field) -> Field:
    """Signed distance to the intersection of two shapes; outside both, to their common edge."""
    outside = np.hypot(np.maximum(first, 0), np.maximum(second, 0))
    joined: Field = outside + np.minimum(np.maximum(first, second), 0)
    return joined


def coverage(distance: Field, *, width_mm: float) -> Field:
    """Share of a cell of `width_mm` inside the shape, with the surface taken as flat."""
    share: Field = np.clip(np.float32(0.5) - distance / np.float32(width_mm), 0, 1)
    return share


@dataclass(frozen=True, eq=False)
class Waves:
    """Smooth random field: a sum of plane waves, with mean 0 and standard deviation 1.

    Attributes:
        vectors: (K, 3) wave vectors in radians per mm.
        phases: (K,) phases in radians.
    """

    vectors: NDArray[np.float32]
    phases: NDArray[np.float32]

    def at(self, points: Points) -> Field:
        """Values of the field at points (3, N)."""
        total = np.zeros(points.shape[1], dtype=np.float32)
        for vector, phase in zip(self.vectors, self.phases, strict=True):
            total += np.sin(dot(vector, points) + phase)
        total *= np.float32(np.sqrt(2 / len(self.phases)))
        return total

    def distance_to_zero(self, points: Points) -> Field:
        """Distance in mm from points (3, N) to the zeros of the field, to first order.

        Source:
            Taubin 1994, ACM Trans Graph 13:3
        """
        level = np.zeros(points.shape[1], dtype=np.float32)
        gradient = np.zeros_like(points)
        for vector, phase in zip(self.vectors, self.phases, strict=True):
            angle = dot(vector, points) + phase
            level += np.sin(angle)
            gradient += vector[:, None] * np.cos(angle)
        steepest = np.linalg.norm(self.vectors, axis=1).mean()
        slope = np.sqrt(np.einsum("in,in->n", gradient, gradient) + np.float32(steepest**2))
        distance: Field = np.abs(level) / slope
        return distance


def draw_waves(
    generator: np.random.Generator, *, count: int, shortest_mm: float, longest_mm: float
) -> Waves:
    """Draw `count` plane waves of random direction, phase and wavelength."""
    directions = generator.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    lengths = generator.uniform(shortest_mm, longest_mm, size=(count, 1))
    vectors = 2 * pi * directions / lengths
    phases = generator.uniform(0, 2 * pi, size=count)
    return Waves(vectors.astype(np.float32), phases.astype(np.float32))


def dot(vector: NDArray[np.float32], points: Points) -> Field:
    """Dot products of a (3,) vector with points (3, N), bit-identical on any number of threads."""
    x, y, z = vector
    product: Field = x * points[0] + y * points[1] + z * points[2]
    return product


def mirrored(points: Points) -> Points:
    """Points with the left half of the head folded onto the right half."""
    folded = points.copy()
    np.abs(folded[0], out=folded[0])
    return folded


def rotation(axis: Triple, *, degrees: float) -> NDArray[np.float64]:
    """(3, 3) matrix that rotates column vectors by `degrees` about `axis`, right-handed.

    Source:
        Rodrigues' formula
    """
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = radians(degrees)
    turned: NDArray[np.float64] = np.eye(3) + sin(angle) * cross + (1 - cos(angle)) * cross @ cross
    return turned


def _column(values: Sequence[float]) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)[:, None]
