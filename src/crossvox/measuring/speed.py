"""Benchmarks of prediction and training steps against alternatives."""

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
    """A kind of benchmark.

    Attributes:
        name: Name of its command and of the files it writes.
        title: Title of the page.
        variants: Variants; ratios are relative to the first.
        against: Groups that are compared by default.
        sizes: Default size of the volume or patch in voxels.
        operations: Function that counts the operations of one call of the work for each form of
            the network; the first form is the one that crossvox runs.
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
    """Options of a benchmark.

    Attributes:
        rounds: Number of turns of each variant.
        against: Groups of variants to compare crossvox with.
        profile: Whether to report arithmetic throughput and a profile of operations.

    Raises:
        SettingsError: `rounds` is below 1.
    """

    rounds: int = 5
    against: tuple[str, ...] = ()
    profile: bool = False

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise SettingsError(f"rounds must be at least 1, got {self.rounds}")


@dataclass(frozen=True, kw_only=True)
class Result:
    """A finished benchmark.

    Attributes:
        page: Content of the Markdown page.
        outcomes: Outcomes in the order of the table.
    """

    page: str
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> dict[str, str]:
        """Reason of each failure by the variant's name."""
        failures = [outcome for outcome in self.outcomes if outcome.failure]
        return {outcome.variant.name: outcome.failure for outcome in failures}


def setting_of(
    kind: Kind,
    *,
    sizes: Sizes | None,
    width: int,
    discriminator_width: int,
    threads: int | None,
) -> Setting:
    """Create the shared settings; None means the default sizes of `kind` and one thread per core.

    Raises:
        SettingsError: A value is below 1.
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
    """Measure every variant in its own process, in turn; write a page and two tables to `out`.

    Args:
        kind: Kind of benchmark.
        out: Folder for NAME.md, NAME.csv and NAME_rounds.csv.
        setting: Settings shared by the variants.
        options: Options of the benchmark.
        progress: Receiver of progress.

    Raises:
        SettingsError: A group is unknown, or a package that it needs is not installed.
        ModelError: The variant of crossvox failed, so nothing can be compared.
    """
    chosen = chosen_variants(kind.variants, options.against)
    load = psutil.getloadavg()[0]
    ceilings = CEILINGS if options.profile else ()
    with started((*chosen, *ceilings), setting, progress=progress) as processes:
        outcomes = in_rounds(processes, rounds=options.rounds, progress=progress)
        if outcomes[0].failure:
            raise ModelError(f"crossvox itself could not be measured: {outcomes[0].failure}")
        facts = (
            *_settings_facts(kind, setting, options),
            *processes[0].ask(machine_facts),
            ("load before (running processes)", f"{load:.2f}"),
        )
        operations = processes[0].ask(profiled) if options.profile else ""
    fast = fast_precision()
    table = markdown_table(outcomes[: len(chosen)], fast=fast)
    parts = [f"# {kind.title}", markdown_facts(facts), table]
    if options.profile:
        parts += [
            arithmetic(outcomes, kind.operations(setting), setting),
            f"## Profile of crossvox\n\n```\n{operations.strip()}\n```",
        ]
    page = "\n\n".join(parts) + "\n"
    write_atomically(out / f"{kind.name}.md", page.encode())
    write_atomically(out / f"{kind.name}.csv", csv_table(outcomes, fast=fast).encode())
    write_atomically(out / f"{kind.name}_rounds.csv", csv_rounds(outcomes).encode())
    return Result(page=page, outcomes=tuple(outcomes))


def chosen_variants(variants: Sequence[Variant], against: Sequence[str]) -> list[Variant]:
    """Select the variants of crossvox and of the groups `against`.

    Raises:
        SettingsError: A group is unknown, or a package that it needs is not installed.
    """
    groups = dict.fromkeys(variant.group for variant in variants if variant.group != OURS)
    for name in against:
        if name not in groups:
            raise SettingsError(
                f"no group is called {name!r}; --against accepts: {', '.join(groups) or 'nothing'}"
            )
    if {MONAI, NETWORKS} & set(against):
        refuse_without_monai()
    if OPENVINO in against:
        openvino()
    return [variant for variant in variants if variant.group in (OURS, *against)]


def _settings_facts(kind: Kind, setting: Setting, options: Options) -> Facts:
    windows = " x ".join(map(str, setting.window))
    detail = ("windows", f"{windows}, enlarged to sizes that a network accepts")
    if kind.name == TRAIN.name:
        detail = ("discriminator", f"width {setting.discriminator_width}")
    return (
        ("voxels", " x ".join(map(str, setting.sizes))),
        ("generator", f"width {setting.width}"),
        detail,
        (
            "rounds",
            f"{options.rounds}; each turn is a warm-up and then runs for a second; medians",
        ),
    )


def arithmetic(outcomes: Sequence[Outcome], operations: Mapping[str, int], setting: Setting) -> str:
    """Report the throughput of crossvox, also as a share of that of large convolutions."""
    form = next(iter(operations))
    reached = operations[form] / outcomes[0].seconds / GIGA
    lines = ["| | GFLOP | GFLOP/s | crossvox reaches |", "|---|---:|---:|---:|"]
    for name, count in operations.items():
        rate = f"{reached:,.0f}" if name == form else ""
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
            f"A multiplication and an addition count as two operations; the network is counted"
            f" {form} and has {setting.width} channels at its first level.",
            "",
            *lines,
        )
    )
