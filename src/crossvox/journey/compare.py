"""Compare training runs and folders of volumes, with runs timed on this machine."""

import filecmp
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from crossvox.acceleration.compute import Compute, choose_compute
from crossvox.comparison import Comparison, ComparisonSettings, Contestant, compare
from crossvox.comparison.contest import chosen_opponent, match_cases
from crossvox.errors import ModelError
from crossvox.journey.contestants import (
    DEFAULTS,
    EVALUATION,
    ContestSettings,
    Entry,
    entries_of,
)
from crossvox.journey.timing import Timing
from crossvox.progress import QUIET, Progress
from crossvox.scoring import Pair
from crossvox.training.experiment import read_experiment
from crossvox.training.run_folder import EXPERIMENT

TIMING = "timing"


def compare_runs(
    paths: Sequence[Path],
    out: Path,
    *,
    settings: ContestSettings = DEFAULTS,
    progress: Progress = QUIET,
) -> Comparison:
    """Compare finished runs and folders of volumes; runs are timed one after the other.

    Args:
        paths: Folders of evaluated runs or of volumes.
        out: Path of the folder for the tables, the page and timing/.
        settings: Settings of the comparison.
        progress: Receiver of the progress over runs and cases.

    Raises:
        CohortError: A run is not finished, a folder has no references, or no case is in all.
        SettingsError: The number of names is wrong, or `against` is unknown.
        SomeCasesFailedError: Some cases could not be scored; the rest is compared.
    """
    entries = entries_of(paths, settings=settings)
    contestants = [entry.contestant for entry in entries]
    chosen_opponent(contestants, settings.against)
    match_cases(contestants)
    timed_contestants = []
    for count, entry in enumerate(entries, start=1):
        timed_contestants.append(_timed(entry, out / TIMING, settings=settings))
        progress.stage("timing", count, len(paths))
    comparison_settings = ComparisonSettings(
        against=settings.against,
        seed=settings.seed,
        mean_target=_mean_target(paths),
        inception=settings.inception,
        beside=settings.beside,
    )
    return compare(
        timed_contestants,
        out,
        settings=comparison_settings,
        progress=progress,
    )


def _timed(entry: Entry, folder: Path, *, settings: ContestSettings) -> Contestant:
    """Add measured seconds and memory of a run; a folder of volumes keeps those of its sidecars."""
    contestant, description = entry.contestant, entry.description
    if description is None:
        return contestant
    first = min(contestant.pairs, key=lambda pair: pair.name)
    sources = _sources(first, description.preparation.source_modalities)
    if sources is None:
        return contestant
    timing = Timing(
        run=entry.path,
        description=description,
        sources=sources,
        passes=contestant.costs.passes or 1,
        compute=_compute(entry.path, settings),
        folder=folder / contestant.name,
    )
    try:
        measured = timing.costs(fresh=settings.fresh)
    except ModelError as error:
        remark = f"Time and memory of {contestant.name} could not be measured: {error}."
        return replace(contestant, costs=replace(contestant.costs, remark=remark))
    return replace(
        contestant,
        costs=replace(
            contestant.costs,
            seconds=measured.seconds,
            peak_memory_bytes=measured.peak_memory_bytes,
            machine=measured.machine,
        ),
    )


def _sources(pair: Pair, modalities: Sequence[str]) -> dict[str, Path] | None:
    """Find the source file of each modality, beside the first source; None if one is missing."""
    if pair.source is None:
        return None
    name = pair.source.name
    files = {
        modality: pair.source.with_name(name.replace(f"_{modalities[0]}.", f"_{modality}."))
        for modality in modalities
    }
    return files if all(path.is_file() for path in files.values()) else None


def _compute(run: Path, settings: ContestSettings) -> Compute:
    """Precision and device of a run's evaluation: float32 for runs trained in float32."""
    experiment = run / EXPERIMENT
    precision = read_experiment(experiment).training.precision if experiment.is_file() else None
    return choose_compute(device=settings.device, precise=precision == "32-true")


def _mean_target(paths: Sequence[Path]) -> Path | None:
    """Path of the mean target that all runs share; None if their training people differ."""
    files = [file for path in paths for file in sorted(path.glob(f"{EVALUATION}/mean_*.nii.gz"))]
    if not all(filecmp.cmp(files[0], file, shallow=False) for file in files[1:]):
        return None
    return files[0] if files else None
