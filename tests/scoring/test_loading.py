import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.errors import CohortError, GridError
from crossvox.scoring.loading import (
    GIVEN_MASK,
    HEAD_MASK,
    load_case,
    load_pair,
)
from crossvox.scoring.pairs import Pair
from crossvox.volume import Grid
from crossvox.volume.foreground import head_mask

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]


def moved_by(grid: Grid, *, planes: int) -> Grid:
    """`grid`, begun so many planes further along its first axis."""
    affine = grid.affine.copy()
    affine[0, 3] += planes * grid.spacing_mm[0]
    return Grid(grid.shape, affine)


def pair(made: Path, real: Path, *, mask: Path | None = None, labels: Path | None = None) -> Pair:
    return Pair(subject="a", name="a", synthesized=made, reference=real, mask=mask, labels=labels)


def test_volumes_in_other_units_are_not_compared_in_either_order(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    pairs = [pair(write(tmp_path / f"{name}.nii.gz", make_head(1)), real) for name in "ab"]
    assert load_case(pairs).moved == (False, False)
    (tmp_path / "b.json").write_text(json.dumps({"Units": "HU"}))
    assert load_case(pairs).loaded.unit == load_case(pairs[::-1]).loaded.unit == "HU"
    (tmp_path / "a.json").write_text(json.dumps({"Units": "SUV"}))
    for order in (pairs, pairs[::-1]):
        with pytest.raises(CohortError, match=r"units differ: b\.nii\.gz in HU, a\.nii\.gz in SUV"):
            load_case(order)


def test_without_a_mask_the_head_of_the_reference_is_taken_and_named(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    loaded = load_pair(pair(write(tmp_path / "s.nii.gz", make_head(1)), real))
    assert loaded.mask_origin == HEAD_MASK
    assert loaded.resampled == ()
    assert loaded.unit == "arbitrary"
    inside = loaded.reference.voxels[loaded.mask]
    assert loaded.data_range == pytest.approx(np.ptp(np.percentile(inside, (0.1, 99.9))))


def test_everything_lies_on_the_grid_of_the_reference(
    tmp_path: Path, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    shifted = moved_by(grid, planes=3)
    made = write(tmp_path / "s.nii.gz", np.roll(make_head(0), -3, axis=0), on=shifted)
    loaded = load_pair(replace(pair(made, real), source=made))
    assert loaded.resampled == ("synthesized", "source")
    assert loaded.reference.grid.matches(grid)
    # voxels coincide, so nothing but the three planes that the volume misses may differ
    np.testing.assert_allclose(
        loaded.synthesized.voxels[3:], loaded.reference.voxels[3:], atol=1e-3
    )
    np.testing.assert_array_equal(loaded.mask, head_mask(loaded.reference.voxels))


def test_what_a_volume_does_not_cover_counts_as_its_background_inside_the_mask(
    tmp_path: Path, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    made = write(
        tmp_path / "s.nii.gz", np.roll(make_head(0), -9, axis=0), on=moved_by(grid, planes=9)
    )
    loaded = load_pair(pair(made, real))
    lowest = make_head(0).min()
    np.testing.assert_allclose(loaded.synthesized.voxels[:9], lowest, atol=1e-3)
    expected = loaded.mask[:9].sum() / loaded.mask.sum()
    assert expected > 0.3
    assert loaded.placed.uncovered_share(loaded.mask) == pytest.approx(expected)


def test_a_volume_in_another_place_is_refused(
    tmp_path: Path, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    made = write(tmp_path / "s.nii.gz", make_head(0), on=moved_by(grid, planes=500))
    with pytest.raises(GridError, match=r"s\.nii\.gz covers no voxel of the mask of r\.nii\.gz"):
        load_pair(pair(made, real))


def test_the_order_of_methods_decides_neither_grid_nor_source(
    tmp_path: Path, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    coarse = Grid((11, 12, 7), grid.affine @ np.diag([2.0, 2.0, 2.0, 1.0]))
    files = (
        write(tmp_path / "fine.nii.gz", make_head(1)),
        write(tmp_path / "coarse.nii.gz", make_head(1)[::2, ::2, ::2], on=coarse),
    )
    sources = [write(tmp_path / f"{name}.nii.gz", make_head(2)) for name in ("y", "x")]
    pairs = [
        replace(pair(made, real), source=source)
        for made, source in zip(files, sources, strict=True)
    ]
    there, back = load_case(pairs), load_case(pairs[::-1])
    for ours, theirs in zip(there.volumes, back.volumes[::-1], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert there.loaded.pair.source == back.loaded.pair.source == sources[1]
    assert there.loaded.reference.grid.matches(grid)


def test_mask_and_labels_on_another_grid_keep_their_values(
    tmp_path: Path, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    made = write(tmp_path / "s.nii.gz", make_head(0))
    affine = grid.affine @ np.diag([1.0, 1.0, 0.5, 1.0])
    fine = Grid((grid.shape[0], grid.shape[1], 2 * grid.shape[2]), affine)
    regions = np.zeros(fine.shape, dtype=np.float32)
    regions[8:14, 8:14, 8:20] = 3
    labels = write(tmp_path / "l.nii.gz", regions, on=fine)
    loaded = load_pair(pair(made, made, mask=labels, labels=labels))
    assert loaded.resampled == ("mask", "labels")
    assert loaded.mask_origin == GIVEN_MASK
    assert loaded.labels is not None
    assert set(np.unique(loaded.labels)) == {0, 3}
    np.testing.assert_array_equal(loaded.mask, loaded.labels == 3)


def test_a_mask_beside_the_head_or_a_flat_reference_is_refused(
    tmp_path: Path, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    made = write(tmp_path / "s.nii.gz", make_head(0))
    empty = write(tmp_path / "m.nii.gz", np.zeros(grid.shape, dtype=np.float32))
    with pytest.raises(GridError, match="no voxel in common"):
        load_pair(pair(made, made, mask=empty))
    flat = np.zeros(grid.shape, dtype=np.float32)
    flat[0, 0, 0] = 1
    spot = np.zeros(grid.shape, dtype=np.float32)
    spot[4:9, 4:9, 4:9] = 1
    mask = write(tmp_path / "spot.nii.gz", spot)
    with pytest.raises(GridError, match="constant inside"):
        load_pair(pair(made, write(tmp_path / "flat.nii.gz", flat), mask=mask))


def test_the_unit_comes_from_the_sidecar(tmp_path: Path, write: Write, make_head: MakeHead) -> None:
    made = write(tmp_path / "s.nii.gz", make_head(0))
    (tmp_path / "s.json").write_text(json.dumps({"Units": "HU"}))
    assert load_pair(pair(made, made)).unit == "HU"


def test_a_given_range_replaces_the_reference_s_own(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    made = write(tmp_path / "s.nii.gz", make_head(0))
    assert load_pair(pair(made, made), data_range=4024).data_range == 4024
