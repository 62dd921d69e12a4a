"""Settings of a run, and the TOML file with four sections that holds them (decision 0006)."""

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
from crossvox.synthesis.settings import Count, Seed, Share, parse_settings, toml_value

# Bounds far beyond practical use; they keep sizes, seeds and times within range of the arithmetic.
Side = Annotated[int, Field(ge=1, le=4096)]
Sizes = tuple[Side, Side, Side]
Patches = Annotated[int, Field(ge=1, le=65536)]
Steps = Annotated[int, Field(ge=1, le=10**9)]
Minutes = Annotated[float, Field(gt=0, le=10**6)]
Step = Annotated[float, Field(ge=0.01, le=100)]  # millimeters
Spacing = tuple[Step, Step, Step]
Norm = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Decay = Annotated[float, Field(ge=0, lt=1)]  # an average with decay 1 never changes
RunSeed = Annotated[Seed, Field(lt=2**63)]  # torch accepts no larger seed
SECTIONS = ("cohort", "preparation", "method", "training")


@dataclass(frozen=True, kw_only=True)
class CohortSettings:
    """Modalities, split and checks of the cohort.

    Attributes:
        source: Source modalities, in the order of the network's input channels.
        target: Target modality, which the network learns to synthesize.
        fractions: Shares of people for train, validation and test, where the data give no
            splits; None uses 0.7, 0.15 and 0.15.
        split_seed: Random seed for drawing the splits, where the data give none.
        check: Whether to check the cohort before training; the run is refused if errors are found.
        allow_synthetic: Whether volumes marked as synthesized may be used for training.

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
    """Working grid and intensity scales.

    Attributes:
        spacing_mm: Voxel spacing of the working grid in mm (right, anterior, superior), or "own"
            for each source's; None plans "own" if sources agree within 10 %, else their median.
        source_scale: Kind of intensity scale, for all source modalities or for each: "window"
            (fixed limits), "cohort" (range of the cohort) or "volume" (percentiles of each
            volume); None plans it from the training cases.
        source_limits: Intensities (low, high) that "window" scales map to -1 and 1, for all source
            modalities or for each, in the source's unit; None uses -1024 and 3071 HU for CT.
        target_scale: Kind of the target's intensity scale, "window", "cohort" or "volume"; None
            plans it from the training cases.
        target_limits: Intensities (low, high) that a "window" scale maps to -1 and 1, in the
            target's unit; None uses -1024 and 3071 for a target in HU.
        target_unit: Unit of the target volumes; None uses "HU" for CT, else "arbitrary".
        percentiles: Percentiles (low, high) of the foreground intensities that "cohort" and
            "volume" scales map to -1 and 1.

    Raises:
        SettingsError: Percentiles are not low < high within 0 to 100, or limits are not finite
            with low < high.
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
            message = "preparation.percentiles must be low < high, both within 0 to 100"
            raise SettingsError(f"{message}; got {low:g} and {high:g}")
        _refuse_limits(self.target_limits, name="preparation.target_limits")
        for limits in limits_listed(self.source_limits):
            _refuse_limits(limits, name="preparation.source_limits")


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Length, patches, optimization and precision of the training.

    Attributes:
        steps: Number of optimizer steps; None derives it from `minutes` or `epochs`, else plans
            100 epochs, at least 3000 steps.
        epochs: Number of passes over the training cases, in place of `steps`; None leaves it open.
        minutes: Time budget of the steps in minutes, without validation and checkpoints, in place
            of `steps` and `epochs`: some steps are timed first, and `steps` is set to as many as
            fit; None sets no budget.
        batch: Number of patches per step, over all processes and accumulated parts; None plans 1,
            or up to 8 whole slices for a 2D method.
        patch: Patch size in voxels of the working grid (right, anterior, superior); None plans the
            median working grid, cut until a step is quick and fits in memory.
        accumulate: Number of equal parts in which a batch is processed, to save memory.
        recompute: Features to recompute in the backward pass: "blocks" takes less memory and more
            time for the same weights; "nothing" keeps all features.
        flip_share: Probability that a patch is mirrored left to right.
        clip: Maximum gradient norm of each network; 0 disables clipping.
        ema: Decay per step of the exponential moving average (EMA) of the weights that inference
            uses; 0 disables averaging; None uses the method's default.
        decay_share: Share of the steps, at the end of the run, over which learning rates fall
            linearly to 0; 0 keeps them constant.
        checkpoint_every: Number of steps between checkpoints.
        validate_every: Number of steps between validations on whole volumes; None plans it so that
            validation costs at most a tenth of the training.
        report_every: Number of steps between rows of progress.csv.
        precision: Numeric precision, "bf16-mixed" or "32-true"; "auto" uses bfloat16 where the
            hardware computes faster in it.
        seed: Random seed for initial weights, patches and noise.
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
    """All settings of a run."""

    cohort: CohortSettings
    preparation: PreparationSettings = field(default_factory=PreparationSettings)
    method: str = "gan3d"
    method_settings: Mapping[str, Any] = field(default_factory=dict)
    training: TrainingSettings = field(default_factory=TrainingSettings)


def read_experiment(
    path: Path | None, *, changes: Sequence[str] = (), defaults: Mapping[str, Any] | None = None
) -> Experiment:
    """Read an experiment from a TOML file and apply `changes`.

    Args:
        path: File with sections [cohort] [preparation] [method] [training]; None uses defaults.
        changes: "section.key=value" with a TOML value; a single word needs no quotes.
        defaults: Values by "section.key" that the file overrides.

    Raises:
        SettingsError: A section or key is unknown, a value is invalid, or the file is not TOML.
    """
    tables: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for name, value in (defaults or {}).items():
        _set(tables, name, value)
    if path:
        _merge(tables, read_toml(path), origin=str(path))
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise SettingsError(f"--set {change}: write it as section.key=value")
        _set(tables, name.strip(), toml_value(value.strip()))
    return _typed(tables)


def experiment_of(tables: Mapping[str, Mapping[str, Any]], *, origin: str) -> Experiment:
    """Build an experiment from the sections of a parsed TOML file.

    Args:
        tables: Values by section and key.
        origin: Source of the sections, for error messages.

    Raises:
        SettingsError: A section or key is unknown, or a value is invalid.
    """
    sections: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    _merge(sections, tables, origin=origin)
    return _typed(sections)


def write_experiment(experiment: Experiment) -> str:
    """The experiment as TOML, without settings that are None."""
    tables = asdict(experiment)
    tables["method"] = {"name": tables.pop("method"), **tables.pop("method_settings")}
    sections = ("\n".join([f"[{section}]", *_lines(tables[section])]) for section in SECTIONS)
    return "\n\n".join(sections) + "\n"


def read_toml(path: Path) -> dict[str, Any]:
    """Read the tables of a TOML file.

    Raises:
        SettingsError: The file cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise SettingsError(f"cannot read the experiment {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from None


def _lines(table: Mapping[str, Any]) -> list[str]:
    """TOML lines; JSON writes numbers, strings, Booleans and lists the same way."""
    return [f"{key} = {json.dumps(value)}" for key, value in table.items() if value is not None]


def _merge(tables: dict[str, dict[str, Any]], new: Mapping[str, object], *, origin: str) -> None:
    for section, table in new.items():
        if section not in SECTIONS or not isinstance(table, Mapping):
            known = ", ".join(SECTIONS)
            raise SettingsError(f"{origin}: there is no section [{section}]; use {known}")
        tables[section].update(table)


def _set(tables: dict[str, dict[str, Any]], name: str, value: Any) -> None:  # noqa: ANN401 - TOML's
    section, dot, key = name.partition(".")
    if not dot or section not in SECTIONS:
        raise SettingsError(f"{name}: write it as section.key; sections are {', '.join(SECTIONS)}")
    tables[section][key] = value


def limits_listed(limits: Limits | tuple[Limits, ...] | None) -> tuple[Limits, ...]:
    """List the pairs of a setting that is None, a pair for all sources, or a pair for each."""
    if limits is None:
        return ()
    pairs = limits if all(isinstance(pair, tuple) for pair in limits) else (limits,)
    return cast("tuple[Limits, ...]", pairs)


def _refuse_limits(limits: Limits | None, *, name: str) -> None:
    if limits is None:
        return
    low, high = limits
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise SettingsError(f"{name} must be finite with low < high; got {low:g} and {high:g}")


def _modalities(cohort: dict[str, Any]) -> None:
    """Split "FLAIR, T2w" into two modalities and strip spaces around names."""
    for name in ("source", "target"):
        if not cohort.get(name):
            raise SettingsError(
                f"cohort.{name} is not set; use --source FLAIR --target T1w, or set it in [cohort]"
            )
    source, target = cohort["source"], cohort["target"]
    listed = source.split(",") if isinstance(source, str) else source
    if not (isinstance(target, str) and isinstance(listed, list | tuple)):
        return  # `parse_settings` refuses other types
    stripped = [name.strip() if isinstance(name, str) else name for name in listed]
    cohort["source"], cohort["target"] = stripped, target.strip()
    if "" in (*stripped, cohort["target"]):
        raise SettingsError(
            f"cohort.source and cohort.target must be names, got {source!r} and {target!r};"
            " use --source FLAIR,T2w --target T1w"
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
