"""Predictions and steps of training beside the alternatives, measured in one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch

from crossvox.errors import ModelError, SettingsError
from crossvox.files import write_atomically
from crossvox.measuring.facts import Facts, machine_facts, profiled
from crossvox.measuring.rounds import Outcome, in_rounds, started
from crossvox.measuring.table import GIGA, csv_rounds, csv_table, markdown_facts, markdown_table
from crossvox.progress import QUIET, Progress
from crossvox.synthesis.engines import openvino
from crossvox.synthesis.windows import Sizes
from crossvox.variants.arithmetic import operations_of_prediction, operations_of_training
from crossvox.variants.ceilings import CEILINGS
from crossvox.variants.peers import MONAI, NETWORKS, refuse_without_monai
from crossvox.variants.prediction import OPENVINO, PREDICTION
from crossvox.variants.training import TRAINING
from crossvox.variants.treated import fast_precision
from crossvox.variants.variant import CEILING, OURS, Setting, Variant


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of work.

    Attributes:
        name: Of the files that are written.
        title: Of the page.
        variants: The first is what ratios are taken to.
        against: Groups beside ours, unless others are asked for.
        sizes: Voxels, unless others are asked for.
        operations: Of one work by what the network is written as; the first is what runs.
    """

    name: str
    title: str
    variants: tuple[Variant, ...]
    against: tuple[str, ...]
    sizes: Sizes
    operations: Callable[[Setting], Mapping[str, int]]


PREDICT = Kind(
    name="predict",
    title="Predicting one volume",
    variants=PREDICTION,
    against=("windows", "pix2pix", "ddpm", "eager"),
    sizes=(240, 288, 48),
    operations=operations_of_prediction,
)
TRAIN = Kind(
    name="train",
    title="One step of training",
    variants=TRAINING,
    against=(),
    sizes=(144, 128, 48),
    operations=operations_of_training,
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a benchmark is made.

    Attributes:
        rounds: How often each variant has its turn.
        against: Groups of variants beside ours.
        profile: Whether operations are counted and timed too.

    Raises:
        SettingsError: There are no rounds.
    """

    rounds: int = 5
    against: tuple[str, ...] = ()
    profile: bool = False

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise SettingsError(f"rounds are at least 1, got {self.rounds}")


@dataclass(frozen=True, kw_only=True)
class Result:
    """A finished benchmark.

    Attributes:
        page: What was written as Markdown.
        outcomes: In the order of the table.
    """

    page: str
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> dict[str, str]:
        """Why, by the name of the variant."""
        return {one.variant.name: one.failure for one in self.outcomes if one.failure}


def setting_of(
    kind: Kind,
    *,
    sizes: Sizes | None,
    width: int,
    discriminator_width: int,
    threads: int | None,
) -> Setting:
    """What the variants share, where nothing is said the kind's sizes and a thread a core.

    Raises:
        SettingsError: One of them is below 1.
    """
    return Setting(
        sizes=sizes or kind.sizes,
        width=width,
        discriminator_width=discriminator_width,
        threads=torch.get_num_threads() if threads is None else threads,
    )


def benchmark(
    kind: Kind, out: Path, setting: Setting, *, options: Options, progress: Progress = QUIET
) -> Result:
    """Every variant in a process of its own, in turn; a page and two tables in `out`.

    Args:
        kind: What is measured.
        out: Folder of NAME.md, NAME.csv and NAME_rounds.csv.
        setting: What the variants share.
        options: How it is made.
        progress: Told what is done.

    Raises:
        SettingsError: A group is unknown, or what it needs is not installed.
        ModelError: Ours failed, so that nothing can be compared.
    """
    chosen = chosen_variants(kind.variants, options.against)
    load = psutil.getloadavg()[0]
    ceilings = CEILINGS if options.profile else ()
    with started((*chosen, *ceilings), setting, progress=progress) as processes:
        outcomes = in_rounds(processes, rounds=options.rounds, progress=progress)
        if outcomes[0].failure:
            raise ModelError(f"ours could not be measured: {outcomes[0].failure}")
        facts = (
            *_given(kind, setting, options),
            *processes[0].ask(machine_facts),
            ("load before (processes at work)", f"{load:.2f}"),
        )
        operations = processes[0].ask(profiled) if options.profile else ""
    fast = fast_precision()
    table = markdown_table(outcomes[: len(chosen)], fast=fast)
    parts = [f"# {kind.title}", markdown_facts(facts), table]
    if options.profile:
        parts += [
            arithmetic(outcomes, kind.operations(setting), setting),
            f"## Where the time goes in ours\n\n```\n{operations.strip()}\n```",
        ]
    page = "\n\n".join(parts) + "\n"
    write_atomically(out / f"{kind.name}.md", page.encode())
    write_atomically(out / f"{kind.name}.csv", csv_table(outcomes, fast=fast).encode())
    write_atomically(out / f"{kind.name}_rounds.csv", csv_rounds(outcomes).encode())
    return Result(page=page, outcomes=tuple(outcomes))


def chosen_variants(variants: Sequence[Variant], against: Sequence[str]) -> list[Variant]:
    """Ours and those of the groups `against`.

    Raises:
        SettingsError: A group is unknown, or what it needs is not installed.
    """
    groups = dict.fromkeys(one.group for one in variants if one.group != OURS)
    for name in against:
        if name not in groups:
            raise SettingsError(
                f"nothing is called {name!r}; --against knows: {', '.join(groups) or 'nothing'}"
            )
    if {MONAI, NETWORKS} & set(against):
        refuse_without_monai()
    if OPENVINO in against:
        openvino()
    return [one for one in variants if one.group in (OURS, *against)]


def _given(kind: Kind, setting: Setting, options: Options) -> Facts:
    windows = " x ".join(map(str, setting.window))
    special = ("windows", f"{windows}, grown to what a network takes")
    if kind.name == TRAIN.name:
        special = ("discriminator", f"width {setting.discriminator_width}")
    return (
        ("voxels", " x ".join(map(str, setting.sizes))),
        ("generator", f"width {setting.width}"),
        special,
        (
            "rounds",
            f"{options.rounds}; a turn is a work to warm up, then works for a second; medians",
        ),
    )


def arithmetic(outcomes: Sequence[Outcome], operations: Mapping[str, int], setting: Setting) -> str:
    """What ours reaches of each convolution, as shares."""
    counted = next(iter(operations))
    reached = operations[counted] / outcomes[0].seconds / GIGA
    lines = ["| | GFLOP | GFLOP/s | ours reaches |", "|---|---:|---:|---:|"]
    for name, count in operations.items():
        rate = f"{reached:,.0f}" if name == counted else ""
        lines.append(f"| network {name} | {count / GIGA:,.1f} | {rate} | |")
    for outcome in outcomes:
        cost = outcome.cost
        if outcome.variant.group == CEILING and cost and outcome.measurements:
            possible = cost.operations / outcome.seconds / GIGA
            lines.append(
                f"| {outcome.variant.name} | {cost.operations / GIGA:,.1f} | {possible:,.0f}"
                f" | {reached / possible:.0%} |"
            )
    return "\n".join(
        (
            "## Arithmetic",
            "",
            f"Two operations for a multiplication and an addition; ours is counted {counted} and"
            f" begins with {setting.width} channels.",
            "",
            *lines,
        )
    )
