"""Training runs and folders of volumes as contestants of a comparison."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crossvox.comparison import Contestant
from crossvox.comparison.published import Published
from crossvox.errors import CohortError, SettingsError
from crossvox.evaluation.tables import read_failures
from crossvox.files import read_sidecar
from crossvox.journey.costs import costs_of_training, costs_of_volumes
from crossvox.scoring import Pair, find_pairs, read_pairs
from crossvox.scoring.admission import KNOWN, STRICT, Admission, admit, status_in_model
from crossvox.scoring.pairs import PAIRS_FILE, Failure
from crossvox.synthesis.store import DESCRIPTION, Description, read_description
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
        admission: Kinds of cases with misleading scores to admit, for folders of volumes.
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


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A contestant, its folder and, for a run, the description of its model."""

    path: Path
    contestant: Contestant
    description: Description | None = None


def entries_of(paths: Sequence[Path], *, settings: ContestSettings = DEFAULTS) -> tuple[Entry, ...]:
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
        _entry_of_run(path, name)
        if is_run(path)
        else Entry(path=path, contestant=_contestant_of(path, name, settings))
        for path, name in zip(paths, names, strict=True)
    )


def is_run(path: Path) -> bool:
    """Whether `path` is the folder of a training run, finished or not."""
    return (path / EXPERIMENT).is_file() or (path / "synthesizer" / DESCRIPTION).is_file()


def refuse_run(out: Path) -> None:
    """Check that the output folder `out` is neither a run nor the evaluation of a run.

    Raises:
        SettingsError: `out` is a run or its evaluation.
    """
    if is_run(out) or (out / PAIRS_FILE).is_file():
        raise SettingsError(f"{out} is a run; after the runs, name a folder for the comparison")


def unique_names(paths: Sequence[Path]) -> tuple[str, ...]:
    """Names of the folders; duplicates are prefixed with their parent's name, then numbered."""
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


def _entry_of_run(run: Path, name: str) -> Entry:
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
    contestant = Contestant(
        name=name,
        pairs=pairs,
        costs=costs_of_training(run, description),
        method=_method_in_words(description),
        failures=(*read_failures(run / EVALUATION), *admitted.left_out),
        cautions=_on_people(name, pairs, description),
    )
    return Entry(path=run, contestant=contestant, description=description)


def _on_people(name: str, pairs: Sequence[Pair], description: Description) -> tuple[str, ...]:
    """Cautions about a run scored on people used to train it or to choose its weights.

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
