import math
from xml.etree import ElementTree as ET

from crossvox.evaluation import Evaluation
from crossvox.report.charts import draw_scores, draw_slice_curves, draw_training


def words(drawing: bytes) -> str:
    return " ".join(ET.fromstring(drawing).itertext())  # noqa: S314 - our own drawing


def test_scores_name_every_method_and_compared_measure(evaluated: Evaluation) -> None:
    text = words(draw_scores(evaluated.results, evaluated.summary, unit="HU"))
    for name in ("synthesized", "copied source", "mean training target", "MAE", "SSIM", "dB"):
        assert name in text


def test_slice_curves_have_a_panel_for_each_method(evaluated: Evaluation) -> None:
    text = words(draw_slice_curves(evaluated.results, unit="HU"))
    assert "histogram-matched source" in text
    assert "through-plane position, mm" in text


def test_training_draws_losses_and_validation_but_neither_steps_nor_seconds() -> None:
    columns = {
        "step": (0.0, 10.0),
        "generator": (2.0, 1.0),
        "seconds_per_step": (1.0, 1.0),
        "validation_ssim": (math.nan, 0.8),
    }
    drawing = draw_training(columns)
    assert drawing is not None
    text = words(drawing)
    assert "generator" in text
    assert "validation ssim" in text
    assert "seconds" not in text


def test_a_run_without_progress_draws_nothing() -> None:
    assert draw_training({}) is None
    assert draw_training({"step": (0.0,)}) is None


def test_the_same_numbers_give_the_same_drawing(evaluated: Evaluation) -> None:
    once, again = (draw_scores(evaluated.results, evaluated.summary, unit="HU") for _ in range(2))
    assert once == again
