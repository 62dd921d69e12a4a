"""Draw slices of one case side by side: source, synthesized, reference and absolute error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossvox.report.canvas import ERROR_COLORS, QUIET, Box, Scale, Sheet, new_sheet
from crossvox.report.formatting import UNITS
from crossvox.report.slices import VIEWS, Cut, View, cut_through, to_ras, window_of
from crossvox.scoring.loading import LoadedPair

ERROR_SHARE = 0.3  # share of the stated range at which the color scale of errors ends
GAP_MM = 5.0
TITLE_MM = 20.0
BAR_COLUMN_MM = 58.0
BAR_LEFT_MM = 6.0
BAR_WIDTH_MM = 5.0
WIDTH_INCHES = 10.0
MOST_COLUMNS = 4  # of a full-width picture


@dataclass(frozen=True, kw_only=True)
class Column:
    """One volume on RAS axes with its title and color scale."""

    title: str
    voxels: NDArray[np.float32]
    scale: Scale


def draw_strip(loaded: LoadedPair) -> bytes:
    """Draw axial, coronal and sagittal slices through the center of the mask, as WebP.

    Axes are permuted and flipped to the nearest RAS+, never rotated; sizes are proportional to
    millimeters. Synthesized and reference share one window, the 0.5 to 99 percentile of the
    reference inside the mask; the colors of the error end at 30 % of the stated range.
    """
    cut = cut_through(loaded)
    columns = [
        *source_columns(loaded),
        target_column("synthesized", loaded.synthesized.voxels, loaded),
        target_column("reference", loaded.reference.voxels, loaded),
        error_column(loaded.synthesized.voxels, loaded),
    ]
    column_mm = cut.width_mm + GAP_MM
    sheet = new_sheet(
        len(columns) * column_mm + BAR_COLUMN_MM,
        TITLE_MM + sum(float(cut.sizes_mm[view.up]) + GAP_MM for view in VIEWS),
        inches_per_mm=WIDTH_INCHES / (MOST_COLUMNS * column_mm + BAR_COLUMN_MM),
    )
    for index, column in enumerate(columns):
        _draw_column(sheet, cut, column, middle=index * column_mm + cut.width_mm / 2)
    height = float(cut.sizes_mm[VIEWS[0].up])
    left = len(columns) * column_mm + BAR_LEFT_MM
    sheet.draw_bar(
        (left, TITLE_MM + height / 6, BAR_WIDTH_MM, height * 2 / 3),
        scale=columns[-1].scale,
        label=f"error, {UNITS.get(loaded.unit, loaded.unit)}",
        size=8,
    )
    return sheet.picture("webp")


def source_columns(loaded: LoadedPair) -> tuple[Column, ...]:
    """Column of the source in its own window; empty without a source."""
    if loaded.source is None:
        return ()
    low, high = window_of(loaded.source, loaded.mask)
    voxels = to_ras(loaded.source, loaded.source.voxels)
    return (Column(title="source", voxels=voxels, scale=Scale(low=low, high=high)),)


def target_column(title: str, voxels: NDArray[np.float32], loaded: LoadedPair) -> Column:
    """Column of a volume of the target's modality, in the window of the reference."""
    low, high = window_of(loaded.reference, loaded.mask)
    oriented = to_ras(loaded.reference, voxels)
    return Column(title=title, voxels=oriented, scale=Scale(low=low, high=high))


def error_column(voxels: NDArray[np.float32], loaded: LoadedPair) -> Column:
    """Column of the absolute error inside the mask; colors end at 30 % of the stated range."""
    error = np.abs(voxels - loaded.reference.voxels) * loaded.mask
    return Column(
        title="absolute error",
        voxels=to_ras(loaded.reference, error.astype(np.float32)),
        scale=Scale(low=0.0, high=ERROR_SHARE * loaded.data_range, colors=ERROR_COLORS),
    )


def draw_slice(sheet: Sheet, cut: Cut, column: Column, *, view: View, box: Box) -> None:
    """Draw one slice in a box; the mask is outlined on an error."""
    axes = sheet.show(cut.picture(column.voxels, view), box, view=view, scale=column.scale)
    if column.scale.colors == ERROR_COLORS:
        outline = cut.picture(cut.mask, view)
        axes.contour(outline, levels=[0.5], colors=[QUIET], linewidths=0.5)


def _draw_column(sheet: Sheet, cut: Cut, column: Column, *, middle: float) -> None:
    sheet.write(column.title, (middle, TITLE_MM / 2), size=10)
    top = TITLE_MM
    for view in VIEWS:
        width, height = cut.sizes_mm[view.across], cut.sizes_mm[view.up]
        draw_slice(sheet, cut, column, view=view, box=(middle - width / 2, top, width, height))
        top += height + GAP_MM
