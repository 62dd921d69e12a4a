"""Chart of time and memory against the number of voxels."""

import io
from collections.abc import Sequence
from typing import Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter

INK, QUIET, RULE = "#1f2937", "#6b7280", "#e5e7eb"  # titles, labels, grid
ACCENT, PALE = "#1d5fa8", "#9ca3af"  # measured, predicted
INCHES = (9.4, 3.6)  # width and height of the figure
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
    """Draw time and memory in two panels with logarithmic axes.

    Args:
        sides: Side of each cube in voxels.
        seconds: Time per volume for each cube.
        predicted: Predicted memory for each cube in GiB.
        measured: Peak memory for each cube in GiB; 0 if it was not measured.
        form: File format.
    """
    voxels = [side**3 for side in sides]
    figure = Figure(figsize=INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    time, memory = figure.subplots(1, 2)
    time.plot(voxels, seconds, color=ACCENT, marker="o", markersize=4, linewidth=1.2)
    _style(time, sides, title="Seconds per volume")
    memory.plot(
        voxels, predicted, color=PALE, marker="s", markersize=4, linewidth=1.2, label="predicted"
    )
    points = [(count, gib) for count, gib in zip(voxels, measured, strict=True) if gib > 0]
    memory.plot(
        [count for count, _ in points],
        [gib for _, gib in points],
        color=ACCENT,
        marker="o",
        markersize=4,
        linewidth=1.2,
        label="measured",
    )
    _style(memory, sides, title="Memory of the whole process, GiB")
    memory.legend(frameon=False, fontsize=8, labelcolor=INK)
    drawing = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "crossvox"}):
        metadata = {"Date": None} if form == "svg" else None
        figure.savefig(drawing, format=form, dpi=DOTS_PER_INCH, metadata=metadata)
    return drawing.getvalue()


def _style(axes: Axes, sides: Sequence[int], *, title: str) -> None:
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
