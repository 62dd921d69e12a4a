"""`crossvox phantom`: a BIDS folder of made-up heads to try everything on."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from crossvox.phantom import PhantomSettings, write_phantom


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
    from crossvox.cli.screen import Screen

    with Screen() as screen:
        write_phantom(
            out,
            cases=cases,
            settings=settings or PhantomSettings(),
            progress=screen,
        )
    print(f"{out}: {cases} people")
