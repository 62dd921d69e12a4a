"""Render HTML pages from the template with the style and footer that all pages share."""

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


def render(
    template: str, context: Mapping[str, object], *, unit: str, package: str = PACKAGE
) -> str:
    """Render a page as HTML without scripts or external resources, with every value escaped.

    Args:
        template: File name of the template, which extends page.html of `crossvox.report`.
        context: Variables of this page.
        unit: Unit of the target, in words.
        package: Package with the template.
    """
    # Names of people and files are user input, so every value is escaped.
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(lambda name: _template(name, package=package)),
    )
    shared = {
        "version": __version__,
        "date": datetime.datetime.now(datetime.UTC).strftime("%d %B %Y, %H:%M UTC"),
        "measures": [(measure, measure_unit(measure, unit)) for measure in MEASURES],
        "versions": versions(),
        "unit": unit,
    }
    text = _template(template, package=package)
    return environment.from_string(text).render({**shared, **context})


def inline(picture: bytes, kind: str) -> str:
    """Encode a picture as a data URL."""
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _template(name: str, *, package: str) -> str:
    """Text of a template in `package`, or else in `crossvox.report`."""
    own, shared = (files(origin).joinpath(name) for origin in (package, PACKAGE))
    return (own if own.is_file() else shared).read_text(encoding="utf-8")
