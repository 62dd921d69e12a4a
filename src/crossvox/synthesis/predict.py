"""A cohort of source volumes to files of synthesized ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal

from crossvox.cohort import Case
from crossvox.errors import CohortError
from crossvox.files import ReadOptions, is_volume
from crossvox.preparation.preparation import Preparation
from crossvox.progress import QUIET, Progress
from crossvox.synthesis.derivative import describe_derivative, is_bids_cohort, refuse_study
from crossvox.synthesis.outputs import Outputs, Overwrite, refuse_other_format
from crossvox.synthesis.pipeline import Pipeline
from crossvox.synthesis.sources import find_sources
from crossvox.synthesis.store import Description
from crossvox.synthesis.synthesizer import Synthesizer

Overlap = Literal["stages", "nothing"]


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """How a cohort is gone through.

    Attributes:
        overwrite: What of what is there already is made again; see `Outputs`.
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
    """Result of a cohort's prediction.

    Attributes:
        written: Files made now.
        skipped: Files that were there already.
        failed: Reasons, by case.
        remarks: Sentences on files that were there.
        seconds: Seconds of preparation, network and restoring of each written file.
        notes: Sentences on files that are no sources, and on the part of a cohort that was done.
    """

    written: tuple[Path, ...] = ()
    skipped: tuple[Path, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    seconds: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()


def predict(
    synthesizer: Synthesizer,
    description: Description,
    cases: Sequence[Case],
    out: Path,
    *,
    options: PredictOptions = DEFAULTS,
    progress: Progress = QUIET,
) -> Predicted:
    """Write the synthesized target of each case, and beside it a JSON sidecar.

    Whatever stands in the way of one of the outputs is found before the first case is read. A
    case that fails is named in the result and the others go on; a single one raises its own error.

    Args:
        synthesizer: Ready for use.
        description: Of the synthesizer; goes into the sidecars, with the seconds that a volume
            took and the most memory that the process has held.
        cases: Each with all source modalities.
        out: A file for a single case where its name is a volume's, else a folder that mirrors
            the cohort's ("sub-01/anat/sub-01_desc-synth_T1w.nii.gz"): of BIDS, a derivative.
        options: How to go through them.
        progress: Told of each case.

    Raises:
        CohortError: Two cases would go to one file, a case onto its own source, or any onto
            something that `options` do not allow to replace.
        SettingsError: `out` is named for a format that is not written.
        ResourceError: The disk is full; what is written stays.
        FileError: The only case cannot be read or written.
    """
    refuse_other_format(out)
    targets = _targets(cases, out, description.preparation)
    in_bids = is_bids_cohort(cases) and not is_volume(out)
    if in_bids:
        refuse_study(out, cases)
    planned = Outputs(
        folder=out.parent if is_volume(out) else out,
        paths=targets,
        description=description,
        compute=synthesizer.compute,
        overwrite=options.overwrite,
        reading=options.reading,
    ).plan(cases)
    if in_bids:
        describe_derivative(out)
    pipeline = Pipeline(synthesizer=synthesizer, description=description, options=options.reading)
    written, failed, seconds = [], {}, []
    together = [planned.todo] if options.overlap == "stages" else [(one,) for one in planned.todo]
    outcomes = chain.from_iterable(pipeline.outcomes(some, targets) for some in together)
    for done, outcome in enumerate(outcomes, start=1):
        if outcome.error is None:
            written.append(targets[outcome.case.name])
            seconds.append(outcome.seconds)
        elif len(cases) == 1:
            raise outcome.error
        else:
            failed[outcome.case.name] = str(outcome.error)
        progress.stage("predicting", done, len(planned.todo))
    return Predicted(
        written=tuple(written),
        skipped=tuple(targets[case.name] for case in planned.kept),
        failed=failed,
        remarks=planned.remarks,
        seconds=tuple(seconds),
    )


def find_cases(path: Path, description: Description) -> tuple[Case, ...]:
    """The cases of a file, a folder of files, a BIDS root or a manifest; see `find_sources`.

    Raises:
        CohortError: Nothing there has all source modalities.
    """
    return find_sources(path, description.preparation.source_modalities).cases


def output_path(case: Case, out: Path, preparation: Preparation) -> Path:
    """Where the synthesized volume of `case` goes."""
    if is_volume(out):
        return out
    return out / case.folder / f"{case.name}_desc-synth_{preparation.target_modality}.nii.gz"


def _targets(cases: Sequence[Case], out: Path, preparation: Preparation) -> dict[str, Path]:
    if is_volume(out) and len(cases) > 1:
        raise CohortError(f"{out} is one file and there are {len(cases)} cases; give a folder")
    targets = {case.name: output_path(case, out, preparation) for case in cases}
    sources = {file.resolve() for case in cases for file in case.images.values()}
    for target in targets.values():
        if target.resolve() in sources:
            raise CohortError(f"{target} is a source; choose another name for what is made of it")
    if len({*targets.values()}) < len(cases):
        raise CohortError("two cases have one name; tell them apart by subject and session")
    return targets
