"""Read the TOML file of a suite: shared sections, and the sections that each run overrides."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from crossvox.comparison import Contestant
from crossvox.comparison.contest import chosen_opponent
from crossvox.errors import SettingsError
from crossvox.synthesis.settings import Count, Seed, parse_settings
from crossvox.training.budget import refuse_two_budgets
from crossvox.training.engine import refuse_unequal_parts
from crossvox.training.experiment import SECTIONS, Experiment, experiment_of, read_toml
from crossvox.training.patch_plan import refuse_impossible_patch

SHARED_SECTIONS = ("cohort", "preparation", "training")
RUN_SECTIONS = ("method", "preparation", "training")  # all runs share one cohort
RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
MIN_CASES = 3  # for training, validation and test


@dataclass(frozen=True, kw_only=True)
class SuiteSettings:
    """Settings in section [suite].

    Attributes:
        against: Run or baseline to test all others against; None for the first run.
        data: Path of the cohort, relative to the file; the command line has priority.
    """

    against: str | None = None
    data: str | None = None


@dataclass(frozen=True, kw_only=True)
class PeopleSettings:
    """Settings in section [phantom]: a phantom cohort for the suite.

    Attributes:
        cases: Number of people.
        size: Number of voxels along each axis.
        seed: Random seed for the people.

    Raises:
        SettingsError: There are too few people for training, validation and test.
    """

    cases: Count = 14
    size: Count = 64
    seed: Seed = 0

    def __post_init__(self) -> None:
        if self.cases < MIN_CASES:
            raise SettingsError(
                f"phantom.cases must be at least {MIN_CASES}, for training, validation and test;"
                f" got {self.cases}"
            )


@dataclass(frozen=True, kw_only=True)
class Suite:
    """Experiments on one cohort.

    Attributes:
        experiments: Experiments by name of their run, in the order of the file.
        against: Run or baseline to test all others against; None for the first run.
        data: Path of the cohort; None if it is a phantom or named on the command line.
        phantom: Settings of the phantom cohort; None without one.
    """

    experiments: Mapping[str, Experiment]
    against: str | None = None
    data: Path | None = None
    phantom: PeopleSettings | None = None


def read_suite(path: Path) -> Suite:
    """Read a suite from a TOML file; check each experiment by building its method once.

    Sections: [suite], [phantom], shared [cohort] [preparation] [training], and for each run
    [runs.NAME.method], optionally with [runs.NAME.training] and [runs.NAME.preparation] that
    override the shared sections.

    Raises:
        SettingsError: A section or key is unknown, a value is wrong, or a method cannot be built.
    """
    tables = read_toml(path)
    _refuse_unknown(tables, ("suite", "phantom", *SHARED_SECTIONS, "runs"), origin=str(path))
    runs = _table(tables.get("runs", {}), origin=f"{path}: runs")
    if not runs:
        raise SettingsError(f"{path}: there are no runs; add a section [runs.NAME.method] for each")
    shared = {name: tables[name] for name in SHARED_SECTIONS if name in tables}
    experiments = {
        name: _experiment(name, _table(own, origin=f"{path}: runs.{name}"), shared, path)
        for name, own in runs.items()
    }
    settings = parse_settings(
        SuiteSettings, _table(tables.get("suite", {}), origin=f"{path}: suite"), section="suite"
    )
    chosen_opponent([Contestant(name=name, pairs=()) for name in experiments], settings.against)
    people = _table(tables.get("phantom", {}), origin=f"{path}: phantom")
    phantom = parse_settings(PeopleSettings, people, section="phantom")
    if settings.data and "phantom" in tables:
        raise SettingsError(
            f"{path}: suite.data and [phantom] give two cohorts; remove one of them"
        )
    return Suite(
        experiments=experiments,
        against=settings.against,
        data=path.parent / settings.data if settings.data else None,
        phantom=phantom if "phantom" in tables else None,
    )


def _experiment(
    name: str, own: Mapping[str, Any], shared: Mapping[str, Mapping[str, Any]], path: Path
) -> Experiment:
    origin = f"{path}: runs.{name}"
    if not RUN_NAME.fullmatch(name):
        raise SettingsError(
            f"{origin}: the name of a run may only have letters, digits, '-', '_' and '.'"
        )
    _refuse_unknown(own, RUN_SECTIONS, origin=origin)
    sections = {
        section: {
            **_table(shared.get(section, {}), origin=f"{path}: {section}"),
            **_table(own.get(section, {}), origin=f"{origin}.{section}"),
        }
        for section in SECTIONS
    }
    try:
        experiment = experiment_of(sections, origin=origin)
        refuse_two_budgets(experiment.training, None)
        training = experiment.training
        if training.batch is not None:
            refuse_unequal_parts(training.batch, accumulate=training.accumulate)
        refuse_impossible_patch(experiment)
    except SettingsError as error:
        raise SettingsError(f"{origin}: {error}") from None
    return experiment


def _refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], *, origin: str) -> None:
    for name in table:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise SettingsError(f"{origin}: unknown section {name!r}; {hint}")


def _table(value: object, *, origin: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{origin} must be a TOML table, got {value!r}")
    return value
