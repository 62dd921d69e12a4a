"""Write the reference pages that follow from the code: python scripts/reference.py [--check].

Settings come from the dataclasses, commands from their --help, measures from their entries. A
test checks that the pages match what this script writes.
"""

import dataclasses
import io
import re
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from rich.console import Console

from crossvox.cli.app import COMMANDS, app
from crossvox.scoring.measures import MEASURES
from crossvox.synthesis.catalogue import method_names
from crossvox.training.experiment import CohortSettings, PreparationSettings, TrainingSettings

PAGES = Path(__file__).resolve().parents[1] / "docs/reference"
SECTIONS: Mapping[str, type] = {
    "cohort": CohortSettings,
    "preparation": PreparationSettings,
    "training": TrainingSettings,
}
WIDTH = 88
BEGIN, END = "<!-- measures: scripts/reference.py -->", "<!-- end of measures -->"
ATTRIBUTE = re.compile(
    r"^        (\w+): (.*?)(?=^        \w+: |^    \w+:|\Z)", re.MULTILINE | re.DOTALL
)


def settings_page() -> str:
    """Every setting of an experiment: name, default, values and meaning."""
    parts = [
        "# Settings",
        "",
        "An experiment is one TOML file with the sections below; `crossvox train DATA RUN"
        " --experiment FILE` reads it, `--set section.key=value` changes one setting, and"
        " RUN/experiment.toml holds all of them as they were resolved. A setting without a default"
        " must be given; `open` means that it is planned from the cohort and the machine, and the"
        " plan (`--plan-only`) gives the value with its reason. A mistyped name is refused, and the"
        " nearest known name is suggested. This page is generated from the code.",
    ]
    for section, settings in SECTIONS.items():
        parts += ["", f"## [{section}]", "", *_table(settings, section=section)]
    for name in method_names():
        config = import_module(f"crossvox.methods.{name}").Config
        parts += ["", f'## [method] with name = "{name}"', "", *_table(config, section="method")]
    return "\n".join(parts) + "\n"


def commands_page() -> str:
    """The --help of every command."""
    parts = [
        "# Commands",
        "",
        "This page shows what `crossvox COMMAND --help` prints. Every setting of `crossvox train`"
        " is on the page [Settings](settings.md). This page is generated from the code.",
    ]
    for name in COMMANDS:
        parts += ["", f"## crossvox {name}", "", "```text", _help_of(name), "```"]
    return "\n".join(parts) + "\n"


def measures_table() -> str:
    """Definition, unit and direction of every measure of a case."""
    rows = [
        f"| `{measure.name}` | {measure.definition} | {measure.unit} | {measure.better} |".replace(
            " |s - r|", r" \|s - r\|"
        ).replace("|d(s - r)|", r"\|d(s - r)\|")
        for measure in MEASURES
    ]
    return "\n".join(["| name | definition | unit | better |", "|---|---|---|---|", *rows])


def pages() -> dict[Path, str]:
    """Every page that follows from the code, by its file."""
    metrics = PAGES / "metrics.md"
    before, _, rest = metrics.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return {
        PAGES / "settings.md": settings_page(),
        PAGES / "commands.md": commands_page(),
        metrics: f"{before}{BEGIN}\n{measures_table()}\n{END}{after}",
    }


def _table(settings: type[Any], *, section: str) -> list[str]:
    meanings = _meanings(settings.__doc__ or "")
    hints = get_type_hints(settings)
    rows = []
    for field in dataclasses.fields(settings):
        default = _default(field)
        values = _values(hints[field.name])
        meaning = meanings.get(field.name, "")
        rows.append(f"| `{section}.{field.name}` | {default} | {values} | {meaning} |")
    return ["| setting | default | values | meaning |", "|---|---|---|---|", *rows]


def _meanings(docstring: str) -> dict[str, str]:
    attributes = docstring.partition("Attributes:\n")[2]
    matches = ATTRIBUTE.findall(attributes)
    return {name: " ".join(text.split()).replace("|", r"\|") for name, text in matches}


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is None:
        return "open"
    if field.default is not dataclasses.MISSING:
        return f"`{_toml(field.default)}`"
    return "required"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else f"{value:g}"


def _values(hint: object) -> str:
    """The type of a setting in words."""
    parts = [part for part in _alternatives(hint) if part is not type(None)]
    return " or ".join(dict.fromkeys(map(_word, parts)))


def _alternatives(hint: object) -> tuple[object, ...]:
    origin = get_origin(hint)
    if origin is not None and str(origin) in ("typing.Union", "<class 'types.UnionType'>"):
        return get_args(hint)
    return (hint,)


def _word(hint: object) -> str:
    if str(get_origin(hint)) == "typing.Literal":
        return ", ".join(f'`"{value}"`' for value in get_args(hint))
    if get_origin(hint) is tuple:
        inner = [part for part in get_args(hint) if part is not ...]
        several = "list" if ... in get_args(hint) else f"list of {len(inner)}"
        return f"{several}: {_word(inner[0])}"
    names: dict[object, str] = {
        int: "integer",
        float: "number",
        str: "text",
        bool: "true or false",
    }
    return names.get(hint, str(hint))


def _help_of(command: str) -> str:
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, color_system=None, force_terminal=False)
    app.help_print([command], console=console)
    lines = (line.rstrip() for line in text.getvalue().strip().splitlines())
    return "\n".join(lines)


def main() -> None:
    """Write the pages, or with --check report which of them are out of date."""
    stale = [
        path
        for path, text in pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv:
        sys.exit(f"run python scripts/reference.py: {', '.join(map(str, stale))}" if stale else 0)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
