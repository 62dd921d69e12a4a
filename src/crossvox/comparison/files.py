"""Write the numbers of a comparison as Markdown, LaTeX, CSV and JSON files."""

import math
from dataclasses import asdict
from pathlib import Path

from crossvox.comparison.contest import Comparison, ComparisonSettings
from crossvox.comparison.latex import latex_of
from crossvox.comparison.numbers import numbers_of
from crossvox.comparison.published import PUBLISHED, PublishedTable
from crossvox.comparison.sentences import cautions_of, perfect_sentences
from crossvox.comparison.table import Panel, TableRow, cost_notes, panels_of
from crossvox.files import write_atomically
from crossvox.files.tables import write_csv, write_json
from crossvox.report.formatting import UNKNOWN, counted
from crossvox.report.protocol import inception_facts, versions
from crossvox.report.score_table import SCORE_HEADER, score_row
from crossvox.scoring.baselines import BASELINES, MEANINGS
from crossvox.scoring.measures import MEASURES

FILES = (
    "table.md",
    "table.csv",
    "table.tex",
    "comparison.json",
    "differences.csv",
    "scores.csv",
)
DIFFERENCE_HEADER = (
    "method",
    "against",
    "measure",
    "difference",
    "low",
    "high",
    "people",
    "win_rate",
    "p",
    "p_holm",
)


def write_files(comparison: Comparison, out: Path, *, settings: ComparisonSettings) -> None:
    """Write the tables, the paired differences, every score and comparison.json.

    Raises:
        FileError: The folder cannot be written.
    """
    panels = panels_of(comparison)
    cautions = cautions_of(comparison)
    notes = [*perfect_sentences(comparison), *cost_notes(comparison)]
    caption = " ".join([*cautions, caption_of(comparison)])
    published = None if settings.beside is None else PUBLISHED[settings.beside]
    markdown = _markdown(panels, caption=caption, notes=notes, published=published)
    write_atomically(out / "table.md", markdown.encode())
    latex = latex_of(panels, caption=caption, notes=notes, published=published)
    write_atomically(out / "table.tex", latex.encode())
    _write_table(comparison, out / "table.csv")
    write_json(out / "comparison.json", _json_of(comparison, settings))
    write_csv(out / "differences.csv", DIFFERENCE_HEADER, _differences(comparison))
    scores = [
        [method, *score_row(result, method)]
        for method in comparison.summary.intervals
        for result in comparison.results
        if method in result.scores
    ]
    write_csv(out / "scores.csv", ["method", *SCORE_HEADER], scores)


def caption_of(comparison: Comparison) -> str:
    """Caption of the table, in one sentence."""
    people = counted(comparison.summary.subjects, "person", "people")
    cases = counted(len(comparison.results), "case", "cases")
    return f"Mean over {people} ({cases}) with 95 % confidence interval."


def _markdown(
    panels: tuple[Panel, ...],
    *,
    caption: str,
    notes: list[str],
    published: PublishedTable | None,
) -> str:
    lines = [f"{caption} The best value of each column is bold.", ""]
    for panel in panels:
        heads = [f"{column.title} {column.arrow}".strip() for column in panel.columns]
        units = [column.unit for column in panel.columns]
        titles = [
            f"{head} ({unit})" if unit else head for head, unit in zip(heads, units, strict=True)
        ]
        lines += [f"**{panel.title}**", "", _line(["method", *titles])]
        lines += [_line(["---", *(["---:"] * len(titles))])]
        lines += [_line([_escaped(row.method), *_texts(row)]) for row in panel.rows]
        lines.append("")
    lines += [*(f"- {note}" for note in notes), ""] if notes else []
    if published is not None:
        lines += [f"*{published.title}: {published.note}*", "", _line(published.columns)]
        lines += [_line(["---", *["---:"] * (len(published.columns) - 1)])]
        lines += [_line(row) for row in published.rows]
    return "\n".join(lines) + "\n"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\|*_`<>[]" else letter for letter in text)


def _texts(row: TableRow) -> list[str]:
    values = [f"**{cell.value}**" if cell.best else cell.value for cell in row.cells]
    return [
        f"{value} ({cell.span})" if cell.span else value
        for value, cell in zip(values, row.cells, strict=True)
    ]


def _write_table(comparison: Comparison, path: Path) -> None:
    """Write every number in full precision, so that it equals that in comparison.json."""
    table = numbers_of(comparison)
    columns = list(next(iter(table.values())))
    rows = [
        [method, _kind(method, comparison), *(_cell(row[name]) for name in columns)]
        for method, row in table.items()
    ]
    write_csv(path, ["method", "kind", *columns], rows)


def _kind(method: str, comparison: Comparison) -> str:
    return "contestant" if method in comparison.names else "baseline"


def _cell(value: float) -> str:
    if math.isnan(value):
        return UNKNOWN
    return str(int(value)) if value.is_integer() else repr(value)


def _differences(comparison: Comparison) -> list[list[str]]:
    return [
        [
            row.method,
            row.against,
            row.metric,
            *(
                _cell(value)
                for value in (row.difference.mean, row.difference.low, row.difference.high)
            ),
            str(row.difference.n),
            _cell(row.win_rate),
            *(UNKNOWN if p is None else repr(p) for p in (row.p_value, row.p_holm)),
        ]
        for row in (*comparison.summary.comparisons, *comparison.jitter)
    ]


def _json_of(comparison: Comparison, settings: ComparisonSettings) -> dict[str, object]:
    summary = comparison.summary
    return {
        "subjects": summary.subjects,
        "cases": [result.pair.name for result in comparison.results],
        "against": comparison.against,
        "contestants": [
            {
                "name": contestant.name,
                "method": contestant.method,
                "costs": asdict(contestant.costs),
                "cautions": contestant.cautions,
            }
            for contestant in comparison.contestants
        ],
        "baselines": {name: MEANINGS[name] for name in BASELINES if name in summary.intervals},
        "table": numbers_of(comparison),
        "measures": [measure.described() for measure in MEASURES],
        "recipe": settings.protocol.facts(comparison.results),
        "summary": {
            method: {name: asdict(interval) for name, interval in measures.items()}
            for method, measures in summary.intervals.items()
        },
        "perfect_network": {name: asdict(perfect) for name, perfect in summary.perfect.items()},
        "inception": inception_facts(comparison.inception_sha256, summary.images),
        "differences": [asdict(row) for row in summary.comparisons],
        "jitter": [asdict(row) for row in comparison.jitter],
        "left_out": [asdict(failure) for failure in comparison.left_out],
        "failed": [asdict(failure) for failure in comparison.failures],
        "versions": versions(),
    }
