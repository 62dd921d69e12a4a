"""What all pages share: one look, one frame, the same footer."""

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
    """A picture as an address that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _template(name: str, *, package: str) -> str:
    """A file of `package`, or of this one that all pages share."""
    own, shared = (files(each).joinpath(name) for each in (package, PACKAGE))
    return (own if own.is_file() else shared).read_text(encoding="utf-8")
