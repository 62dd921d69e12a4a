"""The machine: measure crossvox on it, and what is installed."""

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
    """Measure seconds and memory here beside the alternatives, in one run.

    An alternative that fails raises `SomeCasesFailedError` once the others are measured; the
    error's `result` is their page.

    Args:
        what: "predict" for one volume, "train" for one step of training.
        out: Folder for the page, the tables and the drawings.
        against: Groups of alternatives to prediction.
        rounds: Turns of each alternative, or volumes of each cube with `grow`.
        sizes: Voxels of the volume or the patch.
        width: Channels of the generator's first level.
        discriminator_width: Channels of the discriminator's first level.
        threads: Threads of each process; one for each physical core if None.
        profile: Show which operations take longest too.
        grow: Measure cubes of growing size by ours alone in place of the table.
        largest: Side of the largest cube in voxels, up to 512.
        progress: Shown progress.

    Returns:
        The page as Markdown.
    """
    from crossvox.errors import SettingsError, SomeCasesFailedError
    from crossvox.measuring.growth import benchmark_growth
    from crossvox.measuring.speed import PREDICT, TRAIN, Options, setting_of
    from crossvox.measuring.speed import benchmark as measure

    folder, kind = path_of(out, name="out"), PREDICT if what == "predict" else TRAIN
    if kind is TRAIN and (grow or against):
        raise SettingsError("--grow and --against belong to crossvox benchmark predict")
    setting = setting_of(
        kind, sizes=sizes, width=width, discriminator_width=discriminator_width, threads=threads
    )
    shown = as_progress(progress)
    if grow:
        return benchmark_growth(folder, setting, largest=largest, rounds=rounds, progress=shown)
    groups = kind.against if against is None else names_in(against)
    options = Options(rounds=rounds, against=groups, profile=profile)
    result = measure(kind, folder, setting, options=options, progress=shown)
    if result.failed:
        reasons = "; ".join(f"{name}: {why}" for name, why in result.failed.items())
        raise SomeCasesFailedError(f"{len(result.failed)} failed: {reasons}", result=result.page)
    return result.page


def doctor() -> str:
    """Versions, devices and memory, and the extras that are missing, as text."""
    from crossvox.journey.doctor import doctor_lines

    return "\n".join(doctor_lines())
