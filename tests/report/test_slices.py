from pathlib import Path

import numpy as np
import pytest

from crossvox.evaluation import Evaluation
from crossvox.report.slices import VIEWS, cut_through, to_ras, window_of
from crossvox.scoring.loading import load_pair


def test_the_box_holds_the_mask_and_a_centimeter_around_it(evaluated: Evaluation) -> None:
    loaded = load_pair(evaluated.results[0].pair)
    cut = cut_through(loaded)
    inside = np.nonzero(cut.mask)
    for axis, side in enumerate(cut.box):
        assert side.start <= inside[axis].min()
        assert side.stop > inside[axis].max()
        assert side.stop <= cut.mask.shape[axis]
        assert side.start <= cut.center[axis] < side.stop


def test_a_picture_has_the_size_of_its_plane(evaluated: Evaluation) -> None:
    loaded = load_pair(evaluated.results[0].pair)
    cut = cut_through(loaded)
    sizes = [side.stop - side.start for side in cut.box]
    for view in VIEWS:
        assert cut.picture(cut.mask, view).shape == (sizes[view.up], sizes[view.across])
    assert cut.width_mm == max(cut.sizes_mm[:2])


def test_the_patient_s_right_and_front_are_at_the_left_and_top(evaluated: Evaluation) -> None:
    loaded = load_pair(evaluated.results[0].pair)
    cut = cut_through(loaded)
    x, y, _ = np.meshgrid(*(np.arange(size) for size in cut.mask.shape), indexing="ij")
    axial = VIEWS[0]
    across, up = cut.picture(x, axial), cut.picture(y, axial)
    assert (np.diff(across.astype(int), axis=1) == -1).all()
    assert (np.diff(up.astype(int), axis=0) == -1).all()


def test_the_window_is_never_empty(evaluated: Evaluation) -> None:
    reference = load_pair(evaluated.results[0].pair).reference
    flat = reference.with_voxels(np.full(reference.grid.shape, 3, dtype=np.float32))
    low, high = window_of(flat, np.ones(reference.grid.shape, dtype=bool))
    assert low < high
    assert to_ras(flat, flat.voxels).max() == pytest.approx(3)
    assert isinstance(evaluated.report, Path)
