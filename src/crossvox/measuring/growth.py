"""How seconds and memory of ours grow with the volume."""

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

SIDES = (64, 96, 128, 192, 256, 384, 512)  # of cubes, voxels
FIRST = (16, 16, 16)
NAME = "growth"


@dataclass(frozen=True, kw_only=True)
class Growth:
    """One cube.

    Attributes:
        side: Its voxels along each axis.
        seconds: Of one volume.
        way: "whole", "slabs of N" or "windows of X x Y x Z".
        predicted_bytes: Of the whole process, before anything is synthesized.
        measured_bytes: Of the whole process, at its height; None where no one counts them.
    """

    side: int
    seconds: float
    way: str
    predicted_bytes: int
    measured_bytes: int | None

    @property
    def voxels(self) -> int:
        """Of the cube."""
        return self.side**3


class Whole:
    """A volume and what synthesizes it; the work of a process.

    Attributes:
        synthesizer: Ours.
        sizes: Of the volume.
        held_bytes: What the process held before the volume was there.
    """

    def __init__(self, synthesizer: Synthesizer, setting: Setting) -> None:
        self.synthesizer, self.sizes = synthesizer, setting.sizes
        synthesizer.synthesize(random_volume(replace(setting, sizes=FIRST)))  # loads the rest
        self.held_bytes = psutil.Process().memory_info().rss
        self._source = random_volume(setting)

    def __call__(self) -> object:
        """The volume synthesized."""
        return self.synthesizer.synthesize(self._source)


def whole_cube(setting: Setting) -> Work:
    """Ours, whose plan can be asked for."""
    return Whole(synthesizer_of(generator_of(setting)), setting)


def plan_of(work: Work) -> tuple[str, int]:
    """How a `Whole` will be synthesized, and the bytes that its process will come to hold.

    Raises:
        SettingsError: It is other work.
    """
    if not isinstance(work, Whole):
        raise SettingsError("only whole cubes have a plan")
    slab, window = work.synthesizer.fitting(work.sizes)
    needed = work.synthesizer.memory_bytes(window, slab=slab)
    return _way(slab, window, work.sizes), work.held_bytes + needed


def benchmark_growth(
    out: Path, setting: Setting, *, largest: int, rounds: int, progress: Progress = QUIET
) -> str:
    """Cubes one after the other, each in a process of its own: growth.md, .csv, .svg and .png.

    Args:
        out: Folder that is written.
        setting: All but the sizes.
        largest: Side of the largest cube.
        rounds: Volumes of each cube that count, after one that warms up.
        progress: Told what is done.

    Returns:
        What was written as Markdown.

    Raises:
        SettingsError: No cube is that small.
        ResourceError: A cube did not fit in memory.
    """
    sides = [side for side in SIDES if side <= largest]
    if not sides:
        raise SettingsError(f"the smallest cube has {SIDES[0]} voxels a side, got {largest}")
    found = []
    variant = Variant(name="ours", group=OURS, load=whole_cube, pages="kept")
    for number, side in enumerate(sides, start=1):
        cube = replace(setting, sizes=(side, side, side))
        with VariantProcess(variant, cube) as process:
            found.append(_measured(process, side, rounds=rounds))
            facts = (("generator", f"width {setting.width}"), *process.ask(machine_facts))
        progress.stage("cubes", number, len(sides))
    page = f"# How ours grows with the volume\n\n{markdown_facts(facts)}\n\n{_table(found)}\n"
    write_atomically(out / f"{NAME}.md", page.encode())
    write_atomically(out / f"{NAME}.csv", _csv(found).encode())
    for form in ("svg", "png"):
        drawing = draw_growth(
            sides,
            seconds=[one.seconds for one in found],
            predicted=[one.predicted_bytes / GIB for one in found],
            measured=[(one.measured_bytes or 0) / GIB for one in found],
            form=form,
        )
        write_atomically(out / f"{NAME}.{form}", drawing)
    return page


def _measured(process: VariantProcess, side: int, *, rounds: int) -> Growth:
    way, predicted = process.ask(plan_of)
    measurements = [process.ask(timed) for _ in range(1 + rounds)]
    return Growth(
        side=side,
        seconds=median(one.seconds for one in measurements[1:]),
        way=way,
        predicted_bytes=predicted,
        measured_bytes=measurements[-1].peak_bytes,
    )


def _way(slab: Thickness, window: tuple[int, int, int], sizes: tuple[int, int, int]) -> str:
    if window != sizes:
        return f"windows of {' x '.join(map(str, window))}"
    return "whole" if slab is None else f"slabs of {slab}"


def _table(found: Sequence[Growth]) -> str:
    first = found[0]
    lines = [
        f"| cube | voxels, times {first.side}³ | seconds, times {first.side}³ | seconds | how"
        " | predicted GiB | measured GiB | error |",
        "|---|---:|---:|---:|---|---:|---:|---:|",
    ]
    for one in found:
        measured, error = "n/a", "n/a"
        if one.measured_bytes:
            measured = f"{one.measured_bytes / GIB:.2f}"
            error = f"{one.predicted_bytes / one.measured_bytes - 1:+.0%}"
        lines.append(
            f"| {one.side}³ | {one.voxels / first.voxels:,.1f} | {one.seconds / first.seconds:,.1f}"
            f" | {one.seconds:#.3g} | {one.way} | {one.predicted_bytes / GIB:.2f} | {measured}"
            f" | {error} |"
        )
    return "\n".join(lines)


def _csv(found: Sequence[Growth]) -> str:
    text = io.StringIO()
    rows = [{"voxels": one.voxels, **asdict(one)} for one in found]
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
