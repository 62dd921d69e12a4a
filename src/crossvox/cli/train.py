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
    from crossvox.cli.evaluate import print_scores
    from crossvox.cli.screen import Screen
    from crossvox.journey import evaluate_run
    from crossvox.training.cohort import read_cohort_of, spelled_as
    from crossvox.training.experiment import read_experiment
    from crossvox.training.preview import preview
    from crossvox.training.processes import dismiss_others, finish
    from crossvox.training.train import train as train_cases

    given = {"cohort.source": source, "cohort.target": target, "method.name": method}
    changes = [f"{name}={value}" for name, value in given.items() if value]
    changes += ["cohort.allow_synthetic=true"] if allow_synthetic else []
    settings = read_experiment(experiment, changes=[*changes, *(set_ or [])])
    reading = read_cohort_of(settings, data)
    settings = spelled_as(settings, reading)
    if plan_only:
        print(*preview(reading.cases, out, settings, device=device), sep="\n")
        return
    with Screen() as screen:
        trained = train_cases(
            reading.cases, out, settings, device=device, fresh=fresh, progress=screen
        )
        dismiss_others(trained.fabric)
        evaluation = evaluate_run(trained, device=device, progress=screen)
    if evaluation:
        print_scores(evaluation)
    else:
        print(out / "synthesizer")
    finish(trained.fabric)
