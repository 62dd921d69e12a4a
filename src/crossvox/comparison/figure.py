"""Draw slices of any number of methods side by side, with their errors below."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from crossvox.comparison.contest import Comparison
from crossvox.report.canvas import QUIET, Sheet, new_sheet
from crossvox.report.figures import (
    GAP_MM,
    Column,
    draw_slice,
    error_column,
    source_columns,
    target_column,
)
from crossvox.report.formatting import UNITS, number
from crossvox.report.slices import VIEWS, Cut, View, cut_through
from crossvox.scoring.loading import LoadedCase, load_case
from crossvox.scoring.measures import MEASURE
from crossvox.scoring.results import CaseResult
from crossvox.scoring.scores import Scores

COLUMN_GAP_MM = 4.0
BAR_HEIGHT_MM = 7.0
# Text has a fixed size on paper, so its space is in inches.
INCHES_PER_COLUMN = 2.0
LEFT_INCHES, HEADING_INCHES, TITLES_INCHES, FOOT_INCHES = 0.3, 0.5, 0.62, 0.2
LARGE, MEDIUM, SMALL = 15, 13, 11  # font sizes in points
MOST_TITLE_LETTERS = 18
SSIM_DIGITS = MEASURE["ssim"].digits + 1


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A case of the figure with the reason why it is shown."""

    why: str
    result: CaseResult


@dataclass(frozen=True, kw_only=True)
class _Track:
    """A column of one case: a volume and, for a method, its error."""

    volume: Column
    error: Column | None
    below: str


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Heading, slices and columns of one case."""

    heading: str
    cut: Cut
    tracks: tuple[_Track, ...]
    unit: str


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Positions on the sheet in millimeters.

    Attributes:
        step: Distance between columns in mm.
        columns: Number of columns.
    """

    step: float
    columns: int

    @property
    def inches_per_mm(self) -> float:
        return INCHES_PER_COLUMN / self.step

    @property
    def left(self) -> float:
        return LEFT_INCHES / self.inches_per_mm

    @property
    def heading(self) -> float:
        return HEADING_INCHES / self.inches_per_mm

    @property
    def titles(self) -> float:
        return TITLES_INCHES / self.inches_per_mm

    def height(self, block: _Block) -> float:
        sizes = block.cut.sizes_mm
        rows = sum(2 * float(sizes[view.up]) + COLUMN_GAP_MM + GAP_MM for view in VIEWS)
        return self.heading + self.titles + rows + FOOT_INCHES / self.inches_per_mm

    def middle(self, column: int) -> float:
        return self.left + (column + 0.5) * self.step


def chosen_cases(results: Sequence[CaseResult], *, first: str, shown: int) -> list[Shown]:
    """Choose the median, worst and best case by SSIM of the method `first`, without repeats."""
    ranked = sorted(results, key=lambda result: (result.scores[first]["ssim"], result.pair.name))
    last = len(ranked) - 1
    positions = {"median": last // 2, "worst": 0, "best": last}
    if last < len(positions) - 1:
        positions = {"worst": 0, "best": last} if last else {"only case": 0}
    return [Shown(why=why, result=ranked[position]) for why, position in positions.items()][:shown]


def draw_comparison(
    comparison: Comparison, cases: Sequence[Shown], *, data_range: float | None
) -> Sheet:
    """Draw a sheet with a block for each case.

    Columns are the source, every contestant with its SSIM and the reference. Rows are slices of
    three planes, each with the absolute error below. All columns of the target share one window,
    and all errors of a case share one scale.
    """
    blocks = [_block(comparison, case, data_range=data_range) for case in cases]
    layout = _Layout(
        step=max(block.cut.width_mm for block in blocks) + COLUMN_GAP_MM,
        columns=max(len(block.tracks) for block in blocks),
    )
    sheet = new_sheet(
        layout.left + layout.columns * layout.step,
        sum(layout.height(block) for block in blocks),
        inches_per_mm=layout.inches_per_mm,
    )
    top = 0.0
    for block in blocks:
        _draw_block(sheet, block, layout, top=top)
        top += layout.height(block)
    return sheet


def _block(comparison: Comparison, case: Shown, *, data_range: float | None) -> _Block:
    name, scores = case.result.pair.name, case.result.scores
    pairs = [
        next(pair for pair in contestant.pairs if pair.name == name)
        for contestant in comparison.contestants
    ]
    loaded_case = load_case(pairs, data_range=data_range)
    first = comparison.names[0]
    return _Block(
        heading=f"{name}: {case.why} by SSIM of {first}",
        cut=cut_through(loaded_case.loaded),
        tracks=tuple(_tracks(loaded_case, comparison.names, scores)),
        unit=UNITS.get(loaded_case.loaded.unit, loaded_case.loaded.unit),
    )


def _tracks(
    loaded_case: LoadedCase, names: Sequence[str], scores: Mapping[str, Scores]
) -> Iterator[_Track]:
    loaded = loaded_case.loaded
    for source in source_columns(loaded):
        yield _Track(volume=source, error=None, below="")
    for name, voxels in zip(names, loaded_case.volumes, strict=True):
        yield _Track(
            volume=target_column(name, voxels, loaded),
            error=error_column(voxels, loaded),
            below=f"SSIM {number(scores[name]['ssim'], SSIM_DIGITS)}",
        )
    reference = target_column("reference", loaded.reference.voxels, loaded)
    yield _Track(volume=reference, error=None, below="")


def _draw_block(sheet: Sheet, block: _Block, layout: _Layout, *, top: float) -> None:
    place = (layout.left, top + layout.heading * 0.6)
    sheet.write(block.heading, place, size=LARGE, across="left")
    row = top + layout.heading
    for index, track in enumerate(block.tracks):
        _write_titles(sheet, track, (layout.middle(index), row), height=layout.titles)
    row += layout.titles
    _draw_bar(sheet, block, middle=layout.middle(len(block.tracks) - 1), top=row)
    for view in VIEWS:
        height = float(block.cut.sizes_mm[view.up])
        for words, center in ((view.name, row), ("error", row + height + COLUMN_GAP_MM)):
            place = (layout.left / 2, center + height / 2)
            sheet.write(words, place, size=SMALL, color=QUIET, turned=90)
        for index, track in enumerate(block.tracks):
            _draw_track(sheet, block.cut, track, view, at=(layout.middle(index), row))
        row += 2 * height + COLUMN_GAP_MM + GAP_MM


def _write_titles(sheet: Sheet, track: _Track, at: tuple[float, float], *, height: float) -> None:
    title = _shortened(track.volume.title)
    sheet.write(title, (at[0], at[1] + height * 0.28), size=MEDIUM)
    sheet.write(track.below, (at[0], at[1] + height * 0.68), size=SMALL, color=QUIET)


def _shortened(title: str) -> str:
    """Shorten a title in its middle, because names of runs differ at their ends."""
    if len(title) <= MOST_TITLE_LETTERS:
        return title
    letters = (MOST_TITLE_LETTERS - 1) // 2
    return f"{title[:letters]}…{title[-letters:]}"


def _draw_track(
    sheet: Sheet, cut: Cut, track: _Track, view: View, *, at: tuple[float, float]
) -> None:
    width, height = float(cut.sizes_mm[view.across]), float(cut.sizes_mm[view.up])
    left, top = at[0] - width / 2, at[1]
    draw_slice(sheet, cut, track.volume, view=view, box=(left, top, width, height))
    if track.error is not None:
        below = (left, top + height + COLUMN_GAP_MM, width, height)
        draw_slice(sheet, cut, track.error, view=view, box=below)


def _draw_bar(sheet: Sheet, block: _Block, *, middle: float, top: float) -> None:
    """Draw the color bar below the first slice of the reference, which has no error."""
    scale = next(track.error.scale for track in block.tracks if track.error is not None)
    height, width = float(block.cut.sizes_mm[VIEWS[0].up]), block.cut.width_mm * 0.8
    place = top + height + COLUMN_GAP_MM + height / 3
    label = f"absolute error,\n{block.unit}"
    sheet.draw_bar(
        (middle - width / 2, place, width, BAR_HEIGHT_MM), scale=scale, label=label, size=SMALL
    )
