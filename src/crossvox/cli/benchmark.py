"""crossvox benchmark."""

from pathlib import Path
from typing import Literal

Sizes = tuple[int, int, int]


def benchmark(
    what: Literal["predict", "train"],
    out: Path,
    /,
    *,
    against: str | None = None,
    rounds: int = 5,
    sizes: Sizes | None = None,
    width: int = 16,
    discriminator_width: int = 64,
    threads: int | None = None,
    profile: bool = False,
    grow: bool = False,
    largest: int = 256,
) -> None:
    """Measure seconds and memory here, beside the alternatives, in one run.

    Every way to do the work has a process of its own and is asked in turn, so that what disturbs
    the machine disturbs them all; ratios of medians count, seconds belong to this machine.

    Parameters
    ----------
    what
        predict: one volume. train: one step of training.
    out
        Folder for a page, tables and drawings; their names begin with what was measured.
    against
        Of predict, separated by commas: windows, pix2pix, ddpm, eager, openvino (which needs
        crossvox[export]), monai (its networks as people run them) and networks (treated as
        ours), which need crossvox[benchmark]. The first four unless given.
    rounds
        How often each has its turn: a work that warms up, then works for a second. With --grow
        the volumes of each cube that count, after one that warms up.
    sizes
        Voxels of the volume, 240 288 48 unless given, or of the patch, 144 128 48.
    width
        Channels of the generator's first level.
    discriminator_width
        Channels of the discriminator's first level.
    threads
        Of each process; one for each physical core unless given.
    profile
        Show too which operations take longest, and what is reached of the arithmetic of large
        convolutions.
    grow
        Of predict: cubes of growing size by ours alone, seconds and memory, in place of the table.
    largest
        Side of the largest cube, up to 512.
    """
    from crossvox.benchmark.growth import benchmark_growth
    from crossvox.benchmark.speed import PREDICT, TRAIN, Options, setting_of
    from crossvox.benchmark.speed import benchmark as measure
    from crossvox.cli.screen import Screen
    from crossvox.errors import SettingsError, SomeCasesFailedError

    kind = PREDICT if what == "predict" else TRAIN
    if kind is TRAIN and (grow or against):
        raise SettingsError("--grow and --against belong to crossvox benchmark predict")
    setting = setting_of(
        kind, sizes=sizes, width=width, discriminator_width=discriminator_width, threads=threads
    )
    groups = kind.against if against is None else tuple(filter(None, against.split(",")))
    options = Options(rounds=rounds, against=groups, profile=profile)
    with Screen() as screen:
        if grow:
            page = benchmark_growth(out, setting, largest=largest, rounds=rounds, progress=screen)
            failed = {}
        else:
            result = measure(kind, out, setting, options=options, progress=screen)
            page, failed = result.page, result.failed
    print(page)
    if failed:
        reasons = "; ".join(f"{name}: {why}" for name, why in failed.items())
        raise SomeCasesFailedError(f"{len(failed)} failed: {reasons}")
