import math

import numpy as np
import pytest

from crossvox.evaluation import Evaluation
from crossvox.scoring.baselines import BASELINES
from crossvox.scoring.measures import COMPARED
from crossvox.scoring.results import SYNTHESIZED
from crossvox.scoring.summary import per_subject, summarize


def test_people_are_counted_not_cases(evaluated: Evaluation) -> None:
    assert len(evaluated.results) == 4
    assert evaluated.summary.subjects == 3
    assert evaluated.summary.intervals[SYNTHESIZED]["mae"].n == 3


def test_two_sessions_of_one_person_are_averaged(evaluated: Evaluation) -> None:
    sessions = [r.own["mae"] for r in evaluated.results if r.pair.subject == "sub-03"]
    found = per_subject(evaluated.results, SYNTHESIZED, "mae")
    assert len(sessions) == 2
    assert found["sub-03"] == pytest.approx(np.mean(sessions))


def test_every_baseline_is_compared_on_every_compared_measure(evaluated: Evaluation) -> None:
    rows = {(row.against, row.metric) for row in evaluated.summary.comparisons}
    assert rows == {(name, measure.name) for name in BASELINES for measure in COMPARED}
    assert {row.p_value for row in evaluated.summary.comparisons} == {None}


def test_the_synthesized_volumes_beat_the_copied_source(evaluated: Evaluation) -> None:
    row = next(row for row in evaluated.summary.comparisons if row.against == "copied source")
    assert row.win_rate == 1
    assert row.difference.high < 0


def test_the_frechet_distance_ranks_a_near_copy_before_the_negative(evaluated: Evaluation) -> None:
    distances = evaluated.summary.frechet_random3d
    assert distances[SYNTHESIZED] < distances["copied source"]


def test_one_case_alone_has_scores_but_no_interval(evaluated: Evaluation) -> None:
    summary = summarize(evaluated.results[:1], seed=0)
    interval = summary.intervals[SYNTHESIZED]["mae"]
    assert interval.mean == evaluated.results[0].own["mae"]
    assert math.isnan(interval.low)
