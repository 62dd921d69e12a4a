import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.errors import CohortError, GridError
from crossvox.evaluation.loading import (
    GIVEN_MASK,
    HEAD_MASK,
    load_pair,
    load_together,
)
from crossvox.evaluation.pairs import Pair
from crossvox.volume import Grid

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]


def pair(made: Path, real: Path, *, mask: Path | None = None, labels: Path | None = None) -> Pair:
    return Pair(subject="a", name="a", synthesized=made, reference=real, mask=mask, labels=labels)


def test_volumes_in_other_units_are_not_compared(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    pairs = [pair(write(tmp_path / f"{name}.nii.gz", make_head(1)), real) for name in "ab"]
    assert load_together(pairs).moved == (False, False)
    (tmp_path / "b.json").write_text(json.dumps({"Units": "normalised"}))
    with pytest.raises(CohortError, match=r"b\.nii\.gz is in normalised, a\.nii\.gz in arbitrary"):
        load_together(pairs)


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


def test_a_reference_on_another_grid_is_resampled_and_named(
    tmp_path: Path, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    made = write(tmp_path / "s.nii.gz", make_head(0))
    affine = grid.affine.copy()
    affine[0, 3] += 3 * 2.0
    shifted = Grid(grid.shape, affine)
    real = write(tmp_path / "r.nii.gz", np.roll(make_head(0), -3, axis=0), on=shifted)
    loaded = load_pair(pair(made, real))
    assert loaded.resampled == ("reference",)
    # voxels coincide, so nothing but the three planes that the reference misses may differ
    np.testing.assert_allclose(
        loaded.reference.voxels[3:], loaded.synthesized.voxels[3:], atol=1e-3
    )
    assert not loaded.mask[:3].any()


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
