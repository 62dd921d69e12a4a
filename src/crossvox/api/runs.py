"""Public functions for training: plan, train, suites of runs, the demo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crossvox.api.arguments import AnyPath, Names, Shown, names_in
from crossvox.files.paths import optional_path, path_of
from crossvox.progress.protocol import as_progress

if TYPE_CHECKING:
    from crossvox.evaluation import Evaluation
    from crossvox.journey.suite import SuiteResult
    from crossvox.journey.train import Run
    from crossvox.training.experiment import Experiment
    from crossvox.training.plan_report import Reason


def train(
    data: AnyPath,
    run: AnyPath,
    *,
    source: Names | None = None,
    target: str | None = None,
    method: str | None = None,
    experiment: AnyPath | None = None,
    settings: Sequence[str] = (),
    allow_synthetic: bool = False,
    device: str | None = None,
    fresh: bool = False,
    progress: Shown = None,
) -> Run:
    """Train on a cohort, or resume a run that was stopped, then score the held-out people.

    Args:
        data: BIDS folder, CSV or JSON manifest, or folder with one folder per modality.
        run: Folder of the run.
        source: Source modality, such as "FLAIR"; several as a sequence or separated by commas.
        target: Target modality, such as "T1w".
        method: Name of the method, such as "gan3d".
        experiment: TOML file of settings; those it leaves open are planned.
        settings: Settings to override, as "section.key=value"; see docs/reference/settings.md.
        allow_synthetic: Also train on synthesized volumes, which are left out by default.
        device: "cpu" or "cuda"; the GPU if there is one, if None.
        fresh: Delete what an earlier run wrote to the folder and start again.
        progress: Receiver of progress; none is shown if None.
    """
    from crossvox.journey.train import train_files

    return train_files(
        path_of(data, name="data"),
        path_of(run, name="run"),
        _experiment(source, target, method, experiment, settings, allow_synthetic),
        device=device,
        fresh=fresh,
        progress=as_progress(progress),
    )


def plan(
    data: AnyPath,
    run: AnyPath,
    *,
    source: Names | None = None,
    target: str | None = None,
    method: str | None = None,
    experiment: AnyPath | None = None,
    settings: Sequence[str] = (),
    allow_synthetic: bool = False,
    device: str | None = None,
) -> tuple[Reason, ...]:
    """Settings that `train` would use with the same arguments, each with its reason."""
    from crossvox.journey.train import plan_files

    return plan_files(
        path_of(data, name="data"),
        path_of(run, name="run"),
        _experiment(source, target, method, experiment, settings, allow_synthetic),
        device=device,
    )


def suite(
    suite: AnyPath,
    out: AnyPath,
    *,
    data: AnyPath | None = None,
    only: Names | None = None,
    inception: AnyPath | None = None,
    device: str | None = None,
    progress: Shown = None,
) -> SuiteResult:
    """Train several experiments on one cohort and compare them; finished runs are skipped.

    If a run fails, `SomeCasesFailedError` is raised once the others are done; its `result` is
    the `SuiteResult` of the others.

    Args:
        suite: TOML file with the settings that runs share and those that each run changes.
        out: Output folder for runs/ and comparison/.
        data: Cohort to use instead of the suite's.
        only: Names of the runs to train; all if None.
        inception: File of Inception-v3 weights for FID and KID; both are n/a if None.
        device: "cpu" or "cuda"; the GPU if there is one, if None.
        progress: Receiver of progress; none is shown if None.
    """
    from crossvox.errors import SomeCasesFailedError
    from crossvox.journey.suite import SuiteOptions, run_suite
    from crossvox.journey.suite_file import read_suite

    options = SuiteOptions(
        data=optional_path(data, name="data"),
        only=names_in(only),
        inception=optional_path(inception, name="inception"),
        device=device,
    )
    contents = read_suite(path_of(suite, name="suite"))
    result = run_suite(
        contents, path_of(out, name="out"), options=options, progress=as_progress(progress)
    )
    if result.failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in result.failed.items())
        raise SomeCasesFailedError(f"{len(result.failed)} failed: {reasons}", result=result)
    return result


def demo(out: AnyPath, *, progress: Shown = None) -> Evaluation | None:
    """Run the whole workflow on phantoms: simulate, train, predict, evaluate (a few minutes).

    Args:
        out: Output folder for the phantom cohort and the run.
        progress: Receiver of progress; none is shown if None.
    """
    from crossvox.journey.demo import demo as run_demo

    return run_demo(path_of(out, name="out"), progress=as_progress(progress))


def _experiment(
    source: Names | None,
    target: str | None,
    method: str | None,
    file: AnyPath | None,
    settings: Sequence[str],
    allow_synthetic: bool,  # noqa: FBT001 - a setting
) -> Experiment:
    from crossvox.training.experiment import read_experiment

    arguments = {
        "cohort.source": ",".join(names_in(source)),
        "cohort.target": target,
        "method.name": method,
    }
    changes = [f"{name}={value}" for name, value in arguments.items() if value]
    changes += ["cohort.allow_synthetic=true"] if allow_synthetic else []
    return read_experiment(optional_path(file, name="experiment"), changes=[*changes, *settings])
