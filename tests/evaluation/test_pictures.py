"""Which cases have a picture."""

from dataclasses import replace

from crossvox.evaluation import Evaluation
from crossvox.evaluation.pictures import WorstPictures
from crossvox.scoring.loading import load_pair


def test_the_worst_cases_are_kept_in_whatever_order_they_come(evaluated: Evaluation) -> None:
    results = [
        replace(result, scores={**result.scores, "synthesized": {**result.own, "ssim": ssim}})
        for result, ssim in zip(evaluated.results, (0.9, 0.2, 0.5, 0.7), strict=True)
    ]
    loaded = load_pair(results[0].pair)
    for order in ((0, 1, 2, 3), (3, 2, 1, 0)):
        worst = WorstPictures(2)
        for index in order:
            worst.offer(results[index], loaded)
        assert set(worst.pictures) == {results[1].pair.name, results[2].pair.name}


def test_no_picture_is_drawn_where_none_is_wanted(evaluated: Evaluation) -> None:
    worst = WorstPictures(0)
    worst.offer(evaluated.results[0], load_pair(evaluated.results[0].pair))
    assert worst.pictures == {}
