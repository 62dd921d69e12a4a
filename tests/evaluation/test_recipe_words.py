from crossvox.evaluation import Evaluation
from crossvox.evaluation.recipe_words import Recipe, methods_paragraph, recipe_rows
from crossvox.metrics import UNIFORM7

RECIPE = Recipe(window=UNIFORM7, data_range=4024.0, seed=3)


def test_everything_that_moves_a_number_is_named(evaluated: Evaluation) -> None:
    rows = dict(recipe_rows(evaluated.results, RECIPE))
    assert rows["stated range"] == "4024, given for every case"
    assert rows["mask"] == "head of the reference"
    assert str(UNIFORM7) in rows["SSIM"]
    assert "seed 3" in rows["intervals"]


def test_the_paragraph_names_grid_people_and_tests(evaluated: Evaluation) -> None:
    text = methods_paragraph(evaluated.results, evaluated.summary, RECIPE)
    assert "3 people (4 cases)" in text
    assert "grid of the references" in text
    assert "no hypothesis test" in text
