"""A dark figure for slices of volumes, laid out in patient millimeters."""

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from crossvox.report.slices import View

DPI = 150
DARK, LIGHT, QUIET = "#000000", "#e8eaed", "#9aa4af"
GRAY, ERROR_COLORS = "gray", "magma"
WEBP: dict[str, object] = {"quality": 88, "method": 4}
PNG: dict[str, object] = {"optimize": True}

Box = tuple[float, float, float, float]  # left, top, width, height in millimeters


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Mapping from intensities to colors."""

    low: float
    high: float
    colors: str = GRAY


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Figure with positions in millimeters from its upper left corner."""

    figure: Figure
    width_mm: float
    height_mm: float

    def place(self, box: Box) -> Axes:
        """Add axes that fill a box."""
        left, top, width, height = box
        bottom = self.height_mm - top - height
        return self.figure.add_axes(
            (
                left / self.width_mm,
                bottom / self.height_mm,
                width / self.width_mm,
                height / self.height_mm,
            )
        )

    def write(
        self,
        text: str,
        at: tuple[float, float],
        *,
        size: float,
        color: str = LIGHT,
        across: Literal["left", "center", "right"] = "center",
        turned: float = 0.0,
    ) -> None:
        """Write text centered at a position in mm, rotated by `turned` degrees."""
        self.figure.text(
            at[0] / self.width_mm,
            1 - at[1] / self.height_mm,
            text,
            rotation=turned,
            color=color,
            fontsize=size,
            ha=across,
            va="center",
        )

    def show(self, picture: NDArray[np.generic], box: Box, *, view: View, scale: Scale) -> Axes:
        """Draw a slice in a box, with the letters of the patient's sides."""
        axes = self.place(box)
        axes.imshow(
            picture,
            cmap=scale.colors,
            vmin=scale.low,
            vmax=scale.high,
            aspect="auto",
            interpolation="bilinear",
        )
        axes.set_axis_off()
        for x, letter, side in (
            (0.015, view.letters[0], "left"),
            (0.985, view.letters[1], "right"),
        ):
            place = axes.transAxes
            axes.text(x, 0.97, letter, transform=place, color=QUIET, fontsize=8, ha=side, va="top")
        return axes

    def draw_bar(self, box: Box, *, scale: Scale, label: str, size: float) -> None:
        """Draw the color bar of an error, horizontal or vertical to fit its box."""
        mappable = ScalarMappable(Normalize(scale.low, scale.high), cmap=scale.colors)
        horizontal = box[2] > box[3]
        bar = self.figure.colorbar(
            mappable,
            cax=self.place(box),
            extend="max",
            orientation="horizontal" if horizontal else "vertical",
        )
        bar.ax.locator_params(nbins=4 if horizontal else 6)
        bar.set_label(label, color=LIGHT, fontsize=size)
        bar.ax.tick_params(colors=LIGHT, labelsize=size, length=2)
        bar.outline.set_visible(False)

    def picture(self, kind: Literal["webp", "png"]) -> bytes:
        """Encode the sheet as an image."""
        buffer = io.BytesIO()
        FigureCanvasAgg(self.figure)
        options = WEBP if kind == "webp" else PNG
        self.figure.savefig(buffer, format=kind, pil_kwargs=options)
        return buffer.getvalue()


def new_sheet(width_mm: float, height_mm: float, *, inches_per_mm: float) -> Sheet:
    """Create an empty sheet."""
    size = (width_mm * inches_per_mm, height_mm * inches_per_mm)
    figure = Figure(figsize=size, dpi=DPI, facecolor=DARK)
    return Sheet(figure=figure, width_mm=width_mm, height_mm=height_mm)
