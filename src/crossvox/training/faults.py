"""Check a cohort before training, and refuse it if errors are found."""

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from crossvox.cohort import Case
from crossvox.errors import CohortError, CohortWarning
from crossvox.files.atomic import write_atomically
from crossvox.progress import QUIET, Progress
from crossvox.screening import CohortCheck, Finding, check_cohort
from crossvox.training.experiment import Experiment

CHECK = "check.json"
MOST_NAMED = 5  # findings listed in a message


def refuse_faults(
    cases: Sequence[Case],
    experiment: Experiment,
    record: Path,
    *,
    progress: Progress = QUIET,
) -> CohortCheck:
    """Check a cohort before training, issue its warnings and write them to `record`.

    Args:
        cases: Cases with their splits and all modalities of the experiment.
        experiment: Experiment, for its modalities.
        record: Path of the JSON file, written only if the cohort is accepted.
        progress: Receiver of progress, case by case.

    Raises:
        CohortError: The check found errors.
    """
    check = check_cohort(
        cases,
        modalities=(*experiment.cohort.source, experiment.cohort.target),
        progress=progress,
    )
    errors = [finding for finding in check.findings if finding.severity == "error"]
    if errors:
        raise CohortError(
            f"the cohort has {len(errors)} fault(s): {_listed(errors)}. `crossvox check` shows all;"
            " --set cohort.check=false trains without this check"
        )
    write_check(record, check)
    _warn(check.findings, record)
    return check


def write_check(path: Path, check: CohortCheck) -> None:
    """Write the findings of a check as JSON."""
    contents = {
        "modalities": check.modalities,
        "cases": len(check.rows),
        "findings": [asdict(finding) for finding in check.findings],
    }
    write_atomically(path, json.dumps(contents, indent=2).encode())


def _warn(findings: Sequence[Finding], record: Path) -> None:
    for finding in findings[:MOST_NAMED]:
        message = f"{finding.case}: {finding.problem}; {finding.remedy}"
        warnings.warn(message, CohortWarning, stacklevel=3)
    unnamed = len(findings) - MOST_NAMED
    if unnamed > 0:
        message = f"the cohort check found {unnamed} more warnings; see {record} for all"
        warnings.warn(message, CohortWarning, stacklevel=3)


def _listed(findings: Sequence[Finding]) -> str:
    named = "; ".join(f"{finding.case}: {finding.problem}" for finding in findings[:MOST_NAMED])
    unnamed = len(findings) - MOST_NAMED
    return f"{named}; and {unnamed} more" if unnamed > 0 else named
