"""A suite as settings: a TOML file of shared sections and of what each run lays over them."""

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

SHARED = ("cohort", "preparation", "training")
OWN = ("method", "preparation", "training")  # the cohort is one for all
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
FEWEST_CASES = 3


@dataclass(frozen=True, kw_only=True)
class SuiteSettings:
    """[suite].

    Attributes:
        against: The run or baseline that the others are tested against; the first run if None.
        data: The cohort, relative to the file; the command's comes first.
    """

    against: str | None = None
    data: str | None = None


@dataclass(frozen=True, kw_only=True)
class PeopleSettings:
    """[phantom]: a cohort made for the suite.

    Attributes:
        cases: How many people.
        size: Voxels along each axis.
        seed: Same seed, same people.

    Raises:
        SettingsError: There are too few people for training, validation and test.
    """

    cases: Count = 14
    size: Count = 64
    seed: Seed = 0

    def __post_init__(self) -> None:
        if self.cases < FEWEST_CASES:
            raise SettingsError(
                f"phantom.cases is at least {FEWEST_CASES}, to learn from, choose and test by;"
                f" got {self.cases}"
            )


@dataclass(frozen=True, kw_only=True)
class Suite:
    """Experiments on one cohort.

    Attributes:
        experiments: By the name of their run, in the file's order.
        against: Name that the others are tested against.
        data: The cohort; None where it is a phantom or the command names it.
        phantom: Who is imaged for it, if anyone.
    """

    experiments: Mapping[str, Experiment]
    against: str | None = None
    data: Path | None = None
    phantom: PeopleSettings | None = None


def read_suite(path: Path) -> Suite:
    """The suite of a TOML file, each of its experiments parsed and its method built once.

    Sections: [suite], [phantom], shared [cohort] [preparation] [training], and for each run
    [runs.NAME.method], where wanted [runs.NAME.training] and [runs.NAME.preparation] over the
    shared ones.

    Raises:
        SettingsError: A section or key is unknown, a value is wrong, or a method is impossible.
    """
    tables = read_toml(path)
    _refuse_unknown(tables, ("suite", "phantom", *SHARED, "runs"), origin=str(path))
    runs = _table(tables.get("runs", {}), origin=f"{path}: runs")
    if not runs:
        raise SettingsError(f"{path}: no runs; describe each in [runs.NAME.method]")
    shared = {name: tables[name] for name in SHARED if name in tables}
    experiments = {
        name: _experiment(name, _table(own, origin=f"{path}: runs.{name}"), shared, path)
        for name, own in runs.items()
    }
    chosen = parse_settings(
        SuiteSettings, _table(tables.get("suite", {}), origin=f"{path}: suite"), section="suite"
    )
    chosen_opponent([Contestant(name=name, pairs=()) for name in experiments], chosen.against)
    people = _table(tables.get("phantom", {}), origin=f"{path}: phantom")
    phantom = parse_settings(PeopleSettings, people, section="phantom")
    if chosen.data and "phantom" in tables:
        raise SettingsError(f"{path}: suite.data and [phantom] are two cohorts; keep one of them")
    return Suite(
        experiments=experiments,
        against=chosen.against,
        data=path.parent / chosen.data if chosen.data else None,
        phantom=phantom if "phantom" in tables else None,
    )


def _experiment(
    name: str, own: Mapping[str, Any], shared: Mapping[str, Mapping[str, Any]], path: Path
) -> Experiment:
    origin = f"{path}: runs.{name}"
    if not NAME.fullmatch(name):
        raise SettingsError(f"{origin}: a run's name is of letters, digits, '-', '_' and '.'")
    _refuse_unknown(own, OWN, origin=origin)
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
            raise SettingsError(f"{origin}: no section {name!r}; {hint}")


def _table(value: object, *, origin: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{origin} is no table, got {value!r}")
    return value
