"""Seconds and memory against voxels, drawn."""

import pytest

from crossvox.measuring.growth_chart import Form, draw_growth

SIDES = (64, 128)


def drawing(form: Form, *measured: float) -> bytes:
    return draw_growth(
        SIDES, seconds=(0.1, 0.8), predicted=(0.3, 1.1), measured=measured, form=form
    )


def test_the_drawing_says_what_is_predicted_and_what_was_measured() -> None:
    svg = drawing("svg", 0.4, 1.0).decode()
    for words in (
        "Seconds per volume",
        "Memory of the whole process, GiB",
        "predicted",
        "measured",
        "128³",
    ):
        assert words in svg


def test_equal_numbers_give_equal_drawings() -> None:
    assert drawing("svg", 0.4, 1.0) == drawing("svg", 0.4, 1.0)


@pytest.mark.parametrize("measured", [(0.4, 1.0), (0.0, 0.0)])
def test_a_picture_is_drawn_also_where_no_one_counted(measured: tuple[float, float]) -> None:
    assert drawing("png", *measured).startswith(b"\x89PNG")
