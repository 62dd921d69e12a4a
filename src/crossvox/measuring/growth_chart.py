"""Seconds and memory against voxels, drawn."""

import io
from collections.abc import Sequence
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter

INK, QUIET, RULE = "#1f2937", "#6b7280", "#e5e7eb"
ACCENT, PALE = "#1d5fa8", "#9ca3af"
INCHES = (9.4, 3.6)
DOTS_PER_INCH = 150

Form = Literal["svg", "png"]


def draw_growth(
    sides: Sequence[int],
    *,
    seconds: Sequence[float],
    predicted: Sequence[float],
    measured: Sequence[float],
    form: Form,
) -> bytes:
    """Two panels, both logarithmic.

    Args:
        sides: Voxels along each axis of each cube.
        seconds: Of each.
        predicted: GiB before it was synthesized.
        measured: GiB at the height; 0 where no one counted.
        form: Of the drawing.
    """
    voxels = [side**3 for side in sides]
    figure = Figure(figsize=INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    time, memory = figure.subplots(1, 2)
    time.plot(voxels, seconds, color=ACCENT, marker="o", markersize=4, linewidth=1.2)
    _calm(time, sides, title="Seconds a volume")
    memory.plot(
        voxels, predicted, color=PALE, marker="s", markersize=4, linewidth=1.2, label="predicted"
    )
    counted = [(one, found) for one, found in zip(voxels, measured, strict=True) if found > 0]
    memory.plot(
        [one for one, _ in counted],
        [found for _, found in counted],
        color=ACCENT,
        marker="o",
        markersize=4,
        linewidth=1.2,
        label="measured",
    )
    _calm(memory, sides, title="Memory of the whole process, GiB")
    memory.legend(frameon=False, fontsize=8, labelcolor=INK)
    drawing = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "crossvox"}):
        metadata = {"Date": None} if form == "svg" else None
        figure.savefig(drawing, format=form, dpi=DOTS_PER_INCH, metadata=metadata)
    return drawing.getvalue()


def _calm(axes: Axes, sides: Sequence[int], *, title: str) -> None:
    axes.set_title(title, fontsize=9, color=INK, loc="left")
    axes.set_xlabel("voxels", fontsize=8, color=QUIET)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([side**3 for side in sides], [f"{side}³" for side in sides])
    axes.minorticks_off()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.set_axisbelow(True)
    axes.grid(color=RULE, linewidth=0.8)
    axes.tick_params(which="both", colors=QUIET, labelsize=8, length=0)
    for name, spine in axes.spines.items():
        spine.set_visible(name in {"left", "bottom"})
        spine.set_color(RULE)
