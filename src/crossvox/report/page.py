"""What all pages share: one look, one frame, the paper's numbers."""

import base64
import datetime
from collections.abc import Mapping
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from crossvox.report.formatting import measure_unit
from crossvox.report.protocol import versions
from crossvox.scoring.measures import MEASURES
from crossvox.version import __version__

PACKAGE = "crossvox.report"
PAPER = (
    ("DDPM", ".8679", "47.51", "88.77", "181.81"),
    ("Pix2Pix", ".9359", "15.68", "33.13", "76.83"),
    ("the paper's 3D GAN", ".9413", "16.11", "32.59", "75.56"),
)


def render(
    template: str, context: Mapping[str, object], *, unit: str, package: str = PACKAGE
) -> str:
    """A page as text: no scripts, nothing from elsewhere, every value escaped.

    Args:
        template: Name of its file; it extends page.html, which lies beside this one.
        context: What only this page says.
        unit: The target's, in words.
        package: Where the file lies.
    """
    # Names of people and files come from outside: escaping is for every template.
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_template),
    )
    shared = {
        "version": __version__,
        "date": datetime.datetime.now(datetime.UTC).strftime("%d %B %Y, %H:%M UTC"),
        "measures": [(measure, measure_unit(measure, unit)) for measure in MEASURES],
        "paper": PAPER,
        "versions": versions(),
        "unit": unit,
    }
    text = _template(template, package=package)
    return environment.from_string(text).render({**shared, **context})


def inline(picture: bytes, kind: str) -> str:
    """A picture as an address that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _template(name: str, *, package: str = PACKAGE) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")
