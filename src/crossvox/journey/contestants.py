"""Runs and folders of volumes as contestants, and their comparison."""

import filecmp
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crossvox.acceleration.compute import Compute, compute_at_hand
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
    """Choices of a comparison of runs and folders.

    Attributes:
        names: One for each, in their order; those of their folders where empty.
        against: Name of the contestant or baseline that the others are tested against.
        reference: What folders of volumes should be; runs know their own.
        source_modality: Suffix of the sources beside the references, such as FLAIR.
        mask: Where metrics of folders count.
        inception: Weights of Inception-v3 for FID and KID.
        seed: Of the bootstrap.
        device: That runs are timed on; the GPU where there is one, if None.
        fresh: Time again what was timed before.
        admission: Which cases of folders may be scored.
        beside: Published numbers that stand below the table.
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
    """Compare finished runs and folders of volumes; the runs are timed one after the other.

    Args:
        paths: Runs, each with its evaluation, or folders of volumes.
        out: Gets the tables, the page and timing/.
        settings: Choices.
        progress: Told of each run and case.

    Raises:
        CohortError: A run is not finished, a folder has no references, or no case is in all.
        SettingsError: Names do not fit, or `against` is no one's.
        SomeCasesFailedError: Some cases could not be scored; the rest is compared.
    """
    contestants = contestants_of(paths, settings=settings)
    chosen_opponent(contestants, settings.against)
    match_cases(contestants)
    timed = []
    for done, (path, contestant) in enumerate(zip(paths, contestants, strict=True), start=1):
        timed.append(_timed(contestant, path, out / TIMING, settings=settings))
        progress.stage("timing", done, len(paths))
    choices = ComparisonSettings(
        against=settings.against,
        seed=settings.seed,
        mean_target=_mean_target(paths),
        inception=settings.inception,
        beside=settings.beside,
    )
    return compare(
        timed,
        out,
        settings=choices,
        progress=progress,
    )


def contestants_of(
    paths: Sequence[Path], *, settings: ContestSettings = DEFAULTS
) -> tuple[Contestant, ...]:
    """Runs and folders with their volumes and all costs that are known without measuring.

    Raises:
        CohortError: A run is not finished, or a folder has no references.
        SettingsError: There are not as many names as runs and folders.
    """
    names = settings.names or unique_names(paths)
    if len(names) != len(paths):
        raise SettingsError(f"{len(names)} names for {len(paths)} runs; give one for each")
    return tuple(
        _contestant_of_run(path, name) if is_run(path) else _contestant_of(path, name, settings)
        for path, name in zip(paths, names, strict=True)
    )


def is_run(path: Path) -> bool:
    """Whether `path` is the folder of a training run, finished or not."""
    return (path / EXPERIMENT).is_file() or (path / "synthesizer" / DESCRIPTION).is_file()


def refuse_run(out: Path) -> None:
    """Check that `out` is a place for a comparison, and not a run that was named last.

    Raises:
        SettingsError: It is a run.
    """
    if is_run(out) or (out / PAIRS_FILE).is_file():
        raise SettingsError(f"{out} is a run; name a folder for the comparison behind the runs")


def unique_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """The folders' names; with their parents' where two are called alike, else numbered."""
    whole = [path.resolve() for path in paths]
    shared = Counter(path.name for path in whole)
    names = [
        path.name if shared[path.name] == 1 else f"{path.parent.name}-{path.name}" for path in whole
    ]
    return tuple(
        name if names.count(name) == 1 else f"{name}-{names[: number + 1].count(name)}"
        for number, name in enumerate(names)
    )


def _contestant_of_run(run: Path, name: str) -> Contestant:
    if not (run / EVALUATION / PAIRS_FILE).is_file():
        raise CohortError(
            f"{run} is not finished: {EVALUATION}/{PAIRS_FILE} is missing;"
            f" run crossvox train DATA {run} to its end"
        )
    description = read_description(run)
    # A run without test people was scored on its validation people, and says so.
    admitted = admit(read_pairs(run / EVALUATION), Admission(include_trained=True))
    pairs = admitted.pairs
    made_by = {read_sidecar(pair.synthesized).get("ModelSHA256") for pair in pairs}
    if made_by != {description.sha256}:
        raise CohortError(
            f"{run} has learned since its volumes were made; run crossvox train DATA {run} again"
        )
    return Contestant(
        name=name,
        pairs=pairs,
        costs=costs_of_training(run, description),
        method=_in_words(description),
        failures=(*read_failures(run / EVALUATION), *admitted.left_out),
        cautions=_on_people(name, pairs, description),
    )


def _on_people(name: str, pairs: Sequence[Pair], description: Description) -> tuple[str, ...]:
    """Warnings where a run was scored on people that it was trained on or that chose its weights.

    Only names are looked at, of volumes whose sidecars do not say it themselves.
    """
    scored = {
        pair.subject
        for pair in pairs
        if status_in_model(read_sidecar(pair.synthesized)) not in KNOWN
    }
    said = {
        "that it was trained on": scored & set(description.cohort.get("train", ())),
        "of its validation, who chose its weights": (
            scored & set(description.cohort.get("validation", ()))
        ),
    }
    return tuple(
        f"{name} was scored on people {words}: {', '.join(sorted(people))}."
        for words, people in said.items()
        if people
    )


def _contestant_of(folder: Path, name: str, settings: ContestSettings) -> Contestant:
    if settings.reference is None:
        raise CohortError(
            f"{folder} is no training run; a folder of volumes needs references: --reference DATA"
        )
    pairing = find_pairs(
        folder,
        settings.reference,
        source_modality=settings.source_modality,
        mask=settings.mask,
    )
    admitted = admit(pairing.pairs, settings.admission)
    volumes = [pair.synthesized for pair in admitted.pairs]
    unanswered = (
        Failure(name=path.name, reason="nothing was synthesized for this reference")
        for path in pairing.unanswered
    )
    return Contestant(
        name=name,
        pairs=admitted.pairs,
        costs=costs_of_volumes(volumes),
        failures=(*pairing.failures, *unanswered, *admitted.left_out),
        cautions=tuple(f"{name}: {note}" for note in (*admitted.notes, *pairing.notes)),
    )


def _in_words(description: Description) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in description.settings.items())
    return f"{description.method}: {settings}"


def _timed(
    contestant: Contestant, path: Path, folder: Path, *, settings: ContestSettings
) -> Contestant:
    """With seconds and memory measured now; a folder of volumes stays as its sidecars say."""
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
        remark = f"{contestant.name} has no seconds and no memory here: {error}."
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
    """The source files; of several, those beside the first that are named alike."""
    if pair.source is None:
        return None
    name = pair.source.name
    files = {
        modality: pair.source.with_name(name.replace(f"_{modalities[0]}.", f"_{modality}."))
        for modality in modalities
    }
    return files if all(path.is_file() for path in files.values()) else None


def _compute(paths: Sequence[Path], settings: ContestSettings) -> Compute:
    """As runs are evaluated: float32 for one that was trained in it."""
    files = [path / EXPERIMENT for path in paths if (path / EXPERIMENT).is_file()]
    precisions = {read_experiment(path).training.precision for path in files}
    return compute_at_hand(device=settings.device, precise=precisions == {"32-true"})


def _mean_target(paths: Sequence[Path]) -> Path | None:
    """The mean that all runs share; none where they were trained on different people."""
    found = [file for path in paths for file in sorted(path.glob(f"{EVALUATION}/mean_*.nii.gz"))]
    if not all(filecmp.cmp(found[0], file, shallow=False) for file in found[1:]):
        return None
    return found[0] if found else None
