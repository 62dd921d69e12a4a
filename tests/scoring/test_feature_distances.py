import math
from dataclasses import replace

import numpy as np
import pytest

from crossvox.evaluation import Evaluation
from crossvox.metrics import frechet_distance, kid
from crossvox.scoring import CaseResult
from crossvox.scoring.feature_distances import (
    REFERENCE,
    fid_of,
    frechet_random3d_of,
    images_of,
    kid_of,
)


@pytest.fixture
def results(evaluated: Evaluation) -> list[CaseResult]:
    """Cases with slice features that somebody's network could have given."""
    generator = np.random.default_rng(0)
    return [
        replace(
            result,
            slice_features={
                "near": generator.normal(0.1, 1, (5, 8)).astype(np.float32),
                REFERENCE: generator.normal(0, 1, (5, 8)).astype(np.float32),
            },
        )
        for result in evaluated.results
    ]


def test_features_of_all_cases_make_one_cloud(results: list[CaseResult]) -> None:
    made = np.concatenate([result.slice_features["near"] for result in results])
    real = np.concatenate([result.slice_features[REFERENCE] for result in results])
    assert fid_of(results, "near") == frechet_distance(made, real)
    assert kid_of(results, "near") == kid(made, real)
    assert images_of(results) == 20


def test_a_case_without_the_method_leaves_its_reference_out(results: list[CaseResult]) -> None:
    first, *others = results
    bare = replace(first, slice_features={REFERENCE: first.slice_features[REFERENCE]})
    assert fid_of([bare, *others], "near") == fid_of(others, "near")


def test_too_few_rows_give_no_distance(results: list[CaseResult]) -> None:
    one = replace(
        results[0],
        slice_features={name: np.ones((1, 8), np.float32) for name in ("near", REFERENCE)},
    )
    assert math.isnan(fid_of([one], "near"))
    assert math.isnan(kid_of([one], "near").value)


def test_the_reference_is_at_no_distance_from_itself(results: list[CaseResult]) -> None:
    # a difference of sums of about 10: float64 leaves 1e-6 of it
    assert frechet_random3d_of(results, REFERENCE) == pytest.approx(0, abs=1e-5)
