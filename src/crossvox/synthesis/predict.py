"""A cohort of source volumes to files of synthesized ones."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal

from crossvox import __version__
from crossvox.cohort import Case, read_cohort
from crossvox.errors import CohortError
from crossvox.files import NOTICE, ReadOptions, is_synthetic, is_volume, stem_of
from crossvox.files.atomic import write_atomically
from crossvox.preparation.preparation import Preparation
from crossvox.synthesis.compute import Compute
from crossvox.synthesis.pipeline import Pipeline
from crossvox.synthesis.sidecar import up_to_date
from crossvox.synthesis.store import Description
from crossvox.synthesis.synthesizer import Synthesizer

Progress = Callable[[int, int], None]
Overwrite = Literal["never", "stale", "always"]
Overlap = Literal["stages", "nothing"]


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """How a cohort is gone through.

    Attributes:
        overwrite: Of what is there already make again nothing, what is not `up_to_date`, or all.
        overlap: Read the next case and write the last one while one is synthesized ("stages"), or
            take one after the other, which holds one case in memory instead of three.
        reading: How to read the sources.
    """

    overwrite: Overwrite = "never"
    overlap: Overlap = "stages"
    reading: ReadOptions = field(default_factory=ReadOptions)


DEFAULTS = PredictOptions()


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """What became of a cohort.

    Attributes:
        written: Files made now.
        skipped: Files that were there already.
        failed: Why, by case.
        seconds: Preparation, network and restoring of each written file.
    """

    written: tuple[Path, ...] = ()
    skipped: tuple[Path, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    seconds: tuple[float, ...] = ()


def predict(
    synthesizer: Synthesizer,
    description: Description,
    cases: Sequence[Case],
    out: Path,
    *,
    options: PredictOptions = DEFAULTS,
    progress: Progress | None = None,
) -> Predicted:
    """Write the synthesized target of each case, and beside it a JSON sidecar.

    A case that fails is named in the result and the others go on; a single one raises its own
    error.

    Args:
        synthesizer: Ready for use.
        description: Of the synthesizer; goes into the sidecars, with the seconds that a volume
            took and the most memory that the process has held.
        cases: Each with all source modalities.
        out: A file for a single case where its name is a volume's, else a folder that mirrors
            the cohort's ("sub-01/anat/sub-01_desc-synth_T1w.nii.gz"): of BIDS, a derivative.
        options: How to go through them.
        progress: Called with (done, total).

    Raises:
        CohortError: Two cases would go to one file, or a case onto its own source.
        ResourceError: The disk is full; what is written stays.
        FileError: The folder cannot be written.
    """
    targets = _targets(cases, out, description.preparation)
    kept = {
        case.name
        for case in cases
        if _is_kept(case, targets[case.name], description, options, synthesizer.compute)
    }
    todo = [case for case in cases if case.name not in kept]
    skipped = tuple(targets[case.name] for case in cases if case.name in kept)
    if any(case.folder.parts for case in cases):
        _describe_derivative(out)
    pipeline = Pipeline(synthesizer=synthesizer, description=description, options=options.reading)
    written, failed, seconds = [], {}, []
    together = [todo] if options.overlap == "stages" else [[case] for case in todo]
    outcomes = chain.from_iterable(pipeline.outcomes(some, targets) for some in together)
    for done, outcome in enumerate(outcomes, start=1):
        if outcome.error is None:
            written.append(targets[outcome.case.name])
            seconds.append(outcome.seconds)
        elif len(cases) == 1:
            raise outcome.error
        else:
            failed[outcome.case.name] = str(outcome.error)
        if progress:
            progress(done, len(todo))
    return Predicted(written=tuple(written), skipped=skipped, failed=failed, seconds=tuple(seconds))


def find_cases(path: Path, description: Description) -> tuple[Case, ...]:
    """The cases of a file, a folder of files, a BIDS root or a manifest.

    A single file or a flat folder of files serves models of one source modality. What was
    synthesized into such a folder is no source.

    Raises:
        CohortError: Nothing there has all source modalities.
    """
    modalities = description.preparation.source_modalities
    if path.is_file() and is_volume(path):
        return _plain_cases([path], modalities)
    volumes = sorted(file for file in path.glob("*") if is_volume(file)) if path.is_dir() else []
    flat = [file for file in volumes if not is_synthetic(file)]
    if flat and not any(path.glob("sub-*/")):
        named = [file for file in flat if stem_of(file).endswith(f"_{modalities[0]}")]
        return _plain_cases(named or flat, modalities)
    return read_cohort(path, modalities=modalities)


def output_path(case: Case, out: Path, preparation: Preparation) -> Path:
    """Where the synthesized volume of `case` goes."""
    if is_volume(out):
        return out
    return out / case.folder / f"{case.name}_desc-synth_{preparation.target_modality}.nii.gz"


def _is_kept(
    case: Case, path: Path, description: Description, options: PredictOptions, compute: Compute
) -> bool:
    if options.overwrite == "always" or not path.exists():
        return False
    return options.overwrite == "never" or up_to_date(case, path, description, compute=compute)


def _targets(cases: Sequence[Case], out: Path, preparation: Preparation) -> dict[str, Path]:
    if is_volume(out) and len(cases) > 1:
        raise CohortError(f"{out} is one file and there are {len(cases)} cases; give a folder")
    targets = {case.name: output_path(case, out, preparation) for case in cases}
    sources = {file.resolve() for case in cases for file in case.images.values()}
    for target in targets.values():
        if target.resolve() in sources:
            raise CohortError(f"{target} is a source; choose another name for what is made of it")
    return targets


def _plain_cases(files: Sequence[Path], modalities: tuple[str, ...]) -> tuple[Case, ...]:
    if len(modalities) > 1:
        wanted = ", ".join(modalities)
        raise CohortError(
            f"this model needs {wanted}: give a BIDS folder or a CSV with each column"
        )
    suffix = f"_{modalities[0]}"
    names = [stem_of(file).removesuffix(suffix) for file in files]
    return tuple(
        Case(subject=name, name=name, images={modalities[0]: file})
        for name, file in zip(names, files, strict=True)
    )


def _describe_derivative(out: Path) -> None:
    """Make `out` a BIDS derivative."""
    text = {
        "Name": "Volumes synthesized by crossvox",
        "BIDSVersion": "1.9.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "crossvox", "Version": __version__, "Description": NOTICE}],
    }
    write_atomically(out / "dataset_description.json", json.dumps(text, indent=2).encode())
