"""Train several experiments on one cohort, one after the other, and compare them.

OUT/
├── check.json     check of the cohort, also in each run
├── phantom/       the cohort, if the suite generates one
├── runs/NAME/     run folders of `crossvox train`
└── comparison/    output of `crossvox compare`
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crossvox.acceleration.compute import choose_compute
from crossvox.cohort import Case, Reading, split_cohort
from crossvox.comparison.page import PAGE
from crossvox.errors import (
    CohortError,
    CrossvoxError,
    InterruptedRunError,
    SettingsError,
    SomeCasesFailedError,
)
from crossvox.files.atomic import write_atomically
from crossvox.journey.budgets import unequal_budgets
from crossvox.journey.compare import compare_runs
from crossvox.journey.contestants import EVALUATION, ContestSettings
from crossvox.journey.run import evaluate_run, is_evaluated
from crossvox.journey.suite_file import Suite
from crossvox.phantoms.folder import write_phantom
from crossvox.phantoms.settings import PhantomSettings
from crossvox.progress import QUIET, Progress
from crossvox.scoring.baselines import BASELINES
from crossvox.scoring.inception_features import load_inception
from crossvox.scoring.pairs import PAIRS_FILE
from crossvox.training.cohort import read_cohort_of, with_cohort_spelling
from crossvox.training.experiment import Experiment
from crossvox.training.faults import CHECK, refuse_faults
from crossvox.training.processes import process_count
from crossvox.training.run_folder import EXPERIMENT
from crossvox.training.train import train

RUNS, COMPARISON, PHANTOM = "runs", "comparison", "phantom"
MIN_RUNS = 2  # of a comparison


@dataclass(frozen=True, kw_only=True)
class SuiteOptions:
    """Options of a suite from the command line.

    Attributes:
        data: Path of the cohort, in place of the suite's own.
        only: Names of the runs to train; empty for all.
        inception: Path of Inception-v3 weights; None to leave out FID and KID.
        device: "cpu" or "cuda"; None for the GPU if there is one.
    """

    data: Path | None = None
    only: tuple[str, ...] = ()
    inception: Path | None = None
    device: str | None = None


@dataclass(frozen=True, kw_only=True)
class SuiteResult:
    """Result of a suite.

    Attributes:
        page: Path of the comparison's page; None if runs were not compared.
        failed: Reasons of failure, by name of the run or "comparison".
    """

    page: Path | None
    failed: Mapping[str, str]


DEFAULTS = SuiteOptions()


def run_suite(
    suite: Suite, out: Path, *, options: SuiteOptions = DEFAULTS, progress: Progress = QUIET
) -> SuiteResult:
    """Train and evaluate each experiment, then compare them; finished work is not repeated.

    Args:
        suite: Suite of experiments.
        out: Path of the folder for runs/ and comparison/.
        options: Options from the command line.
        progress: Receiver of the progress.

    Returns:
        The comparison's page and the failed runs; the other runs continue without them. Runs
        with equal minutes but unequal work are not compared.

    Raises:
        SettingsError: `only` has an unknown run, no cohort is given, the device is unknown, or
            there are several processes.
        ModelError: The weights of Inception-v3 are missing or wrong.
        CohortError: The cohort is missing or has faults.
        InterruptedRunError: The process was asked to stop; all progress is saved.
    """
    names = _chosen(suite, options.only)
    _refuse_early(options)
    reading = _read(suite, out, options, progress)
    cases = reading.cases
    experiments = {
        name: with_cohort_spelling(experiment, reading)
        for name, experiment in suite.experiments.items()
    }
    suite = replace(suite, experiments=experiments)
    first = next(iter(suite.experiments.values()))
    if first.cohort.check and not any(out.glob(f"{RUNS}/*/{EXPERIMENT}")):
        settings = first.cohort
        split = split_cohort(cases, seed=settings.split_seed, fractions=settings.fractions)
        refuse_faults(split, first, out / CHECK, progress=progress)
    failed: dict[str, str] = {}
    unfinished: set[str] = set()
    for name in names:
        progress.run(name)
        try:
            _finish(suite.experiments[name], cases, out / RUNS / name, options, progress)
        except InterruptedRunError:
            raise
        except SomeCasesFailedError as error:
            failed[name] = str(error)
        except CrossvoxError as error:
            unfinished.add(name)
            failed[name] = str(error)
        except (RuntimeError, ValueError, MemoryError) as error:
            # A bug in one method must not prevent the others from being trained.
            unfinished.add(name)
            failed[name] = f"{type(error).__name__}: {error}"
    progress.run(COMPARISON)
    finished = [
        name
        for name in suite.experiments
        if name not in unfinished and (out / RUNS / name / EVALUATION / PAIRS_FILE).is_file()
    ]
    if len(finished) < MIN_RUNS:
        return SuiteResult(page=None, failed=failed)
    return _compared(suite, out, finished, options, progress, failed)


def _refuse_early(options: SuiteOptions) -> None:
    """Refuse options that would otherwise fail only after hours of training."""
    choose_compute(device=options.device)
    if options.inception is not None:
        load_inception(options.inception)
    if process_count() > 1:
        raise SettingsError(
            "a suite runs in one process; to use several, run crossvox train for each of its"
            " runs into OUT/runs/NAME, then start the suite in one process"
        )


def _chosen(suite: Suite, only: Sequence[str]) -> list[str]:
    unknown = [name for name in only if name not in suite.experiments]
    if unknown:
        known = ", ".join(suite.experiments)
        raise SettingsError(f"no run of the suite is named {unknown[0]!r}; there are {known}")
    return [name for name in suite.experiments if name in only or not only]


def _read(suite: Suite, out: Path, options: SuiteOptions, progress: Progress) -> Reading:
    """Read the cohort, which all runs share; write the phantom first if there is one."""
    first = next(iter(suite.experiments.values()))
    data = options.data or suite.data
    if data is None and suite.phantom is None:
        raise SettingsError(
            "the suite has no cohort; add --data DATA, or set suite.data in its file"
        )
    if data is None and suite.phantom is not None:
        data = out / PHANTOM
        write_phantom(
            data,
            cases=suite.phantom.cases,
            settings=PhantomSettings(
                size=suite.phantom.size,
                seed=suite.phantom.seed,
                modalities=(*first.cohort.source, first.cohort.target),
                mask="none",
            ),
            progress=progress,
        )
    return read_cohort_of(first, data or out)


def _finish(
    experiment: Experiment,
    cases: Sequence[Case],
    folder: Path,
    options: SuiteOptions,
    progress: Progress,
) -> None:
    """Train to the end and evaluate, skipping finished parts."""
    unchecked = replace(experiment, cohort=replace(experiment.cohort, check=False))
    trained = train(cases, folder, unchecked, device=options.device, progress=progress)
    checked = folder.parent.parent / CHECK
    if checked.is_file():
        write_atomically(folder / CHECK, checked.read_bytes())
    if is_evaluated(trained, device=options.device):
        return
    if evaluate_run(trained, device=options.device, progress=progress) is None:
        raise CohortError(
            "there are no test or validation people; change cohort.fractions or the split column"
        )


def _compared(
    suite: Suite,
    out: Path,
    finished: Sequence[str],
    options: SuiteOptions,
    progress: Progress,
    failed: Mapping[str, str],
) -> SuiteResult:
    unequal = unequal_budgets(
        {name: out / RUNS / name for name in finished},
        device=choose_compute(device=options.device).device,
    )
    if unequal:
        return SuiteResult(page=None, failed={**failed, COMPARISON: unequal})
    if suite.against and suite.against not in (*finished, *BASELINES):
        reason = f"{suite.against} is not finished, so the others are tested against {finished[0]}"
        failed = {**failed, COMPARISON: reason}
    settings = ContestSettings(
        names=tuple(finished),
        against=suite.against if suite.against in (*finished, *BASELINES) else None,
        inception=options.inception,
        device=options.device,
    )
    page = out / COMPARISON / PAGE
    try:
        compare_runs(
            [out / RUNS / name for name in finished],
            out / COMPARISON,
            settings=settings,
            progress=progress,
        )
    except SomeCasesFailedError as error:
        return SuiteResult(page=page, failed={**failed, COMPARISON: str(error)})
    except CrossvoxError as error:
        return SuiteResult(page=None, failed={**failed, COMPARISON: str(error)})
    return SuiteResult(page=page, failed=failed)
