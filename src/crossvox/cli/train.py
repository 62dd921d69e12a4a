"""The command `crossvox train`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def train(
    data: Path,
    out: Path,
    /,
    *,
    source: str | None = None,
    target: str | None = None,
    method: str | None = None,
    experiment: Path | None = None,
    set_: Annotated[list[str] | None, Parameter(name="--set")] = None,
    device: str | None = None,
    fresh: bool = False,
    allow_synthetic: bool = False,
    plan_only: bool = False,
) -> None:
    """Train a model that synthesizes one modality from another.

    Running the same command again resumes a run that was stopped. At the end, volumes of people
    held out from training are synthesized and scored; the report is OUT/evaluation/report.html.
    All settings are listed in docs/reference/settings.md.

    Parameters
    ----------
    data
        BIDS folder, CSV or JSON manifest, or folder with one folder per modality.
    out
        Folder of the run, for experiment.toml, progress.csv, checkpoint/, synthesizer/ and
        evaluation/.
    source
        Source modality, such as FLAIR; several are separated by commas.
    target
        Target modality, such as T1w.
    method
        Method to train (default: that of the experiment, else gan3d, the paper's 3D GAN).
    experiment
        TOML file of settings; those it leaves open are planned and written to
        OUT/experiment.toml. docs/reference/settings.md lists all settings.
    set_
        Setting to override, as section.key=value, such as training.steps=1000; see
        docs/reference/settings.md. Can be repeated.
    device
        Device to train on: cpu or cuda (default: the GPU if there is one).
    fresh
        Delete what an earlier run wrote to OUT and start again instead of resuming.
    allow_synthetic
        Also train on synthesized volumes, which are left out by default.
    plan_only
        Show the planned settings, each with its reason, and write nothing.
    """
    import crossvox
    from crossvox.cli.scores import print_scores, printing_scores

    settings = set_ or []
    if plan_only:
        reasons = crossvox.plan(
            data,
            out,
            source=source,
            target=target,
            method=method,
            experiment=experiment,
            settings=settings,
            allow_synthetic=allow_synthetic,
            device=device,
        )
        print(*reasons, sep="\n")
        return
    with printing_scores(), crossvox.Bars() as bars:
        run = crossvox.train(
            data,
            out,
            source=source,
            target=target,
            method=method,
            experiment=experiment,
            settings=settings,
            allow_synthetic=allow_synthetic,
            device=device,
            fresh=fresh,
            progress=bars,
        )
    if run.evaluation:
        print_scores(run.evaluation)
    else:
        print(out / "synthesizer")
    run.leave()
