from crossvox.evaluation import Evaluation
from crossvox.metrics import UNIFORM7
from crossvox.report.protocol import Protocol

PROTOCOL = Protocol(window=UNIFORM7, data_range=4024.0, seed=3)


def test_everything_that_moves_a_number_is_named(evaluated: Evaluation) -> None:
    rows = dict(PROTOCOL.rows(evaluated.results))
    assert rows["stated range"] == "4024, the same for every case"
    assert rows["mask"] == "head of the reference"
    assert str(UNIFORM7) in rows["SSIM"]
    assert "seed 3" in rows["intervals"]


def test_programs_are_told_the_same_as_readers(evaluated: Evaluation) -> None:
    facts, rows = PROTOCOL.facts(evaluated.results), dict(PROTOCOL.rows(evaluated.results))
    assert facts["data_range"] == rows["stated range"]
    assert facts["mask"] == [rows["mask"]]
    assert facts["seed"] == 3


def test_the_paragraph_names_grid_people_and_tests(evaluated: Evaluation) -> None:
    text = PROTOCOL.paragraph(evaluated.results, evaluated.summary)
    assert "3 people (4 cases)" in text
    assert "grid of the references" in text
    assert "no hypothesis test" in text
