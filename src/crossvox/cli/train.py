"""crossvox train."""

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
    """Learn to synthesize one modality from another.

    The same command goes on where an earlier one stopped. At the end the people it never saw
    are synthesized and scored; the report is OUT/evaluation/report.html.

    Parameters
    ----------
    data
        A BIDS folder, a CSV or JSON manifest, or a folder with one folder per modality.
    out
        Folder of the run: experiment.toml, progress.csv, checkpoint/, synthesizer/, evaluation/.
    source
        Modality given, such as FLAIR; several separated by commas.
    target
        Modality wanted, such as T1w.
    method
        gan3d, the paper's 3D GAN, unless the experiment says otherwise.
    experiment
        TOML file of settings; what it leaves open is planned and written to OUT/experiment.toml.
    set_
        section.key=value, over the experiment's; may be repeated.
    device
        cpu or cuda; the GPU where there is one.
    fresh
        Start again instead of going on.
    allow_synthetic
        Learn from synthesized volumes too, which are left out otherwise.
    plan_only
        Show what would be trained, each setting with its reason, and write nothing.
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
