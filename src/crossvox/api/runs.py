"""Training: plan, train, suites of runs, the demo."""

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
    from crossvox.training.plan_words import Reason


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
    """Train on a cohort, or go on where a run stopped, then score the people it never saw.

    Args:
        data: A BIDS folder, a CSV or JSON manifest, or a folder with one folder per modality.
        run: Folder of the run.
        source: Modality given, such as "FLAIR"; several as a sequence or separated by commas.
        target: Modality wanted, such as "T1w".
        method: Name of the method, such as "gan3d".
        experiment: TOML file of settings; open ones are planned.
        settings: "section.key=value" over the experiment's.
        allow_synthetic: Learn from synthesized volumes too, which are left out otherwise.
        device: "cpu" or "cuda"; the GPU where there is one, if None.
        fresh: Start again instead of going on.
        progress: Shown progress.
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
    """What `train` would do with the same arguments, each setting with its reason."""
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
    """Train several experiments on one cohort and compare them; what is done is skipped.

    A run that fails raises `SomeCasesFailedError` once the others are done; the error's `result`
    is theirs.

    Args:
        suite: TOML file of shared sections, and of what each run lays over them.
        out: Folder for runs/ and comparison/.
        data: The cohort, in place of the one that the suite names.
        only: Runs to train; all if None.
        inception: Weights of Inception-v3 for FID and KID.
        device: "cpu" or "cuda"; the GPU where there is one, if None.
        progress: Shown progress.
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
    read = read_suite(path_of(suite, name="suite"))
    result = run_suite(
        read, path_of(out, name="out"), options=options, progress=as_progress(progress)
    )
    if result.failed:
        reasons = "; ".join(f"{name}: {why}" for name, why in result.failed.items())
        raise SomeCasesFailedError(f"{len(result.failed)} failed: {reasons}", result=result)
    return result


def demo(out: AnyPath, *, progress: Shown = None) -> Evaluation | None:
    """Go the whole way on phantoms: image them, train, synthesize, score; some minutes.

    Args:
        out: Folder for the phantom cohort and the run.
        progress: Shown progress.
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

    named = {
        "cohort.source": ",".join(names_in(source)),
        "cohort.target": target,
        "method.name": method,
    }
    changes = [f"{name}={value}" for name, value in named.items() if value]
    changes += ["cohort.allow_synthetic=true"] if allow_synthetic else []
    return read_experiment(optional_path(file, name="experiment"), changes=[*changes, *settings])
