import numpy as np
import pytest

from crossvox.evaluation import Evaluation
from crossvox.metrics import GAUSSIAN
from crossvox.scoring.case_scores import score_volumes
from crossvox.scoring.feature_distances import REFERENCE
from crossvox.scoring.loading import load_pair


def test_every_volume_is_scored_beside_the_same_reference(evaluated: Evaluation) -> None:
    first = evaluated.results[0]
    loaded = load_pair(first.pair)
    real = loaded.reference.voxels
    volumes = {"made": loaded.synthesized.voxels, "brighter": real + np.float32(7)}
    found = score_volumes(loaded, volumes, window=GAUSSIAN)
    assert found.scores["made"] == pytest.approx(first.own, nan_ok=True)
    # 7 is added in float32 to intensities of some hundreds
    assert found.scores["brighter"]["bias"] == pytest.approx(7, abs=1e-4)
    assert found.scores["brighter"]["slice_mean_std"] == pytest.approx(0, abs=1e-4)
    assert set(found.features) == {"made", "brighter", REFERENCE}
    assert found.slice_curves.keys() == volumes.keys()


def test_without_weights_no_slice_has_features(evaluated: Evaluation) -> None:
    loaded = load_pair(evaluated.results[0].pair)
    found = score_volumes(loaded, {"made": loaded.synthesized.voxels}, window=GAUSSIAN)
    assert found.slice_features == {}
