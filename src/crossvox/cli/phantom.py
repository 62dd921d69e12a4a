"""`crossvox phantom`: a BIDS folder of made-up heads to try everything on."""

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
    """Make a BIDS folder of heads that differ in anatomy, imaged by physics.

    The same settings give the same voxels; running it again adds what is missing.

    Args:
        out: Folder to make, or a phantom folder to continue.
        cases: How many people.
        settings: How they are imaged.
    """
    import crossvox

    with crossvox.Bars() as bars:
        crossvox.phantom(out, cases=cases, settings=settings, progress=bars)
    print(f"{out}: {cases} people")
