"""Prediction of a cohort: from source volumes to files of synthesized volumes."""

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
    """Options for the prediction of a cohort.

    Attributes:
        overwrite: Existing files that are replaced; see `Outputs`.
        overlap: "stages" reads the next case and writes the previous one during inference;
            "nothing" processes one case at a time and holds one in memory instead of three.
        reading: Options for reading the sources.
    """

    overwrite: Overwrite = "never"
    overlap: Overlap = "stages"
    reading: ReadOptions = field(default_factory=ReadOptions)


DEFAULTS = PredictOptions()


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """Result of the prediction of a cohort.

    Attributes:
        written: Paths of the volumes written.
        skipped: Paths of existing volumes that were kept.
        failed: Reason of failure, by case name.
        remarks: Remarks on existing volumes, one line each.
        seconds: Seconds of preparation, inference and restoring of each written volume.
        notes: Notes on files that are not sources, and on the shard of the cohort, one line each.
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
    """Write the synthesized target of each case, with a JSON sidecar beside it.

    Conflicts with existing files are found before the first case is read. If one of several cases
    fails, the result names it and the others continue; a single case raises its own error.

    Args:
        synthesizer: Synthesizer that runs inference.
        description: Description of the synthesizer; written to the sidecars, with the seconds
            that each volume took and the peak memory of the process.
        cases: Cases with all source modalities.
        out: Output file for a single case if its name is that of a volume, else a folder that
            mirrors the cohort's ("sub-01/anat/sub-01_desc-synth_T1w.nii.gz"); for a BIDS cohort
            it becomes a BIDS derivative.
        options: Options for overwriting, overlap and reading.
        progress: Receiver of progress, called after each case.

    Raises:
        CohortError: Two cases have the same output file, an output is also a source, or a file
            exists that `options` do not allow replacing.
        SettingsError: `out` has the ending of a format that is not written.
        ResourceError: The disk is full; finished files stay.
        FileError: The only case cannot be read or written.
    """
    refuse_other_format(out)
    targets = _targets(cases, out, description.preparation)
    in_bids = is_bids_cohort(cases) and not is_volume(out)
    if in_bids:
        refuse_study(out, cases)
    plan = Outputs(
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
    batches = [plan.todo] if options.overlap == "stages" else [(case,) for case in plan.todo]
    outcomes = chain.from_iterable(pipeline.outcomes(batch, targets) for batch in batches)
    for done, outcome in enumerate(outcomes, start=1):
        if outcome.error is None:
            written.append(targets[outcome.case.name])
            seconds.append(outcome.seconds)
        elif len(cases) == 1:
            raise outcome.error
        else:
            failed[outcome.case.name] = str(outcome.error)
        progress.stage("predicting", done, len(plan.todo))
    return Predicted(
        written=tuple(written),
        skipped=tuple(targets[case.name] for case in plan.kept),
        failed=failed,
        remarks=plan.remarks,
        seconds=tuple(seconds),
    )


def find_cases(path: Path, description: Description) -> tuple[Case, ...]:
    """Find the cases in a file, a folder of files, a BIDS root or a manifest; see `find_sources`.

    Raises:
        CohortError: No case has all source modalities.
    """
    return find_sources(path, description.preparation.source_modalities).cases


def output_path(case: Case, out: Path, preparation: Preparation) -> Path:
    """Path of the synthesized volume of `case`."""
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
            raise CohortError(f"{target} is a source; choose another name for the output")
    if len({*targets.values()}) < len(cases):
        raise CohortError("two cases have the same name; tell them apart by subject and session")
    return targets
