"""One whole run as settings: a TOML file with four sections (decision 0006)."""

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from crossvox.errors import SettingsError
from crossvox.preparation.intensity import PERCENTILES, Limits, ScaleKind
from crossvox.synthesis.bounds import Modality
from crossvox.synthesis.catalogue import method_settings
from crossvox.synthesis.settings import (
    Count,
    Seed,
    Share,
    parse_settings,
    toml_value,
)

# Each bound is far beyond any use, and keeps sizes, seeds and times within what is computed with.
Side = Annotated[int, Field(ge=1, le=4096)]
Sizes = tuple[Side, Side, Side]
Patches = Annotated[int, Field(ge=1, le=65536)]
Steps = Annotated[int, Field(ge=1, le=10**9)]
Minutes = Annotated[float, Field(gt=0, le=10**6)]
Step = Annotated[float, Field(ge=0.01, le=100)]  # millimeters
Spacing = tuple[Step, Step, Step]
Norm = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Decay = Annotated[float, Field(ge=0, lt=1)]  # an average of decay 1 never learns
RunSeed = Annotated[Seed, Field(lt=2**63)]  # torch takes no larger
SECTIONS = ("cohort", "preparation", "method", "training")


@dataclass(frozen=True, kw_only=True)
class CohortSettings:
    """Who is learned from.

    Attributes:
        source: Modalities given, in the order of the network's channels.
        target: Modality wanted.
        fractions: Shares of people for train, validation and test where the data do not say;
            70, 15 and 15 % if None.
        split_seed: Of that division.
        check: Whether pairs are checked for faults before training.
        allow_synthetic: Whether volumes that carry the notice of synthesized ones are taken too.

    Raises:
        SettingsError: The target is one of the sources, or a source is named twice.
    """

    source: tuple[Modality, ...]
    target: Modality
    fractions: tuple[Share, Share, Share] | None = None
    split_seed: Seed = 0
    check: bool = True
    allow_synthetic: bool = False

    def __post_init__(self) -> None:
        if self.target in self.source:
            raise SettingsError(f"cohort.target {self.target} is a source too; choose another")
        if len(set(self.source)) < len(self.source):
            listed = ", ".join(self.source)
            raise SettingsError(f"cohort.source names a modality twice: {listed}; name each once")


@dataclass(frozen=True, kw_only=True)
class PreparationSettings:
    """How volumes reach the network; None is planned from the cohort.

    Attributes:
        spacing_mm: Of the working grid (right, anterior, superior), or "own" for each source's.
        source_scale: See `IntensityScale`; one for all source modalities, or one for each.
        source_limits: Of "window" scales, for all source modalities or one pair for each.
        target_scale: See `IntensityScale`.
        target_limits: Of a "window" scale.
        target_unit: "HU" or "arbitrary".
        percentiles: Of the foreground, for "cohort" and "volume" scales.

    Raises:
        SettingsError: The percentiles are not two between 0 and 100, or limits are not two finite
            numbers, the lower first.
    """

    spacing_mm: Spacing | Literal["own"] | None = None
    source_scale: ScaleKind | tuple[ScaleKind, ...] | None = None
    source_limits: Limits | tuple[Limits, ...] | None = None
    target_scale: ScaleKind | None = None
    target_limits: Limits | None = None
    target_unit: str | None = None
    percentiles: tuple[float, float] = PERCENTILES

    def __post_init__(self) -> None:
        low, high = self.percentiles
        if not 0 <= low < high <= 100:  # noqa: PLR2004 - a percentage
            raise SettingsError(f"preparation.percentiles are low and high, got {low:g}, {high:g}")
        _refuse_limits(self.target_limits, name="preparation.target_limits")
        for limits in limits_listed(self.source_limits):
            _refuse_limits(limits, name="preparation.source_limits")


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How long and on what the networks learn; None is planned.

    Attributes:
        steps: Optimizer steps; alternatively `epochs`, passes over the training cases.
        epochs: Counted in cases; exactly one of both is set once planned.
        minutes: A budget in place of both: of the steps alone, without validation and saving; some
            steps are timed and `steps` is set to as many as it pays for.
        batch: Patches per step over all processes and accumulated parts.
        patch: Sizes of a patch in voxels of the working grid.
        accumulate: Parts a batch is divided into to save memory; they are of equal size.
        recompute: "blocks" computes their features again in the backward pass: less memory, some
            more time, the same weights.
        flip_share: Chance that a patch is mirrored left to right.
        clip: Largest norm of each network's gradients; 0 is no limit.
        ema: Decay of the moving average of the product's weights; 0 is none; planned as the
            method's `average_decay`.
        decay_share: Share of the steps, at the end, over which learning rates fall to 0; 0 keeps
            them constant.
        checkpoint_every: Steps between saves.
        validate_every: Steps between validations on whole volumes; planned to cost at most a
            tenth of the training.
        report_every: Steps between rows of progress.csv.
        precision: "auto" is bfloat16 where the hardware is fast in it.
        seed: Of initial weights, patches and noise.
    """

    steps: Steps | None = None
    epochs: Steps | None = None
    minutes: Minutes | None = None
    batch: Patches | None = None
    patch: Sizes | None = None
    accumulate: Patches = 1
    recompute: Literal["nothing", "blocks"] = "nothing"
    flip_share: Share = 0.5
    clip: Norm = 1.0
    ema: Decay | None = None
    decay_share: Share = 0.5
    checkpoint_every: Count = 250
    validate_every: Count | None = None
    report_every: Count = 50
    precision: Literal["auto", "bf16-mixed", "32-true"] = "auto"
    seed: RunSeed = 0


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """The settings of one run."""

    cohort: CohortSettings
    preparation: PreparationSettings = field(default_factory=PreparationSettings)
    method: str = "gan3d"
    method_settings: Mapping[str, Any] = field(default_factory=dict)
    training: TrainingSettings = field(default_factory=TrainingSettings)


def read_experiment(
    path: Path | None, *, changes: Sequence[str] = (), defaults: Mapping[str, Any] | None = None
) -> Experiment:
    """The experiment of a TOML file, then of `changes`.

    Args:
        path: Sections [cohort] [preparation] [method] [training]; all defaults if None.
        changes: "section.key=value" with the value as in TOML; quotes of a word may be left out.
        defaults: Values by "section.key", under the file's.

    Raises:
        SettingsError: A section or key is unknown, a value is wrong, or the file is not TOML.
    """
    tables: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for name, value in (defaults or {}).items():
        _set(tables, name, value)
    if path:
        _lay_over(tables, read_toml(path), origin=str(path))
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise SettingsError(f"--set {change}: write it as section.key=value")
        _set(tables, name.strip(), toml_value(value.strip()))
    return _typed(tables)


def experiment_of(tables: Mapping[str, Mapping[str, Any]], *, origin: str) -> Experiment:
    """The experiment of sections as a TOML file has them.

    Args:
        tables: Values by section and key.
        origin: Named in errors: where the sections come from.

    Raises:
        SettingsError: A section or key is unknown, or a value is wrong.
    """
    given: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    _lay_over(given, tables, origin=origin)
    return _typed(given)


def write_experiment(experiment: Experiment) -> str:
    """The experiment as TOML; what is None is left out."""
    tables = asdict(experiment)
    tables["method"] = {"name": tables.pop("method"), **tables.pop("method_settings")}
    sections = ("\n".join([f"[{section}]", *_lines(tables[section])]) for section in SECTIONS)
    return "\n\n".join(sections) + "\n"


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file of settings.

    Raises:
        SettingsError: It cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"no experiment can be read from {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from None


def _lines(table: Mapping[str, Any]) -> list[str]:
    """JSON writes numbers, words, truth values and lists as TOML does."""
    return [f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None]


def _lay_over(
    tables: dict[str, dict[str, Any]], given: Mapping[str, object], *, origin: str
) -> None:
    for section, table in given.items():
        if section not in SECTIONS or not isinstance(table, Mapping):
            raise SettingsError(
                f"{origin}: no section [{section}]; there are {', '.join(SECTIONS)}"
            )
        tables[section].update(table)


def _set(tables: dict[str, dict[str, Any]], name: str, value: Any) -> None:  # noqa: ANN401 - TOML's
    section, dot, key = name.partition(".")
    if not dot or section not in SECTIONS:
        raise SettingsError(f"{name}: write it as section.key, sections are {', '.join(SECTIONS)}")
    tables[section][key] = value


def limits_listed(limits: Limits | tuple[Limits, ...] | None) -> tuple[Limits, ...]:
    """The pairs of a setting that holds none, one for all, or one for each source modality."""
    if limits is None:
        return ()
    pairs = limits if all(isinstance(pair, tuple) for pair in limits) else (limits,)
    return cast("tuple[Limits, ...]", pairs)


def _refuse_limits(limits: Limits | None, *, name: str) -> None:
    if limits is None:
        return
    low, high = limits
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise SettingsError(f"{name} are low and high, got {low:g}, {high:g}")


def _modalities(cohort: dict[str, Any]) -> None:
    """Take "FLAIR, T2w" for two modalities, and spaces around a name for none of it."""
    for name in ("source", "target"):
        if not cohort.get(name):
            raise SettingsError(
                f"cohort.{name} is not set; say --source FLAIR --target T1w, or set it in [cohort]"
            )
    source, target = cohort["source"], cohort["target"]
    listed = source.split(",") if isinstance(source, str) else source
    if not (isinstance(target, str) and isinstance(listed, list | tuple)):
        return  # of another type, which is refused by that
    stripped = [each.strip() if isinstance(each, str) else each for each in listed]
    cohort["source"], cohort["target"] = stripped, target.strip()
    if "" in (*stripped, cohort["target"]):
        raise SettingsError(
            f"cohort.source and cohort.target are names, got {source!r} and {target!r};"
            " say --source FLAIR,T2w --target T1w"
        )


def _typed(tables: dict[str, dict[str, Any]]) -> Experiment:
    _modalities(tables["cohort"])
    name = tables["method"].pop("name", "gan3d")
    return Experiment(
        cohort=parse_settings(CohortSettings, tables["cohort"], section="cohort"),
        preparation=parse_settings(
            PreparationSettings, tables["preparation"], section="preparation"
        ),
        method=name,
        method_settings=method_settings(name, tables["method"]),
        training=parse_settings(TrainingSettings, tables["training"], section="training"),
    )
