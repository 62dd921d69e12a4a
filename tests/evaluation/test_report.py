import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from crossvox import __version__
from crossvox.evaluation import Evaluation, EvaluationSettings
from crossvox.evaluation.report import render_report


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.handlers: list[str] = []
        self.images_without_words = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.sources += [found[name] or "" for name in ("src", "href") if name in found]
        self.handlers += [name for name in found if name.startswith("on")]
        if tag == "img" and not found.get("alt"):
            self.images_without_words += 1


@pytest.fixture(scope="module")
def text(evaluated: Evaluation) -> str:
    return evaluated.report.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    page = Page()
    page.feed(text)
    return page


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(page: Page) -> None:
    assert not {"script", "link", "iframe"} & set(page.tags)
    assert page.handlers == []
    assert all(source.startswith("data:image/") for source in page.sources)


def test_every_picture_has_words(page: Page) -> None:
    assert page.images_without_words == 0
    # three charts and four cases
    assert page.tags.count("img") == 7


def test_the_page_says_what_it_is_and_is_not(text: str) -> None:
    assert "Synthesized T1w against the real T1w" in text
    assert "not for diagnosis" in text
    assert "synthesized by gan3d" in text


def test_no_number_of_another_cohort_is_on_the_page(text: str) -> None:
    assert ".9413" not in text
    assert "paper's" not in text


def test_mask_range_window_unit_and_version_are_printed(text: str) -> None:
    for words in (
        "head of the reference",
        "0.1 to 99.9 percentile of each reference inside the mask",
        "Gaussian sigma 1.5, 11 voxels wide",
        "scanner units",
        f"crossvox {__version__}",
    ):
        assert words in text


def test_no_folder_of_this_machine_is_printed(text: str, evaluated: Evaluation) -> None:
    folder = evaluated.results[0].pair.reference.parents[2]
    assert str(folder) not in text
    assert not re.search(r"/(tmp|home|work)/", text)


def test_names_from_outside_are_escaped(evaluated: Evaluation) -> None:
    first = evaluated.results[0]
    evil = replace(first, pair=replace(first.pair, name="<script>alert(1)</script>"))
    text = render_report(replace(evaluated, results=(evil,)), settings=EvaluationSettings(strips=0))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_only_the_worst_cases_are_pictured_where_so_wished(evaluated: Evaluation) -> None:
    text = render_report(evaluated, settings=EvaluationSettings(strips=1))
    assert "the 1 worst of 4 cases" in text
    assert text.count("image/webp") == 1
