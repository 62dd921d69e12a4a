"""What a perfect network would score, against the scale written out in numpy."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox import metrics
from crossvox.metrics import GAUSSIAN
from crossvox.preparation.intensity import foreground_limits
from crossvox.report.rows import perfect_sentence
from crossvox.scoring.loading import LoadedPair, load_pair
from crossvox.scoring.pairs import Pair
from crossvox.scoring.perfect_network import perfect_scores, scale_of
from crossvox.scoring.results import Perfect, Summary

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]


@pytest.fixture
def loaded(tmp_path: Path, write: Write, make_head: MakeHead) -> LoadedPair:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    return load_pair(Pair(subject="a", name="a", synthesized=real, reference=real))


def test_a_scale_that_holds_every_intensity_costs_nothing(loaded: LoadedPair) -> None:
    scale = {"kind": "cohort", "limits": [0, 1000]}
    scores = perfect_scores(loaded, {"TargetScale": scale}, window=GAUSSIAN)
    # float32 within [-1, 1] of a range of 1000
    assert scores["mae"] == pytest.approx(0, abs=1e-3)
    assert scores["ssim"] == pytest.approx(1, abs=1e-5)


def test_what_lies_beyond_the_limits_is_lost(loaded: LoadedPair) -> None:
    real, mask = loaded.reference.voxels, loaded.mask
    scale = {"kind": "window", "limits": [0, 400]}
    scores = perfect_scores(loaded, {"TargetScale": scale}, window=GAUSSIAN)
    clipped = np.clip(real, 0, 400)
    assert scores["mae"] == pytest.approx(metrics.mae(clipped, real, mask=mask), rel=1e-4)
    assert scores["mae"] > 10


def test_a_volume_scale_moves_each_person_to_the_median_limits(loaded: LoadedPair) -> None:
    real, mask = loaded.reference.voxels, loaded.mask
    scale = {"kind": "volume", "limits": [0, 900], "percentiles": [2, 98]}
    scores = perfect_scores(loaded, {"TargetScale": scale}, window=GAUSSIAN)
    low, high = foreground_limits(real, percentiles=(2, 98))
    restored = (np.clip(real, low, high) - low) / (high - low) * 900
    assert scores["mae"] == pytest.approx(metrics.mae(restored, real, mask=mask), rel=1e-4)
    psnr = metrics.psnr(restored, real, data_range=loaded.data_range, mask=mask)
    assert scores["psnr"] == pytest.approx(psnr, abs=1e-3)


@pytest.mark.parametrize(
    "said",
    [
        None,
        "volume",
        {"kind": "other", "limits": [0, 1]},
        {"kind": "cohort", "limits": [1, 0]},
        {"kind": "cohort", "limits": [0, float("nan")]},
        {"kind": "cohort", "limits": [0]},
        {"kind": "cohort", "limits": ["a", "b"]},
        {"kind": "volume", "limits": [0, 1], "percentiles": [0, 200]},
    ],
)
def test_a_sidecar_without_a_usable_scale_gives_no_scores(loaded: LoadedPair, said: object) -> None:
    assert scale_of({"TargetScale": said}) is None
    assert perfect_scores(loaded, {"TargetScale": said}, window=GAUSSIAN) == {}


def test_the_sentence_gives_the_means_over_people() -> None:
    perfect = Perfect(means={"mae": 29.0, "psnr": 22.1, "ssim": 0.9214}, people=4)
    summary = Summary(
        subjects=4,
        intervals={},
        comparisons=(),
        frechet_random3d={},
        perfect={"synthesized": perfect},
    )
    assert perfect_sentence(summary) == (
        "With the target scale of this model, a perfect network would score MAE 29.00, PSNR 22.10,"
        " SSIM 0.921 (mean over 4 people)."
    )
    assert perfect_sentence(summary, method="another") == ""
