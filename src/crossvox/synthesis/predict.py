"""A cohort of source volumes to files of synthesized ones."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from crossvox import __version__
from crossvox.cohort import Case, read_cohort
from crossvox.errors import CohortError, CrossvoxError
from crossvox.files import ReadOptions, is_volume, read_volume, stem_of, write_volume
from crossvox.files.atomic import write_atomically
from crossvox.preparation.preparation import Preparation
from crossvox.synthesis.compute import Compute
from crossvox.synthesis.sidecar import NOTICE, costs_of, origin_of, sidecar_of, up_to_date
from crossvox.synthesis.store import Description
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.volume.volume import Volume

Progress = Callable[[int, int], None]
Overwrite = Literal["never", "stale", "always"]


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """What became of a cohort.

    Attributes:
        written: Files made now.
        skipped: Files that were there already.
        failed: Why, by case.
        seconds: Time in the synthesizer alone, for each written file.
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
    overwrite: Overwrite = "never",
    options: ReadOptions | None = None,
    progress: Progress | None = None,
) -> Predicted:
    """Write the synthesized target of each case, and beside it a JSON sidecar.

    The next case is read while one is synthesized. A case that fails is named in the result and
    the others go on; a single one raises its own error.

    Args:
        synthesizer: Ready for use.
        description: Of the synthesizer; goes into the sidecars, with the seconds that a volume
            took and the most memory that the process has held.
        cases: Each with all source modalities.
        out: A file for a single case where its name is a volume's, else a folder that mirrors
            the cohort's ("sub-01/anat/sub-01_desc-synth_T1w.nii.gz"): of BIDS, a derivative.
        overwrite: Of what is there already make again nothing, what is not `up_to_date`, or all.
        options: How to read the sources.
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
        if _is_kept(case, targets[case.name], description, overwrite, synthesizer.compute)
    }
    todo = [case for case in cases if case.name not in kept]
    skipped = tuple(targets[case.name] for case in cases if case.name in kept)
    if any(case.folder.parts for case in cases):
        _describe_derivative(out)
    written, failed, seconds = [], {}, []
    with ThreadPoolExecutor(max_workers=1) as reader:
        pending: Future[list[Volume]] | None = None
        for index, case in enumerate(todo):
            current = pending or reader.submit(_read, case, description, options)
            following = todo[index + 1 : index + 2]
            pending = (
                reader.submit(_read, following[0], description, options) if following else None
            )
            try:
                sources = current.result()
                start = perf_counter()
                synthesized = synthesizer(sources)
                seconds.append(perf_counter() - start)
            except CrossvoxError as error:
                if len(cases) == 1:
                    raise
                failed[case.name] = str(error)
            else:
                sidecar = {
                    **origin_of(synthesized, case, description),
                    **costs_of(synthesizer, seconds=seconds[-1]),
                }
                _write(synthesized, targets[case.name], sidecar=sidecar)
                written.append(targets[case.name])
            if progress:
                progress(index + 1, len(todo))
    return Predicted(written=tuple(written), skipped=skipped, failed=failed, seconds=tuple(seconds))


def find_cases(path: Path, description: Description) -> tuple[Case, ...]:
    """The cases of a file, a folder of files, a BIDS root or a manifest.

    A single file or a flat folder of files serves models of one source modality.

    Raises:
        CohortError: Nothing there has all source modalities.
    """
    modalities = description.preparation.source_modalities
    if path.is_file() and is_volume(path):
        return _plain_cases([path], modalities)
    flat = sorted(file for file in path.glob("*") if is_volume(file)) if path.is_dir() else []
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
    case: Case, path: Path, description: Description, overwrite: Overwrite, compute: Compute
) -> bool:
    if overwrite == "always" or not path.exists():
        return False
    return overwrite == "never" or up_to_date(case, path, description, compute=compute)


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


def _read(case: Case, description: Description, options: ReadOptions | None) -> list[Volume]:
    return [
        read_volume(case.images[modality], modality=modality, options=options or ReadOptions())
        for modality in description.preparation.source_modalities
    ]


def _write(volume: Volume, path: Path, *, sidecar: Mapping[str, Any]) -> None:
    write_atomically(sidecar_of(path), json.dumps(sidecar, indent=2).encode())
    write_volume(path, volume)


def _describe_derivative(out: Path) -> None:
    """Make `out` a BIDS derivative."""
    text = {
        "Name": "Volumes synthesized by crossvox",
        "BIDSVersion": "1.9.0",
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "crossvox", "Version": __version__, "Description": NOTICE}],
    }
    write_atomically(out / "dataset_description.json", json.dumps(text, indent=2).encode())
