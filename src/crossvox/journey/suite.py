"""Several experiments on one cohort, trained one after the other and compared.

OUT/
├── check.json     the check of the cohort, also in each run
├── phantom/       the cohort, where the suite images its own
├── runs/NAME/     as `crossvox train` leaves them
└── comparison/    as `crossvox compare` leaves it
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crossvox.acceleration.compute import compute_at_hand
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
from crossvox.journey.contestants import EVALUATION, ContestSettings, compare_runs
from crossvox.journey.run import evaluate_run, is_evaluated
from crossvox.journey.suite_file import Suite
from crossvox.phantoms import PhantomSettings, write_phantom
from crossvox.progress import QUIET, Progress
from crossvox.scoring.baselines import BASELINES
from crossvox.scoring.inception_features import load_inception
from crossvox.scoring.pairs import PAIRS_FILE
from crossvox.training.cohort import read_cohort_of, spelled_as
from crossvox.training.experiment import Experiment
from crossvox.training.faults import CHECK, refuse_faults
from crossvox.training.processes import process_count
from crossvox.training.run_folder import EXPERIMENT
from crossvox.training.train import train

RUNS, COMPARISON, PHANTOM = "runs", "comparison", "phantom"
FEWEST = 2


@dataclass(frozen=True, kw_only=True)
class SuiteOptions:
    """What a command says beside the suite.

    Attributes:
        data: The cohort, in place of the suite's own.
        only: Runs to train; all where empty.
        inception: Weights of Inception-v3 for FID and KID.
        device: "cpu" or "cuda"; the GPU where there is one, if None.
    """

    data: Path | None = None
    only: tuple[str, ...] = ()
    inception: Path | None = None
    device: str | None = None


@dataclass(frozen=True, kw_only=True)
class SuiteResult:
    """What became of a suite.

    Attributes:
        page: Of the comparison; None where fewer than two runs are finished.
        failed: Why, by run, or "comparison".
    """

    page: Path | None
    failed: Mapping[str, str]


DEFAULTS = SuiteOptions()


def run_suite(
    suite: Suite, out: Path, *, options: SuiteOptions = DEFAULTS, progress: Progress = QUIET
) -> SuiteResult:
    """Train and evaluate each experiment, then compare them; what is done is not done again.

    Args:
        suite: What `read_suite` read.
        out: Gets runs/ and comparison/.
        options: What the command says.
        progress: Told what happens.

    Returns:
        The comparison's page, and which runs failed: the others go on without them. Runs whose
        minutes came out as unequal budgets are not compared.

    Raises:
        SettingsError: `only` names no run, nothing says which cohort, there is no such device, or
            there are several processes.
        ModelError: The weights of Inception-v3 are not those.
        CohortError: The cohort is missing or has faults.
        InterruptedRunError: Asked to stop; everything is saved.
    """
    names = _chosen(suite, options.only)
    _refuse_early(options)
    reading = _read(suite, out, options, progress)
    cases = reading.cases
    spelled = {name: spelled_as(each, reading) for name, each in suite.experiments.items()}
    suite = replace(suite, experiments=spelled)
    first = next(iter(suite.experiments.values()))
    if first.cohort.check and not any(out.glob(f"{RUNS}/*/{EXPERIMENT}")):
        settings = first.cohort
        split = split_cohort(cases, seed=settings.split_seed, fractions=settings.fractions)
        refuse_faults(split, first, out / CHECK, progress=progress)
    failed: dict[str, str] = {}
    lost: set[str] = set()
    for name in names:
        progress.run(name)
        try:
            _finish(suite.experiments[name], cases, out / RUNS / name, options, progress)
        except InterruptedRunError:
            raise
        except SomeCasesFailedError as error:
            failed[name] = str(error)
        except CrossvoxError as error:
            lost.add(name)
            failed[name] = str(error)
        except (RuntimeError, ValueError, MemoryError) as error:
            # A defect in one method must not keep the others from being trained.
            lost.add(name)
            failed[name] = f"{type(error).__name__}: {error}"
    progress.run(COMPARISON)
    finished = [
        name
        for name in suite.experiments
        if name not in lost and (out / RUNS / name / EVALUATION / PAIRS_FILE).is_file()
    ]
    if len(finished) < FEWEST:
        return SuiteResult(page=None, failed=failed)
    return _compared(suite, out, finished, options, progress, failed)


def _refuse_early(options: SuiteOptions) -> None:
    """What would only fail after hours of training."""
    compute_at_hand(device=options.device)
    if options.inception is not None:
        load_inception(options.inception)
    if process_count() > 1:
        raise SettingsError(
            "a suite runs in one process; train its runs by crossvox train into OUT/runs/NAME,"
            " then run the suite alone"
        )


def _chosen(suite: Suite, only: Sequence[str]) -> list[str]:
    unknown = [name for name in only if name not in suite.experiments]
    if unknown:
        known = ", ".join(suite.experiments)
        raise SettingsError(f"no run of the suite is called {unknown[0]!r}; there are {known}")
    return [name for name in suite.experiments if name in only or not only]


def _read(suite: Suite, out: Path, options: SuiteOptions, progress: Progress) -> Reading:
    """The cohort, which is one for all runs."""
    first = next(iter(suite.experiments.values()))
    data = options.data or suite.data
    if data is None and suite.phantom is None:
        raise SettingsError("the suite names no cohort; say --data DATA, or set suite.data in it")
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
    """Train to the end and evaluate, as far as that is not done."""
    unchecked = replace(experiment, cohort=replace(experiment.cohort, check=False))
    trained = train(cases, folder, unchecked, device=options.device, progress=progress)
    checked = folder.parent.parent / CHECK
    if checked.is_file():
        write_atomically(folder / CHECK, checked.read_bytes())
    if is_evaluated(trained, device=options.device):
        return
    if evaluate_run(trained, device=options.device, progress=progress) is None:
        raise CohortError("no one is left to test on; see cohort.fractions or the split column")


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
        device=compute_at_hand(device=options.device).device,
    )
    if unequal:
        return SuiteResult(page=None, failed={**failed, COMPARISON: unequal})
    if suite.against and suite.against not in (*finished, *BASELINES):
        why = f"{suite.against} is not finished, so the others are tested against {finished[0]}"
        failed = {**failed, COMPARISON: why}
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
