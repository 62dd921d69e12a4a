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
    import crossvox

    try:
        with crossvox.Bars() as bars:
            page = crossvox.benchmark(
                what,
                out,
                against=against,
                rounds=rounds,
                sizes=sizes,
                width=width,
                discriminator_width=discriminator_width,
                threads=threads,
                profile=profile,
                grow=grow,
                largest=largest,
                progress=bars,
            )
    except crossvox.SomeCasesFailedError as error:
        print(error.result)
        raise
    print(page)
