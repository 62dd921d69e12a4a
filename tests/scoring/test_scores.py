import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox import metrics
from crossvox.metrics import GAUSSIAN
from crossvox.scoring.loading import LoadedPair, load_pair
from crossvox.scoring.measures import NAMES
from crossvox.scoring.pairs import Pair
from crossvox.scoring.scores import score, score_regions
from crossvox.volume import Grid

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]


@pytest.fixture
def loaded(tmp_path: Path, write: Write, make_head: MakeHead, grid: Grid) -> LoadedPair:
    regions = np.zeros(grid.shape, dtype=np.float32)
    regions[8:12, 8:12, 5:9] = 1
    regions[13:15, 8:12, 5:9] = 7
    real = write(tmp_path / "r.nii.gz", make_head(0))
    return load_pair(
        Pair(
            subject="a",
            name="a",
            synthesized=write(tmp_path / "s.nii.gz", make_head(0) + 5),
            reference=real,
            source=real,
            labels=write(tmp_path / "l.nii.gz", regions),
        )
    )


def test_every_measure_is_scored_in_its_order(loaded: LoadedPair) -> None:
    scores = score(loaded.synthesized.voxels, loaded, window=GAUSSIAN)
    assert tuple(scores) == NAMES
    assert scores["bias"] == pytest.approx(5, abs=1e-3)
    assert scores["slice_consistency"] == pytest.approx(0, abs=1e-4)


def test_ssim_of_the_table_is_that_of_the_metric(loaded: LoadedPair) -> None:
    made, real = loaded.synthesized.voxels, loaded.reference.voxels
    scores = score(made, loaded, window=GAUSSIAN)
    alone = metrics.ssim(made, real, data_range=loaded.data_range, mask=loaded.mask)
    assert scores["ssim"] == pytest.approx(alone, abs=1e-12)


def test_the_window_that_is_set_is_used_within_slices_too(loaded: LoadedPair) -> None:
    made, real = loaded.synthesized.voxels, loaded.reference.voxels
    axis = metrics.through_plane_axis(loaded.reference.grid)
    options: Any = {"data_range": loaded.data_range, "mask": loaded.mask, "axis": axis}
    scores = score(made, loaded, window=metrics.UNIFORM7)
    uniform = metrics.ssim_slice(made, real, window=metrics.UNIFORM7, **options)
    assert scores["ssim_slice"] == pytest.approx(uniform, abs=1e-12)
    assert uniform != pytest.approx(metrics.ssim_slice(made, real, **options), abs=1e-6)


def test_a_linear_fit_forgives_brightness_and_contrast_alone(loaded: LoadedPair) -> None:
    made = np.float32(40) + np.float32(0.5) * loaded.reference.voxels
    scores = score(made, loaded, window=GAUSSIAN)
    assert scores["mae"] > 50
    # float32 of intensities of some hundreds
    assert scores["mae_linear"] == pytest.approx(0, abs=1e-3)
    assert scores["ssim_linear"] == pytest.approx(1, abs=1e-5)
    assert scores["psnr_linear"] > 100


def test_mutual_information_is_taken_where_the_source_lies(
    tmp_path: Path, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    half = Grid((11, 24, 14), grid.affine)
    source = write(tmp_path / "h.nii.gz", make_head(0)[:11], on=half)
    files = Pair(subject="a", name="a", synthesized=real, reference=real, source=source)
    cut = load_pair(files)
    inside = cut.mask.copy()
    inside[11:] = False
    expected = metrics.nmi(make_head(0), make_head(0), mask=inside)
    found = score(cut.synthesized.voxels, cut, window=GAUSSIAN)["nmi_source"]
    assert found == pytest.approx(expected, abs=1e-3)


def test_the_reference_itself_is_perfect(loaded: LoadedPair) -> None:
    scores = score(loaded.reference.voxels, loaded, window=GAUSSIAN)
    assert scores["mae"] == scores["slice_mean_std"] == 0
    assert scores["psnr"] == math.inf
    assert scores["ssim"] == pytest.approx(1)


def test_recipes_of_another_unit_are_not_scored(loaded: LoadedPair) -> None:
    assert math.isnan(score(loaded.synthesized.voxels, loaded, window=GAUSSIAN)["mae_synthrad2023"])


def test_a_volume_in_hu_is_scored_by_the_challenge_s_recipe(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    made = write(tmp_path / "ct.nii.gz", make_head(0))
    (tmp_path / "ct.json").write_text(json.dumps({"Units": "HU"}))
    pair = Pair(subject="a", name="a", synthesized=made, reference=made)
    scores = score(make_head(0) + 9, load_pair(pair), window=GAUSSIAN)
    assert scores["mae_synthrad2023"] == pytest.approx(9, abs=1e-3)
    assert math.isnan(scores["nmi_source"])


def test_regions_are_scored_one_by_one_without_the_background(loaded: LoadedPair) -> None:
    made = loaded.reference.voxels.copy()
    made[13:15, 8:12, 5:9] += 20
    regions = {r.label: r for r in score_regions(made, loaded, window=GAUSSIAN)}
    assert regions.keys() == {1, 7}
    assert regions[1].mae == 0
    assert regions[7].mae == pytest.approx(20, abs=1e-3)
    assert (regions[1].voxels, regions[7].voxels) == (64, 32)


def test_a_volume_thinner_than_the_recipe_s_window_has_no_such_score(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    thin = Grid((22, 24, 3), np.diag([2.0, 2.0, 4.0, 1.0]))
    made = write(tmp_path / "thin.nii.gz", make_head(0)[:, :, 6:9], on=thin)
    pair = Pair(subject="a", name="a", synthesized=made, reference=made)
    scores = score(make_head(0)[:, :, 6:9], load_pair(pair), window=GAUSSIAN)
    assert math.isnan(scores["ssim_skimage7"])
    assert scores["ssim"] == pytest.approx(1)
