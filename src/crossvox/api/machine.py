"""Public functions about this machine: its speed, and what is installed."""

from __future__ import annotations

from typing import Literal

from crossvox.api.arguments import AnyPath, Names, Shown, Sizes, names_in
from crossvox.files.paths import path_of
from crossvox.progress.protocol import as_progress


def benchmark(
    what: Literal["predict", "train"],
    out: AnyPath,
    *,
    against: Names | None = None,
    rounds: int = 5,
    sizes: Sizes | None = None,
    width: int = 16,
    discriminator_width: int = 64,
    threads: int | None = None,
    profile: bool = False,
    grow: bool = False,
    largest: int = 256,
    progress: Shown = None,
) -> str:
    """Measure the time and memory of prediction or training against alternatives.

    If an alternative fails, `SomeCasesFailedError` is raised once the others are measured; its
    `result` is their page.

    Args:
        what: Work to measure: "predict" (one volume) or "train" (one training step).
        out: Folder for the page, tables and charts.
        against: Groups of alternatives to prediction; see `crossvox benchmark --help`.
        rounds: Turns of each alternative, or volumes measured per cube with `grow`.
        sizes: Size of the volume or training patch in voxels.
        width: Channels of the generator's first level.
        discriminator_width: Channels of the discriminator's first level.
        threads: CPU threads of each process; one per physical core if None.
        profile: Also show which operations take longest.
        grow: Measure cubes of growing size by crossvox alone instead of comparing alternatives.
        largest: Side of the largest cube in voxels, at most 512 (with `grow`).
        progress: Receiver of progress; none is shown if None.

    Returns:
        Page of results in Markdown.
    """
    from crossvox.errors import SettingsError, SomeCasesFailedError
    from crossvox.measuring.growth import benchmark_growth
    from crossvox.measuring.speed import PREDICT, TRAIN, Options, setting_of
    from crossvox.measuring.speed import benchmark as measure

    folder, kind = path_of(out, name="out"), PREDICT if what == "predict" else TRAIN
    if kind is TRAIN and (grow or against):
        raise SettingsError(
            "--grow and --against do not apply to training; use crossvox benchmark predict"
        )
    setting = setting_of(
        kind, sizes=sizes, width=width, discriminator_width=discriminator_width, threads=threads
    )
    receiver = as_progress(progress)
    if grow:
        return benchmark_growth(folder, setting, largest=largest, rounds=rounds, progress=receiver)
    groups = kind.against if against is None else names_in(against)
    options = Options(rounds=rounds, against=groups, profile=profile)
    result = measure(kind, folder, setting, options=options, progress=receiver)
    if result.failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in result.failed.items())
        raise SomeCasesFailedError(f"{len(result.failed)} failed: {reasons}", result=result.page)
    return result.page


def doctor() -> str:
    """Versions, devices, memory and missing optional packages, as text."""
    from crossvox.journey.doctor import doctor_lines

    return "\n".join(doctor_lines())
