"""Benchmark of crossvox's time and memory as functions of the volume's size."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import psutil

from crossvox.acceleration.slabs import Thickness
from crossvox.errors import SettingsError
from crossvox.files import write_atomically
from crossvox.measuring.facts import machine_facts
from crossvox.measuring.growth_chart import draw_growth
from crossvox.measuring.process import VariantProcess, timed
from crossvox.measuring.table import GIB, markdown_facts
from crossvox.progress import QUIET, Progress
from crossvox.synthesis import Synthesizer
from crossvox.variants.ours import generator_of, synthesizer_of
from crossvox.variants.variant import OURS, Setting, Variant, Work, random_volume

SIDES = (64, 96, 128, 192, 256, 384, 512)  # sides of the cubes in voxels
WARM_UP_SIZES = (16, 16, 16)  # voxels
NAME = "growth"  # file name without suffix


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Time and memory of synthesizing one cube.

    Attributes:
        side: Side of the cube in voxels.
        seconds: Time per volume.
        way: How it was synthesized: "whole", "slabs of N" or "windows of X x Y x Z".
        predicted_bytes: Memory of the whole process, predicted before synthesis.
        measured_bytes: Peak memory of the whole process; None if the system does not report it.
    """

    side: int
    seconds: float
    way: str
    predicted_bytes: int
    measured_bytes: int | None

    @property
    def voxels(self) -> int:
        """Number of voxels in the cube."""
        return self.side**3


class Whole:
    """Work of a process that synthesizes one volume.

    Attributes:
        synthesizer: Synthesizer of crossvox.
        sizes: Size of the volume in voxels.
        held_bytes: Resident memory of the process before the volume is allocated.
    """

    def __init__(self, synthesizer: Synthesizer, setting: Setting) -> None:
        self.synthesizer, self.sizes = synthesizer, setting.sizes
        small = random_volume(replace(setting, sizes=WARM_UP_SIZES))
        synthesizer.synthesize(small)  # loads libraries before memory is measured
        self.held_bytes = psutil.Process().memory_info().rss
        self._source = random_volume(setting)

    def __call__(self) -> object:
        """Synthesize the volume."""
        return self.synthesizer.synthesize(self._source)


def whole_cube(setting: Setting) -> Work:
    """Prepare the synthesis of a volume by crossvox, as work that has a plan."""
    return Whole(synthesizer_of(generator_of(setting)), setting)


def plan_of(work: Work) -> tuple[str, int]:
    """Return how a `Whole` will be synthesized and the predicted memory of its process in bytes.

    Raises:
        SettingsError: `work` is not a `Whole`.
    """
    if not isinstance(work, Whole):
        raise SettingsError("only the work of `whole_cube` has a plan")
    slab, window = work.synthesizer.fitting(work.sizes)
    needed = work.synthesizer.memory_bytes(window, slab=slab)
    return _way(slab, window, work.sizes), work.held_bytes + needed


def benchmark_growth(
    out: Path, setting: Setting, *, largest: int, rounds: int, progress: Progress = QUIET
) -> str:
    """Measure cubes of growing size, each in its own process; write growth.md, .csv, .svg and .png.

    Args:
        out: Folder for the results.
        setting: Settings except for the sizes.
        largest: Side of the largest cube in voxels.
        rounds: Number of measured volumes per cube, after a warm-up.
        progress: Receiver of progress.

    Returns:
        Content of growth.md.

    Raises:
        SettingsError: `largest` is smaller than the smallest cube.
        ResourceError: A cube did not fit in memory.
    """
    sides = [side for side in SIDES if side <= largest]
    if not sides:
        raise SettingsError(
            f"the largest cube must have at least {SIDES[0]} voxels per side, got {largest}"
        )
    growths = []
    variant = Variant(name="ours", group=OURS, load=whole_cube, pages="kept")
    for number, side in enumerate(sides, start=1):
        cube = replace(setting, sizes=(side, side, side))
        with VariantProcess(variant, cube) as process:
            growths.append(_measured(process, side, rounds=rounds))
            facts = (("generator", f"width {setting.width}"), *process.ask(machine_facts))
        progress.stage("cubes", number, len(sides))
    page = f"# Time and memory by volume size\n\n{markdown_facts(facts)}\n\n{_table(growths)}\n"
    write_atomically(out / f"{NAME}.md", page.encode())
    write_atomically(out / f"{NAME}.csv", _csv(growths).encode())
    for form in ("svg", "png"):
        drawing = draw_growth(
            sides,
            seconds=[growth.seconds for growth in growths],
            predicted=[growth.predicted_bytes / GIB for growth in growths],
            measured=[(growth.measured_bytes or 0) / GIB for growth in growths],
            form=form,
        )
        write_atomically(out / f"{NAME}.{form}", drawing)
    return page


def _measured(process: VariantProcess, side: int, *, rounds: int) -> Growth:
    way, predicted = process.ask(plan_of)
    measurements = [process.ask(timed) for _ in range(1 + rounds)]
    return Growth(
        side=side,
        seconds=median(measurement.seconds for measurement in measurements[1:]),
        way=way,
        predicted_bytes=predicted,
        measured_bytes=measurements[-1].peak_bytes,
    )


def _way(slab: Thickness, window: tuple[int, int, int], sizes: tuple[int, int, int]) -> str:
    if window != sizes:
        return f"windows of {' x '.join(map(str, window))}"
    return "whole" if slab is None else f"slabs of {slab}"


def _table(growths: Sequence[Growth]) -> str:
    first = growths[0]
    lines = [
        f"| cube | voxels, times {first.side}³ | seconds, times {first.side}³ | seconds | how"
        " | predicted GiB | measured GiB | error |",
        "|---|---:|---:|---:|---|---:|---:|---:|",
    ]
    for growth in growths:
        measured, error = "n/a", "n/a"
        if growth.measured_bytes:
            measured = f"{growth.measured_bytes / GIB:.2f}"
            error = f"{growth.predicted_bytes / growth.measured_bytes - 1:+.0%}"
        lines.append(
            f"| {growth.side}³ | {growth.voxels / first.voxels:,.1f}"
            f" | {growth.seconds / first.seconds:,.1f} | {growth.seconds:#.3g} | {growth.way}"
            f" | {growth.predicted_bytes / GIB:.2f} | {measured} | {error} |"
        )
    return "\n".join(lines)


def _csv(growths: Sequence[Growth]) -> str:
    text = io.StringIO()
    rows = [{"voxels": growth.voxels, **asdict(growth)} for growth in growths]
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
