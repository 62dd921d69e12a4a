"""The command `crossvox phantom`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crossvox import PhantomSettings


def phantom(
    out: Path,
    *,
    cases: int = 12,
    settings: Annotated[PhantomSettings | None, Parameter(name="*")] = None,
) -> None:
    """Write a BIDS folder of simulated scans of heads that differ in anatomy.

    The same settings give the same voxels; running the command again adds missing volumes.

    Args:
        out: Folder to create, or a phantom folder to continue.
        cases: Number of people.
        settings: Settings of the simulation.
    """
    import crossvox

    with crossvox.Bars() as bars:
        crossvox.phantom(out, cases=cases, settings=settings, progress=bars)
    print(f"{out}: {cases} people")
