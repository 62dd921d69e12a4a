"""The command `crossvox benchmark`."""

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
    """Measure the time and memory of prediction or training against alternatives.

    Each alternative runs in its own process, and the processes take turns, so that other load on
    the machine affects all of them. Compare the ratios of medians: the absolute seconds apply
    to this machine only.

    Parameters
    ----------
    what
        Work to measure: predict (one volume) or train (one training step).
    out
        Folder for the page, tables and charts; file names begin with the work measured.
    against
        Alternatives to prediction, separated by commas (default: windows,pix2pix,ddpm,eager).
        Also available: openvino (needs crossvox[export]), monai (MONAI networks as usually run;
        needs crossvox[benchmark]) and networks (MONAI networks with crossvox's optimizations;
        needs crossvox[benchmark]).
    rounds
        Turns of each alternative: one warm-up, then at most five runs, until a second has passed.
        With --grow: volumes measured per cube, after one warm-up.
    sizes
        Size in voxels of the volume (default: 240 288 48) or training patch (default: 144 128 48).
    width
        Channels of the generator's first level.
    discriminator_width
        Channels of the discriminator's first level.
    threads
        CPU threads of each process (default: one per physical core).
    profile
        Also show which operations take longest, and the arithmetic throughput as a share of that
        of large convolutions.
    grow
        Measure prediction of cubes of growing size by crossvox alone (time and memory), instead
        of comparing alternatives.
    largest
        Side of the largest cube in voxels, at most 512 (with --grow).
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
