"""Sampling the implicit geometry of a head on a grid, as the share of each tissue in a voxel."""

from dataclasses import dataclass

import numpy as np
from einops import rearrange
from numpy.typing import NDArray

from crossvox.phantoms.brain import brain_layers
from crossvox.phantoms.head import head_layers, surfaces
from crossvox.phantoms.person import Person
from crossvox.phantoms.shapes import Field, Points, Triple, coverage, rotation
from crossvox.phantoms.tissues import AIR, CSF, TISSUES, Tissue
from crossvox.volume import Grid

FINEST_CELL_MM = 2.0
CELL_COUNT_TOLERANCE = 0.01
POINTS_PER_SLAB = 400_000

Layers = list[tuple[Tissue, Field]]


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Tissue composition of every voxel of a grid.

    Attributes:
        shares: (len(TISSUES), X, Y, Z) float32 tissue shares, which add up to 1 in every voxel.
        head: (X, Y, Z) share of the voxel inside the skin, air cavities included.
        brain: (X, Y, Z) share inside the brain's hull, ventricles and sulci included.
    """

    shares: NDArray[np.float32]
    head: NDArray[np.float32]
    brain: NDArray[np.float32]

    def labels(self) -> NDArray[np.float32]:
        """(X, Y, Z) index in TISSUES of the tissue with the largest share."""
        indices: NDArray[np.float32] = self.shares.argmax(axis=0).astype(np.float32)
        return indices


def anatomy_on(grid: Grid, person: Person, *, shift_mm: Triple = (0.0, 0.0, 0.0)) -> Anatomy:
    """Sample the anatomy of `person` on `grid`.

    Args:
        grid: Grid of the result; voxels wider than 2 mm are averaged over finer cells.
        person: Person whose head is sampled.
        shift_mm: Translation of the head in mm (RAS+).
    """
    cells_per_voxel = _cells_per_voxel(grid)
    slabs = [
        _slab(grid, person, np.array(shift_mm), cells_per_voxel, z)
        for z in _slab_edges(grid, cells_per_voxel)
    ]
    stacked = np.concatenate(slabs, axis=-1)
    return Anatomy(shares=stacked[:-2], head=stacked[-2], brain=stacked[-1])


def _cells_per_voxel(grid: Grid) -> NDArray[np.int64]:
    """Cells per voxel along each axis, no wider than 2 mm or half the finest spacing if larger."""
    spacing = np.array(grid.spacing_mm)
    widest = max(FINEST_CELL_MM, float(spacing.min()) / 2)
    return np.maximum(1, np.ceil(spacing / widest - CELL_COUNT_TOLERANCE)).astype(np.int64)


def _slab_edges(grid: Grid, cells_per_voxel: NDArray[np.int64]) -> list[tuple[int, int]]:
    cells_per_slice = grid.shape[0] * grid.shape[1] * int(cells_per_voxel.prod())
    thickness = max(1, POINTS_PER_SLAB // cells_per_slice)
    starts = range(0, grid.shape[2], thickness)
    return [(start, min(start + thickness, grid.shape[2])) for start in starts]


def _slab(
    grid: Grid,
    person: Person,
    shift_mm: NDArray[np.float64],
    cells_per_voxel: NDArray[np.int64],
    edges: tuple[int, int],
) -> NDArray[np.float32]:
    """(tissues + 2, X, Y, slices) shares of tissues, head and brain in slices between `edges`."""
    ranges = ((0, grid.shape[0]), (0, grid.shape[1]), edges)
    centers = [
        (np.arange(low * step, high * step) + 0.5) / step - 0.5
        for (low, high), step in zip(ranges, cells_per_voxel, strict=True)
    ]
    points = _template_points(centers, _into_template(grid, person, shift_mm), person)
    cell_mm = float((grid.voxel_mm3 / cells_per_voxel.prod()) ** (1 / 3))
    cells = _shares_at(points, person, cell_mm)
    width, depth = len(centers[0]), len(centers[1])
    return _averaged(
        rearrange(cells, "tissue (x y z) -> tissue x y z", x=width, y=depth), cells_per_voxel
    )


def _averaged(
    cells: NDArray[np.float32], cells_per_voxel: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Means over blocks of `cells_per_voxel` along the last three axes."""
    for axis, step in enumerate(cells_per_voxel, start=1):
        axis_first = np.moveaxis(cells, axis, 0)
        strided = (axis_first[start::step] for start in range(1, step))
        total = sum(strided, start=axis_first[0::step])
        cells = np.moveaxis(total, 0, axis) / np.float32(step)
    return cells


def _into_template(
    grid: Grid, person: Person, shift_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(4, 4) matrix from scanner voxel indices to template coordinates before bending."""
    moved = np.eye(4)
    moved[:3, 3] = -shift_mm - np.array(person.offset_mm)
    upright = np.eye(4)
    upright[:3, :3] = _tilt(person).T / np.array(person.scale)[:, None]
    matrix: NDArray[np.float64] = upright @ moved @ grid.affine
    return matrix


def _template_points(
    centers: list[NDArray[np.float64]], matrix: NDArray[np.float64], person: Person
) -> Points:
    """(3, N) template coordinates of the cells at voxel indices `centers`."""
    along_x, along_y, along_z = np.ix_(*centers)
    straight = [
        row[0] * along_x + row[1] * along_y + (row[2] * along_z + row[3]) for row in matrix[:3]
    ]
    points = np.stack(straight).reshape(3, -1).astype(np.float32)
    bend = np.stack([waves.at(points) for waves in person.warp])
    points += np.float32(person.warp_mm) * bend
    points[0] *= 1 + np.float32(person.egg / 90) * points[1]
    points[1] -= np.float32(person.torque_mm / 1500) * points[0] * np.abs(points[1]) ** 0.5
    return points


def _tilt(person: Person) -> NDArray[np.float64]:
    about_x, about_y, about_z = person.tilt_degrees
    return (
        rotation((0, 0, 1), degrees=about_z)
        @ rotation((0, 1, 0), degrees=about_y)
        @ rotation((1, 0, 0), degrees=about_x)
    )


def _shares_at(points: Points, person: Person, cell_mm: float) -> NDArray[np.float32]:
    """(len(TISSUES) + 2, N) shares of all tissues, head and brain."""
    result = np.zeros((len(TISSUES) + 2, points.shape[1]), dtype=np.float32)
    result[TISSUES.index(AIR)] = 1
    surface = surfaces(points, person)
    near = surface.skin < cell_mm
    result[-2] = coverage(surface.skin, width_mm=cell_mm)
    outside = head_layers(points[:, near], surface.at(near), person, cell_mm=cell_mm)
    result[:-2, near] = compose(outside, background=AIR)
    within = surface.cavity < cell_mm
    layers, hull = brain_layers(points[:, within], person, cell_mm=cell_mm)
    filling = coverage(surface.cavity[within], width_mm=cell_mm)
    brain = compose(layers, background=CSF)
    result[:-2, within] = filling * brain + (1 - filling) * result[:-2, within]
    result[-1, within] = filling * coverage(hull, width_mm=cell_mm)
    return result


def compose(layers: Layers, *, background: Tissue) -> NDArray[np.float32]:
    """(len(TISSUES), N) shares of stacked layers; each covers what those in front leave free."""
    free = np.ones_like(layers[0][1])
    shares = np.zeros((len(TISSUES), free.size), dtype=np.float32)
    for tissue, cover in layers:
        taken = free * cover
        shares[TISSUES.index(tissue)] += taken
        free -= taken
    shares[TISSUES.index(background)] += free
    return shares
