"""Compare training runs and folders of volumes."""

import filecmp
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crossvox.acceleration.compute import Compute, choose_compute
from crossvox.comparison import Comparison, ComparisonSettings, Contestant, compare
from crossvox.comparison.contest import chosen_opponent, match_cases
from crossvox.comparison.published import Published
from crossvox.errors import CohortError, ModelError, SettingsError
from crossvox.evaluation.tables import read_failures
from crossvox.files import read_sidecar
from crossvox.journey.costs import costs_of_training, costs_of_volumes
from crossvox.journey.timing import Timing
from crossvox.progress import QUIET, Progress
from crossvox.scoring import Pair, find_pairs, read_pairs
from crossvox.scoring.admission import KNOWN, STRICT, Admission, admit, status_in_model
from crossvox.scoring.pairs import PAIRS_FILE, Failure
from crossvox.synthesis.store import DESCRIPTION, Description, read_description
from crossvox.training.experiment import read_experiment
from crossvox.training.run_folder import EXPERIMENT

EVALUATION, TIMING = "evaluation", "timing"


@dataclass(frozen=True, kw_only=True)
class ContestSettings:
    """Settings of a comparison of runs and folders.

    Attributes:
        names: Name of each run or folder, in order; by default the names of their folders.
        against: Contestant or baseline to test all others against; None for the first.
        reference: Path of the references of folders of volumes; runs have their own.
        source_modality: Suffix of the sources beside the references, such as FLAIR.
        mask: Path of the masks for folders of volumes.
        inception: Path of Inception-v3 weights; None to leave out FID and KID.
        seed: Random seed for the bootstrap confidence intervals.
        device: Device for timing runs, "cpu" or "cuda"; None for the GPU if there is one.
        fresh: Whether to repeat timings from an earlier call.
        admission: Exceptions that admit cases of folders with misleading scores.
        beside: Published numbers to show below the table.
    """

    names: tuple[str, ...] = ()
    against: str | None = None
    reference: Path | None = None
    source_modality: str | None = None
    mask: Path | None = None
    inception: Path | None = None
    seed: int = 0
    device: str | None = None
    fresh: bool = False
    admission: Admission = STRICT
    beside: Published | None = None


DEFAULTS = ContestSettings()


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
    contestants = contestants_of(paths, settings=settings)
    chosen_opponent(contestants, settings.against)
    match_cases(contestants)
    timed_contestants = []
    for count, (path, contestant) in enumerate(zip(paths, contestants, strict=True), start=1):
        timed_contestants.append(_timed(contestant, path, out / TIMING, settings=settings))
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


def contestants_of(
    paths: Sequence[Path], *, settings: ContestSettings = DEFAULTS
) -> tuple[Contestant, ...]:
    """Describe runs and folders as contestants, with all costs known without measuring.

    Raises:
        CohortError: A run is not finished, or a folder has no references.
        SettingsError: The number of names differs from the number of runs and folders.
    """
    names = settings.names or unique_names(paths)
    if len(names) != len(paths):
        raise SettingsError(
            f"there are {len(names)} names for {len(paths)} runs and folders; give one for each"
        )
    return tuple(
        _contestant_of_run(path, name) if is_run(path) else _contestant_of(path, name, settings)
        for path, name in zip(paths, names, strict=True)
    )


def is_run(path: Path) -> bool:
    """Whether `path` is the folder of a training run, finished or not."""
    return (path / EXPERIMENT).is_file() or (path / "synthesizer" / DESCRIPTION).is_file()


def refuse_run(out: Path) -> None:
    """Check that the output folder `out` is not a run.

    Raises:
        SettingsError: `out` is a run.
    """
    if is_run(out) or (out / PAIRS_FILE).is_file():
        raise SettingsError(f"{out} is a run; after the runs, name a folder for the comparison")


def unique_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """Names of the folders; equal names get their parent's name or else a number."""
    folders = [path.resolve() for path in paths]
    counts = Counter(path.name for path in folders)
    names = [
        path.name if counts[path.name] == 1 else f"{path.parent.name}-{path.name}"
        for path in folders
    ]
    return tuple(
        name if names.count(name) == 1 else f"{name}-{names[: number + 1].count(name)}"
        for number, name in enumerate(names)
    )


def _contestant_of_run(run: Path, name: str) -> Contestant:
    if not (run / EVALUATION / PAIRS_FILE).is_file():
        raise CohortError(
            f"{run} is not finished: {EVALUATION}/{PAIRS_FILE} is missing;"
            f" let crossvox train DATA {run} run to its end"
        )
    description = read_description(run)
    # A run without test people was scored on its validation people; cautions report this.
    admitted = admit(read_pairs(run / EVALUATION), Admission(include_trained=True))
    pairs = admitted.pairs
    models = {read_sidecar(pair.synthesized).get("ModelSHA256") for pair in pairs}
    if models != {description.sha256}:
        raise CohortError(
            f"{run} has new weights since its volumes were synthesized; run"
            f" crossvox train DATA {run} again"
        )
    return Contestant(
        name=name,
        pairs=pairs,
        costs=costs_of_training(run, description),
        method=_method_in_words(description),
        failures=(*read_failures(run / EVALUATION), *admitted.left_out),
        cautions=_on_people(name, pairs, description),
    )


def _on_people(name: str, pairs: Sequence[Pair], description: Description) -> tuple[str, ...]:
    """Cautions about a run scored on people that it was trained or its weights chosen on.

    People are compared by name, for volumes whose sidecars do not record their status.
    """
    scored = {
        pair.subject
        for pair in pairs
        if status_in_model(read_sidecar(pair.synthesized)) not in KNOWN
    }
    overlaps = {
        "that it was trained on": scored & set(description.cohort.get("train", ())),
        "that its weights were chosen on": scored & set(description.cohort.get("validation", ())),
    }
    return tuple(
        f"{name} was scored on people {words}: {', '.join(sorted(people))}."
        for words, people in overlaps.items()
        if people
    )


def _contestant_of(folder: Path, name: str, settings: ContestSettings) -> Contestant:
    if settings.reference is None:
        raise CohortError(
            f"{folder} is not a training run, and a folder of volumes needs references; add"
            " --reference DATA"
        )
    pairing = find_pairs(
        folder,
        settings.reference,
        source_modality=settings.source_modality,
        mask=settings.mask,
    )
    admitted = admit(pairing.pairs, settings.admission)
    volumes = [pair.synthesized for pair in admitted.pairs]
    unmatched = (
        Failure(name=path.name, reason="nothing was synthesized for this reference")
        for path in pairing.unmatched
    )
    return Contestant(
        name=name,
        pairs=admitted.pairs,
        costs=costs_of_volumes(volumes),
        failures=(*pairing.failures, *unmatched, *admitted.left_out),
        cautions=tuple(f"{name}: {note}" for note in (*admitted.notes, *pairing.notes)),
    )


def _method_in_words(description: Description) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in description.settings.items())
    return f"{description.method}: {settings}"


def _timed(
    contestant: Contestant, path: Path, folder: Path, *, settings: ContestSettings
) -> Contestant:
    """Add measured seconds and memory of a run; a folder of volumes keeps those of its sidecars."""
    if not is_run(path):
        return contestant
    description = read_description(path)
    first = min(contestant.pairs, key=lambda pair: pair.name)
    sources = _sources(first, description.preparation.source_modalities)
    if sources is None:
        return contestant
    timing = Timing(
        run=path,
        description=description,
        sources=sources,
        passes=contestant.costs.passes or 1,
        compute=_compute([path], settings),
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


def _compute(paths: Sequence[Path], settings: ContestSettings) -> Compute:
    """Precision and device of a run's evaluation: float32 for runs trained in float32."""
    files = [path / EXPERIMENT for path in paths if (path / EXPERIMENT).is_file()]
    precisions = {read_experiment(path).training.precision for path in files}
    return choose_compute(device=settings.device, precise=precisions == {"32-true"})


def _mean_target(paths: Sequence[Path]) -> Path | None:
    """Path of the mean target that all runs share; None if their training people differ."""
    files = [file for path in paths for file in sorted(path.glob(f"{EVALUATION}/mean_*.nii.gz"))]
    if not all(filecmp.cmp(files[0], file, shallow=False) for file in files[1:]):
        return None
    return files[0] if files else None
