import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from crossvox.comparison import Comparison, ComparisonSettings
from crossvox.comparison.page import render_comparison
from crossvox.report.charts import draw_slice_curves


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.sources += [found[name] or "" for name in ("src", "href") if name in found]
        if tag == "img":
            self.words.append(found.get("alt") or "")


@pytest.fixture(scope="module")
def text(compared: Comparison) -> str:
    return compared.page.read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_elsewhere_and_its_pictures_have_words(text: str) -> None:
    page = Page()
    page.feed(text)
    assert not {"script", "link", "iframe"} & set(page.tags)
    assert all(source.startswith("data:image/") for source in page.sources)
    # the figure and two charts
    assert len(page.words) == 3
    assert all(page.words)


def test_table_tests_and_recipe_are_on_the_page(text: str) -> None:
    for words in (
        "3 methods compared",
        "Paired differences from steady",
        "Gaussian sigma 1.5, 11 voxels wide",
        "FID and KID were not computed",
        "Time and memory were measured on a test machine.",
        "not for diagnosis",
        "noise 10",
    ):
        assert words in text


def test_no_folder_of_this_machine_is_on_the_page(text: str) -> None:
    assert not re.search(r"/(tmp|home|work)/", text)


def test_the_figure_lies_beside_the_page(compared: Comparison) -> None:
    names = {path.name for path in compared.page.parent.iterdir()}
    assert names == {path.name for path in compared.files}
    assert {"slices.png", "slices.webp", "comparison.html"} <= names


def test_names_from_outside_are_escaped(compared: Comparison) -> None:
    evil = replace(compared.contestants[0], method="<script>alert(1)</script>")
    changed = replace(compared, contestants=(evil, *compared.contestants[1:]))
    page = render_comparison(changed, settings=ComparisonSettings(), cases=[], picture=b"")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_slice_curves_show_the_methods_asked_for_and_no_others(compared: Comparison) -> None:
    methods = ["steady", "shaky", "perfect", "copied source", "nobody"]
    drawing = draw_slice_curves(compared.results, unit="HU", methods=methods)
    text = " ".join(ET.fromstring(drawing).itertext())  # noqa: S314 - our own drawing
    for name in methods[:-1]:
        assert name in text
    assert "histogram-matched source" not in text
    assert "nobody" not in text


def test_curves_of_more_methods_than_fit_go_on_below(compared: Comparison) -> None:
    few = draw_slice_curves(compared.results, unit="HU", methods=["steady"])
    all_five = draw_slice_curves(compared.results, unit="HU")
    heights = [float(ET.fromstring(d).attrib["height"].removesuffix("pt")) for d in (few, all_five)]  # noqa: S314 - our own drawing
    assert heights[1] == 2 * heights[0]
