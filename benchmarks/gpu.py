"""Everything that only a GPU can show, in one run.

    python benchmarks/gpu.py OUT                         # about 8 minutes on a large GPU
    python benchmarks/gpu.py OUT --device cpu --small    # the same paths in a minute, anywhere

Writes OUT/gpu.md and OUT/gpu.json: agreement with the CPU, the machine's own rates, seconds and
memory of a training step of the paper's experiment, of a prediction and of a denoising step.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from crossvox import __version__
from crossvox.contract import Batch, SynthesisMethod
from crossvox.preparation import IntensityScale, Preparation
from crossvox.synthesis import Synthesizer
from crossvox.synthesis.catalogue import build_method, method_names
from crossvox.synthesis.compute import Compute, channels_last
from crossvox.training.experiment import read_experiment

EXPERIMENT = Path(__file__).parents[1] / "experiments/paper_flair_to_t1.toml"
SCALE = IntensityScale(kind="window", limits=(-1, 1))
PREPARATION = Preparation(
    source_modalities=("FLAIR",),
    target_modality="T1w",
    target_unit="arbitrary",
    spacing_mm=None,
    source_scales=(SCALE,),
    target_scale=SCALE,
)
Sizes = dict[str, tuple[tuple[int, int, int], ...]]
LARGE: Sizes = {
    "steps": ((240, 288, 48), (192, 192, 192)),
    "predict": ((240, 288, 48), (256, 256, 256)),
}
SMALL: Sizes = {"steps": ((32, 32, 16),), "predict": ((32, 32, 16),)}
TERA, GIGA = 1e12, 1e9


@dataclass
class Report:
    """Rows under headings, printed as they come."""

    lines: list[str] = field(default_factory=list)
    numbers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """One line."""
        print(text, flush=True)
        self.lines.append(text)

    def table(self, title: str, rows: Iterator[dict[str, Any]]) -> None:
        """Rows as they are measured, all of the same columns."""
        self.say(f"\n## {title}\n")
        self.numbers[title] = []
        for row in rows:
            if not self.numbers[title]:
                self.say(f"| {' | '.join(row)} |")
                self.say("|" + "---|" * len(row))
            self.numbers[title].append(row)
            self.say(f"| {' | '.join(_cell(value) for value in row.values())} |")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where it runs and how often a measurement is repeated."""

    device: str
    repeats: int
    sizes: Sizes

    def wait(self) -> None:
        """Until all that was asked for is done."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    def seconds(self, work: Callable[[], object]) -> float:
        """Median of some runs after two that do not count."""
        taken = []
        for _ in range(2 + self.repeats):
            self.wait()
            start = time.perf_counter()
            work()
            self.wait()
            taken.append(time.perf_counter() - start)
        return statistics.median(taken[2:])

    @contextmanager
    def peak(self) -> Iterator[Callable[[], float]]:
        """GiB of tensors at most within it; 0 on a CPU."""
        if self.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        yield lambda: torch.cuda.max_memory_allocated() / 2**30 if self.device == "cuda" else 0.0


def agreement(machine: Machine) -> Iterator[dict[str, Any]]:
    """Every method on the device against float32 on the CPU."""
    source = torch.rand(1, 1, 48, 48, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for name in method_names():
        torch.manual_seed(0)
        given = {"sampling_steps": 4} if name == "ddpm3d" else {}
        method = build_method(name, {"width": 8, **given}, sources=1)
        wanted = Synthesizer(PREPARATION, method, Compute(device="cpu", bf16=False))
        exact = wanted.synthesize(source)
        row: dict[str, Any] = {"method": name}
        for word, bf16 in (("float32", False), ("bfloat16", True)):
            here = Synthesizer(PREPARATION, method, Compute(device=machine.device, bf16=bf16))
            error = (here.synthesize(source) - exact).abs()
            row |= {f"{word}, mean": float(error.mean()), f"{word}, largest": float(error.max())}
        yield row


def rates(machine: Machine) -> Iterator[dict[str, Any]]:
    """What the machine does at best: bfloat16 products and bytes moved."""
    size = 8192 if machine.device == "cuda" else 1024
    left, right = (torch.randn(size, size, device=machine.device).bfloat16() for _ in range(2))
    seconds = machine.seconds(lambda: left @ right)
    yield {"what": "bfloat16 matrix product", "rate": 2 * size**3 / seconds / TERA, "in": "TFLOP/s"}
    block = torch.empty(size**2 * 8, device=machine.device)
    copy = torch.empty_like(block)
    seconds = machine.seconds(lambda: copy.copy_(block))
    yield {"what": "copy", "rate": 2 * block.nbytes / seconds / GIGA, "in": "GB/s"}


def batch_of(sizes: tuple[int, int, int], device: str) -> Batch:
    """One random patch, channels last."""
    order = torch.channels_last_3d
    source = torch.rand(1, 1, *sizes, device=device).contiguous(memory_format=order) * 2 - 1
    return Batch(source=source, target=-source, mask=torch.ones_like(source))


def step_of(method: SynthesisMethod, batch: Batch, *, device: str) -> Callable[[], None]:
    """One training step under bfloat16 autocast, as the engine makes it."""
    optimizers = method.optimizers()

    def step() -> None:
        with torch.autocast(device, dtype=torch.bfloat16):
            for objective in method.objectives(batch):
                with torch.autocast(device, enabled=False):
                    objective.loss.backward()
                optimizers[objective.network].step()
                optimizers[objective.network].zero_grad(set_to_none=True)

    return step


def training(machine: Machine, peak_flops: float) -> Iterator[dict[str, Any]]:
    """The paper's experiment, each means added to the one before."""
    changes = () if machine.device == "cuda" else ("method.width=4", "method.depth=2")
    settings = read_experiment(EXPERIMENT, changes=changes).method_settings
    for sizes in machine.sizes["steps"]:
        for means in ("bfloat16", "+ channels last", "+ compile", "+ CUDA graphs"):
            if means == "+ CUDA graphs" and machine.device != "cuda":
                continue
            torch.compiler.reset()
            torch.manual_seed(0)
            method = build_method("gan3d", settings, sources=1).to(machine.device).train()
            if means != "bfloat16":
                channels_last(method)
            _compile(method, means)
            with machine.peak() as peak:
                step = step_of(method, batch_of(sizes, machine.device), device=machine.device)
                begun = time.perf_counter()
                step()
                machine.wait()
                first, seconds = time.perf_counter() - begun, machine.seconds(step)
                memory = peak()
            flops = _flops(settings, sizes, machine.device)
            yield {
                "voxels": " x ".join(map(str, sizes)),
                "means": means,
                "ms a step": 1000 * seconds,
                "GiB": memory,
                "first step, s": first,
                "TFLOP a step": flops / TERA,
                "share of the machine's rate": flops / seconds / TERA / peak_flops,
            }


def prediction(machine: Machine) -> Iterator[dict[str, Any]]:
    """Whole volumes through every method's synthesizer, at its default width."""
    for sizes in machine.sizes["predict"]:
        source = torch.rand(1, 1, *sizes) * 2 - 1
        for name in method_names():
            settings = {} if machine.device == "cuda" else {"width": 4}
            if name == "ddpm3d":
                settings |= {"sampling_steps": 2}
            method = build_method(name, settings, sources=1)
            compute = Compute(device=machine.device, bf16=True)
            synthesizer = Synthesizer(PREPARATION, method, compute, window=sizes)
            with machine.peak() as peak:
                seconds = machine.seconds(lambda: synthesizer.synthesize(source))  # noqa: B023 - run at once
                memory = peak()
            yield {
                "voxels": " x ".join(map(str, sizes)),
                "method": name,
                "ms a pass": 1000 * seconds / method.passes,
                "s for 50 passes": 50 * seconds / method.passes if method.passes > 1 else "",
                "s for 1000 passes": 1000 * seconds / method.passes if method.passes > 1 else "",
                "GiB": memory,
            }


def _compile(method: SynthesisMethod, means: str) -> None:
    if means in {"+ compile", "+ CUDA graphs"}:
        mode = "reduce-overhead" if means == "+ CUDA graphs" else None
        for network in method.children():
            network.compile(mode=mode, dynamic=False)


def _flops(settings: Any, sizes: tuple[int, int, int], device: str) -> float:  # noqa: ANN401 - a mapping
    """Of one step, forwards and backwards, as torch counts them."""
    method = build_method("gan3d", settings, sources=1).to(device).train()
    step = step_of(method, batch_of(sizes, device), device=device)
    with FlopCounterMode(display=False) as counter:
        step()
    return float(counter.get_total_flops())


def _cell(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _facts(machine: Machine) -> str:
    name = torch.cuda.get_device_name() if machine.device == "cuda" else "CPU"
    return (
        f"{name}; torch {torch.__version__}; CUDA {torch.version.cuda};"
        f" cuDNN {torch.backends.cudnn.version()}; crossvox {__version__};"
        f" {datetime.now(UTC).date()}; medians of {machine.repeats}"
    )


def main() -> None:
    """All tables, written after each so that a stop loses nothing."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    words.add_argument("out", type=Path)
    words.add_argument("--device", default="cuda")
    words.add_argument("--small", action="store_true")
    asked = words.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    machine = Machine(
        device=asked.device, repeats=3 if asked.small else 10, sizes=SMALL if asked.small else LARGE
    )
    report = Report()
    report.say(f"# GPU\n\n{_facts(machine)}")
    asked.out.mkdir(parents=True, exist_ok=True)
    report.table("Agreement with float32 on the CPU, of a range of 2", agreement(machine))
    report.table("The machine's own rates", rates(machine))
    peak = float(report.numbers["The machine's own rates"][0]["rate"])
    tables = {
        "A training step of the paper's experiment": training(machine, peak),
        "A prediction": prediction(machine),
    }
    for title, rows in tables.items():
        report.table(title, rows)
        asked.out.joinpath("gpu.md").write_text("\n".join(report.lines) + "\n")
        asked.out.joinpath("gpu.json").write_text(json.dumps(report.numbers, indent=2))


if __name__ == "__main__":
    main()
