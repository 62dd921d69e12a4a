"""Slices of one person side by side: source, synthesized, reference and the error between."""

import io
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from crossvox.evaluation.loading import LoadedPair
from crossvox.evaluation.wording import UNITS
from crossvox.preparation.resampling import resample, working_grid
from crossvox.volume import Volume

WINDOW_PERCENTILES = (0.5, 99.0)
ERROR_SHARE = 0.3
MARGIN_MM = 10.0
GAP_MM = 5.0
HEAD_MM = 20.0
BAR_MM = 58.0
BAR_LEFT_MM = 6.0
BAR_WIDTH_MM = 5.0
WIDTH_INCHES = 10.0
DPI = 150
DARK, LIGHT, QUIET = "#000000", "#e8eaed", "#9aa4af"
ERROR_COLOURS = "magma"
WEBP = {"quality": 88, "method": 4}


@dataclass(frozen=True, kw_only=True)
class View:
    """One plane as radiologists look at it: the patient's right on the left, nose to the left.

    Attributes:
        name: Of the plane.
        across: RAS axis that runs through the picture from right to left.
        up: RAS axis that runs upwards.
        letters: At the picture's left and right border.
    """

    name: str
    across: int
    up: int
    letters: tuple[str, str]

    @property
    def through(self) -> int:
        """The axis that the plane cuts."""
        return 3 - self.across - self.up


VIEWS = (
    View(name="axial", across=0, up=1, letters=("R", "L")),
    View(name="coronal", across=0, up=2, letters=("R", "L")),
    View(name="sagittal", across=1, up=2, letters=("A", "P")),
)


@dataclass(frozen=True, kw_only=True)
class _Column:
    title: str
    voxels: NDArray[np.float32]
    low: float
    high: float
    colours: str = "gray"


@dataclass(frozen=True, kw_only=True)
class _Strip:
    """What is drawn and where it is cut; everything on RAS axes."""

    columns: tuple[_Column, ...]
    mask: NDArray[np.bool_]
    spacing_mm: NDArray[np.float64]
    box: tuple[slice, slice, slice]
    centre: tuple[int, int, int]
    unit: str

    @property
    def sizes_mm(self) -> NDArray[np.float64]:
        return np.array([side.stop - side.start for side in self.box]) * self.spacing_mm

    @property
    def column_mm(self) -> float:
        return float(max(self.sizes_mm[0], self.sizes_mm[1])) + GAP_MM

    @property
    def width_mm(self) -> float:
        return len(self.columns) * self.column_mm + BAR_MM

    @property
    def height_mm(self) -> float:
        return HEAD_MM + sum(float(self.sizes_mm[view.up]) + GAP_MM for view in VIEWS)

    def picture(self, voxels: NDArray[np.generic], view: View) -> NDArray[np.generic]:
        """The slice of `view`, rows from top to bottom."""
        cut: list[slice | int] = list(self.box)
        cut[view.through] = self.centre[view.through]
        return voxels[tuple(cut)][::-1, ::-1].T


def draw_strip(loaded: LoadedPair) -> bytes:
    """A WebP picture of axial, coronal and sagittal slices through the centre of the mask.

    Axes are permuted and flipped to the nearest RAS+, never rotated; proportions are those in
    millimetres. Synthesized and reference share one window, the 0.5 to 99 percentile of the
    reference inside the mask; the error's colours end at 30 % of the stated range.
    """
    strip = _strip_of(loaded)
    inches = WIDTH_INCHES / (4 * strip.column_mm + BAR_MM)
    size = (strip.width_mm * inches, strip.height_mm * inches)
    figure = Figure(figsize=size, dpi=DPI, facecolor=DARK)
    for index, column in enumerate(strip.columns):
        _draw_column(figure, strip, column, left=index * strip.column_mm)
    _draw_colour_bar(figure, strip)
    picture = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(picture, format="webp", pil_kwargs=WEBP)
    return picture.getvalue()


def _strip_of(loaded: LoadedPair) -> _Strip:
    mask = _to_ras(loaded.reference, loaded.mask.astype(np.float32)) > 0
    spacing = np.array(working_grid(loaded.reference.grid, spacing_mm=None).spacing_mm)
    margins = np.ceil(MARGIN_MM / spacing).astype(int)
    inside = np.nonzero(mask)
    sides = [
        slice(max(0, int(places.min()) - int(margin)), int(places.max()) + 1 + int(margin))
        for places, margin in zip(inside, margins, strict=True)
    ]
    ends = [min(side.stop, size) for side, size in zip(sides, mask.shape, strict=True)]
    x, y, z = (slice(side.start, end) for side, end in zip(sides, ends, strict=True))
    i, j, k = (round(float(places.mean())) for places in inside)
    return _Strip(
        columns=_columns(loaded),
        mask=mask,
        spacing_mm=spacing,
        box=(x, y, z),
        centre=(i, j, k),
        unit=UNITS.get(loaded.unit, loaded.unit),
    )


def _columns(loaded: LoadedPair) -> tuple[_Column, ...]:
    low, high = _window(loaded.reference, loaded.mask)
    made = _to_ras(loaded.synthesized, loaded.synthesized.voxels)
    real = _to_ras(loaded.reference, loaded.reference.voxels)
    scored = _to_ras(loaded.reference, loaded.mask.astype(np.float32))
    source: tuple[_Column, ...] = ()
    if loaded.source is not None:
        bottom, top = _window(loaded.source, loaded.mask)
        voxels = _to_ras(loaded.source, loaded.source.voxels)
        source = (_Column(title="source", voxels=voxels, low=bottom, high=top),)
    return (
        *source,
        _Column(title="synthesized", voxels=made, low=low, high=high),
        _Column(title="reference", voxels=real, low=low, high=high),
        _Column(
            title="absolute error",
            voxels=np.abs(made - real) * scored,
            low=0.0,
            high=ERROR_SHARE * loaded.data_range,
            colours=ERROR_COLOURS,
        ),
    )


def _window(volume: Volume, mask: NDArray[np.bool_]) -> tuple[float, float]:
    low, high = np.percentile(volume.voxels[mask], WINDOW_PERCENTILES)
    return float(low), float(max(high, np.nextafter(low, np.inf)))


def _to_ras(volume: Volume, voxels: NDArray[np.float32]) -> NDArray[np.float32]:
    grid = working_grid(volume.grid, spacing_mm=None)
    return resample(volume.with_voxels(voxels), grid, outside=0.0).voxels


def _draw_column(figure: Figure, strip: _Strip, column: _Column, *, left: float) -> None:
    middle = left + (strip.column_mm - GAP_MM) / 2
    title = {"color": LIGHT, "fontsize": 10, "ha": "center", "va": "center"}
    figure.text(
        middle / strip.width_mm, 1 - HEAD_MM / 2 / strip.height_mm, column.title, fontdict=title
    )
    top = HEAD_MM
    for view in VIEWS:
        width, height = strip.sizes_mm[view.across], strip.sizes_mm[view.up]
        axes = _place(figure, strip, (middle - width / 2, top, width, height))
        axes.imshow(
            strip.picture(column.voxels, view),
            cmap=column.colours,
            vmin=column.low,
            vmax=column.high,
            aspect="auto",
            interpolation="bilinear",
        )
        axes.set_axis_off()
        _write_letters(axes, view)
        if column.colours == ERROR_COLOURS:
            outline = strip.picture(strip.mask, view)
            axes.contour(outline, levels=[0.5], colors=[QUIET], linewidths=0.5)
        top += height + GAP_MM


def _place(figure: Figure, strip: _Strip, box_mm: tuple[float, float, float, float]) -> Axes:
    """Axes at (left, top, width, height) in millimetres from the upper left corner."""
    left, top, width, height = box_mm
    bottom = strip.height_mm - top - height
    return figure.add_axes(
        (
            left / strip.width_mm,
            bottom / strip.height_mm,
            width / strip.width_mm,
            height / strip.height_mm,
        )
    )


def _write_letters(axes: Axes, view: View) -> None:
    for x, letter, side in ((0.015, view.letters[0], "left"), (0.985, view.letters[1], "right")):
        axes.text(
            x, 0.97, letter, transform=axes.transAxes, color=QUIET, fontsize=8, ha=side, va="top"
        )


def _draw_colour_bar(figure: Figure, strip: _Strip) -> None:
    error = strip.columns[-1]
    height = float(strip.sizes_mm[VIEWS[0].up])
    left = len(strip.columns) * strip.column_mm + BAR_LEFT_MM
    axes = _place(figure, strip, (left, HEAD_MM + height / 6, BAR_WIDTH_MM, height * 2 / 3))
    scale = ScalarMappable(Normalize(error.low, error.high), cmap=error.colours)
    bar = figure.colorbar(scale, cax=axes, extend="max")
    bar.set_label(f"error, {strip.unit}", color=LIGHT, fontsize=8)
    bar.ax.tick_params(colors=LIGHT, labelsize=8, length=2)
    bar.outline.set_visible(False)
