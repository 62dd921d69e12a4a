"""Published numbers stand below the table where they are asked for, and nowhere else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from crossvox.comparison import ComparisonSettings, Contestant, compare
from crossvox.comparison.published import PUBLISHED

Made = Callable[[str, float], Contestant]


def test_the_numbers_are_those_that_were_published() -> None:
    # SSIM, FID, MAE, RMSE
    assert PUBLISHED["paper"].rows[1] == ("Pix2Pix", ".9359", "15.68", "33.13", "76.83")
    for table in PUBLISHED.values():
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_they_are_set_apart_in_every_table(made: Made, tmp_path: Path) -> None:
    settings = replace(ComparisonSettings(shown=0), beside="paper")
    found = compare([made("a", 10), made("b", 20)], tmp_path, settings=settings)
    assert found.page.is_file()
    for name in ("table.md", "table.tex", "comparison.html"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert text.index("not to be compared") < text.index(".9359")
