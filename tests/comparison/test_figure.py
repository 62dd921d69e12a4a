import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from crossvox.comparison import Comparison
from crossvox.comparison.figure import (
    INCHES_PER_COLUMN,
    LEFT_INCHES,
    _shortened,
    chosen_cases,
    draw_comparison,
)

COLOR = 40  # of 255: what gray pictures never reach


def test_the_median_the_worst_and_the_best_case_are_shown(compared: Comparison) -> None:
    cases = chosen_cases(compared.results, first="steady", shown=3)
    values = [case.result.scores["steady"]["ssim"] for case in cases]
    ranked = sorted(result.scores["steady"]["ssim"] for result in compared.results)
    assert [case.why for case in cases] == ["median", "worst", "best"]
    assert values == [ranked[1], ranked[0], ranked[3]]


def test_no_case_is_shown_twice(compared: Comparison) -> None:
    one, two = compared.results[:1], compared.results[:2]
    assert [case.why for case in chosen_cases(one, first="steady", shown=3)] == ["only case"]
    assert [case.why for case in chosen_cases(two, first="steady", shown=3)] == ["worst", "best"]
    assert chosen_cases(compared.results, first="steady", shown=0) == []


def test_a_block_of_rows_stands_below_the_other(compared: Comparison) -> None:
    cases = chosen_cases(compared.results, first="steady", shown=2)
    one = draw_comparison(compared, cases[:1], data_range=None)
    both = draw_comparison(compared, cases, data_range=None)
    assert both.width_mm == one.width_mm
    # heads of the fixture are of one size
    assert both.height_mm == 2 * one.height_mm


def test_only_methods_have_errors_and_a_perfect_one_shows_none(compared: Comparison) -> None:
    cases = chosen_cases(compared.results, first="steady", shown=1)
    sheet = draw_comparison(compared, cases, data_range=None)
    picture = np.asarray(Image.open(io.BytesIO(sheet.picture("png"))).convert("RGB"), float)
    colorful = (picture.max(axis=2) - picture.min(axis=2) > COLOR).sum(axis=0)
    left = LEFT_INCHES / (LEFT_INCHES + 5 * INCHES_PER_COLUMN) * picture.shape[1]
    edges = np.linspace(left, picture.shape[1], 6).astype(int)
    source, steady, shaky, perfect, reference = (
        int(colorful[start:end].sum()) for start, end in pairwise(edges)
    )
    assert source == 0
    assert perfect == 0
    assert shaky > steady > 0
    # the color bar
    assert reference > 0


def test_long_names_are_told_apart_in_titles() -> None:
    names = ("regression3d no norm", "regression3d no mask", "gan3d with attention")
    assert len({_shortened(name) for name in names}) == 3
    assert all(len(_shortened(name)) <= 18 for name in names)
    assert _shortened("gan3d") == "gan3d"


@pytest.mark.slow
def test_webp_and_png_have_one_size(compared: Comparison) -> None:
    cases = chosen_cases(compared.results, first="steady", shown=1)
    sheet = draw_comparison(compared, cases, data_range=None)
    sizes = {Image.open(io.BytesIO(sheet.picture(kind))).size for kind in ("webp", "png")}
    assert len(sizes) == 1
