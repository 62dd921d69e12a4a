"""SVG charts of scores, slice curves and training progress."""

import io
import math
from collections.abc import Collection, Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

from crossvox.scoring.measure import Measure
from crossvox.scoring.measures import COMPARED
from crossvox.scoring.results import SYNTHESIZED, CaseResult, Summary
from crossvox.scoring.statistics import Interval
from crossvox.scoring.summary import per_subject
from crossvox.scoring.training_run import STEP

INK, QUIET, RULE = "#1f2937", "#6b7280", "#e5e7eb"
ACCENT, PALE = "#1d5fa8", "#9ca3af"
CHART_INCHES = 9.4
TRAINING_PANELS_PER_ROW = 3
SLICE_PANELS_PER_ROW = 4
MOST_POINTS_WITH_MARKERS = 25
SHOWN_PERCENTILE = 98  # of the slices' deviations, which sets the y limits
Y_MARGIN_FACTOR = 1.15
TIMING = "seconds"  # in the names of columns that are not drawn
INTERVAL_OFFSET = 0.22  # rows below the dots
MATPLOTLIB_FONT = "'DejaVu Sans', "
SYSTEM_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, "


def draw_scores(
    results: Sequence[CaseResult],
    summary: Summary,
    *,
    unit: str,
    ours: Collection[str] = (SYNTHESIZED,),
) -> bytes:
    """Draw every subject's value, the mean and the interval of each compared measure, by method.

    Args:
        results: Scored cases.
        summary: Summary over their subjects.
        unit: Unit of the target, in words.
        ours: Names of methods in color; the others are baselines.
    """
    methods = list(summary.intervals)
    figure = Figure(figsize=(CHART_INCHES, 0.8 + 0.4 * len(methods)), layout="constrained")
    panels = figure.subplots(1, len(COMPARED), sharey=True, squeeze=False)[0]
    for axes, measure in zip(panels, COMPARED, strict=True):
        for row, method in enumerate(methods):
            values = per_subject(results, method, measure.name).values()
            finite = [value for value in values if math.isfinite(value)]
            color = ACCENT if method in ours else PALE
            axes.scatter(finite, [row] * len(finite), s=16, color=color, alpha=0.55, linewidths=0)
            _draw_interval(axes, row, summary.intervals[method][measure.name])
        _style_axes(axes, title=_titled(measure, unit))
        axes.grid(axis="x", color=RULE, linewidth=0.8)
        axes.margins(x=0.12)
        axes.locator_params(axis="x", nbins=4)
    panels[0].set_yticks(range(len(methods)), methods)
    panels[0].set_ylim(len(methods) - 0.5, -0.5)
    return _svg(figure)


def draw_slice_curves(
    results: Sequence[CaseResult],
    *,
    unit: str,
    methods: Sequence[str] | None = None,
    ours: Collection[str] = (SYNTHESIZED,),
) -> bytes:
    """Draw each slice's mean error minus that of its case, one panel per method.

    Args:
        results: Scored cases.
        unit: Unit of the target, in words.
        methods: Methods in the order of the panels; default is every method and baseline.
        ours: Names of methods in color; the others are baselines.
    """
    available = dict.fromkeys(name for result in results for name in result.slice_curves)
    shown = [name for name in methods or available if name in available]
    rows = math.ceil(len(shown) / SLICE_PANELS_PER_ROW)
    figure = Figure(figsize=(CHART_INCHES, 2.5 * rows), layout="constrained")
    columns = min(len(shown), SLICE_PANELS_PER_ROW)
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    deviations: list[NDArray[np.float64]] = []
    for axes, method in zip(panels, shown, strict=False):
        for result in results:
            if method in result.slice_curves:
                curve = result.slice_curves[method] - np.nanmean(result.slice_curves[method])
                deviations.append(np.abs(curve[np.isfinite(curve)]))
                color = ACCENT if method in ours else PALE
                positions = result.facts.slice_positions_mm
                axes.plot(positions, curve, color=color, linewidth=1, alpha=0.75)
        axes.axhline(0, color=INK, linewidth=0.6)
        axes.grid(axis="y", color=RULE, linewidth=0.8)
        axes.set_xlabel("through-plane position, mm", color=QUIET, fontsize=8)
        _style_axes(axes, title=method)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    limit = float(np.percentile(np.concatenate(deviations), SHOWN_PERCENTILE)) or 1.0
    panels[0].set_ylim(-Y_MARGIN_FACTOR * limit, Y_MARGIN_FACTOR * limit)
    for axes in panels[::columns]:
        axes.set_ylabel(unit, color=QUIET, fontsize=8)
    return _svg(figure)


def draw_training(columns: Mapping[str, Sequence[float]]) -> bytes | None:
    """Draw each column of a run's progress over its steps; None without columns to draw."""
    drawn = {
        name: values for name, values in columns.items() if name != STEP and TIMING not in name
    }
    if not drawn:
        return None
    steps = columns.get(STEP, tuple(range(len(next(iter(drawn.values()))))))
    rows = math.ceil(len(drawn) / TRAINING_PANELS_PER_ROW)
    figure = Figure(figsize=(CHART_INCHES, 1.9 * rows), layout="constrained")
    panels = figure.subplots(rows, TRAINING_PANELS_PER_ROW, squeeze=False).ravel()
    for axes in panels[len(drawn) :]:
        axes.set_visible(False)
    for axes, (name, values) in zip(panels, drawn.items(), strict=False):
        finite = np.isfinite(values)
        marker = "o" if finite.sum() <= MOST_POINTS_WITH_MARKERS else ""
        x, y = np.array(steps)[finite], np.array(values)[finite]
        axes.plot(x, y, color=ACCENT, linewidth=1.1, marker=marker, markersize=3)
        axes.grid(axis="y", color=RULE, linewidth=0.8)
        axes.locator_params(nbins=5)
        _style_axes(axes, title=name.replace("_", " "))
    return _svg(figure)


def _draw_interval(axes: Axes, row: int, interval: Interval) -> None:
    if math.isfinite(interval.low):
        axes.plot(
            [interval.low, interval.high], [row + INTERVAL_OFFSET] * 2, color=INK, linewidth=1.1
        )
    if math.isfinite(interval.mean):
        axes.plot([interval.mean], [row + INTERVAL_OFFSET], marker="D", markersize=3.5, color=INK)


def _style_axes(axes: Axes, *, title: str) -> None:
    """Set the title, hide the frame except for two axes and mute the ticks."""
    axes.set_title(title, fontsize=9, color=INK, loc="left")
    axes.set_axisbelow(True)
    axes.tick_params(colors=QUIET, labelsize=8, length=0)
    for name, spine in axes.spines.items():
        spine.set_visible(name in {"left", "bottom"})
        spine.set_color(RULE)


def _titled(measure: Measure, unit: str) -> str:
    shown = measure.unit.replace("target", unit)
    arrow = {"higher": "↑", "lower": "↓"}.get(measure.better, "")
    return f"{measure.title} {arrow}" + (f"\n{shown}" if shown else "\n")


def _svg(figure: Figure) -> bytes:
    drawing = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "crossvox"}):
        FigureCanvasSVG(figure)
        figure.savefig(drawing, format="svg", metadata={"Date": None})
    text = drawing.getvalue().decode()
    return text.replace(MATPLOTLIB_FONT, SYSTEM_FONTS).encode()
