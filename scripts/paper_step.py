"""Measurement of a training step of the paper's experiment with cumulative optimizations."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from crossvox.acceleration.compute import channels_last
from crossvox.contract import Batch, SynthesisMethod
from crossvox.synthesis.catalogue import build_method
from crossvox.training.experiment import read_experiment
from measuring import GIGA, TERA, Bytes, Machine, rates

EXPERIMENT = Path(__file__).parents[1] / "experiments/paper_flair_to_t1.toml"
OPTIMIZATIONS = (  # each added to those before
    "float32",
    "bfloat16",
    "+ channels last",
    "+ cuDNN's search",
    "+ compile",
)


def training(machine: Machine, *, compiled: bool) -> Iterator[dict[str, Any]]:
    """Measure a training step of the paper's experiment with each optimization added in turn."""
    changes = () if machine.device == "cuda" else ("method.width=4", "method.depth=2")
    settings = read_experiment(EXPERIMENT, changes=changes).method_settings
    peak_flops, peak_bytes = (row["rate"] for row in rates(machine))
    # Compilation takes a minute or two, so it is measured only at the paper's size.
    for sizes in machine.sizes["steps"][: 1 if compiled else None]:
        flops, moved = _work(settings, sizes, machine.device)
        for optimization in _optimizations(machine, compiled=compiled):
            level = OPTIMIZATIONS.index(optimization)
            torch.compiler.reset()
            torch.manual_seed(0)
            torch.backends.cudnn.benchmark = level >= OPTIMIZATIONS.index("+ cuDNN's search")
            method = build_method("gan3d", settings, sources=1).to(machine.device).train()
            if level >= OPTIMIZATIONS.index("+ channels last"):
                channels_last(method)
            _compile(method, optimization)
            batch = batch_of(sizes, machine.device, last=optimization not in OPTIMIZATIONS[:2])
            bf16 = optimization != "float32"
            step = step_of(method, batch, device=machine.device, bf16=bf16)
            with machine.peak() as peak:
                start = time.perf_counter()
                step()
                machine.wait()
                first_seconds, seconds = time.perf_counter() - start, machine.seconds(step)
                memory = peak()
            yield {
                "voxels": " x ".join(map(str, sizes)),
                "means": optimization,
                "ms a step": 1000 * seconds,
                "GiB": memory,
                "first step, s": first_seconds,
                "TFLOP a step": flops / TERA,
                "share of the machine's rate": flops / seconds / TERA / peak_flops,
                "GB a step": moved / GIGA,
                "share of its bandwidth": moved / seconds / GIGA / peak_bytes,
            }
    torch.backends.cudnn.benchmark = False


def captured(machine: Machine) -> Iterator[dict[str, Any]]:
    """Measure a step of the paper's experiment replayed as one CUDA graph, at two sizes."""
    settings = read_experiment(EXPERIMENT).method_settings
    for sizes in (machine.sizes["steps"][0], (96, 96, 80)):
        method = build_method("gan3d", settings, sources=1).to(machine.device).train()
        channels_last(method)
        batch = batch_of(sizes, machine.device, last=True)
        step = step_of(method, batch, device=machine.device, bf16=True, capturable=True)
        eager = machine.seconds(step)
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            step()
        machine.wait()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            step()
        yield {
            "voxels": " x ".join(map(str, sizes)),
            "ms a step": 1000 * eager,
            "ms a step as a graph": 1000 * machine.seconds(graph.replay),
        }


def profile(machine: Machine) -> Iterator[dict[str, Any]]:
    """List the operations in which a step of the paper's experiment spends its time."""
    changes = () if machine.device == "cuda" else ("method.width=4", "method.depth=2")
    settings = read_experiment(EXPERIMENT, changes=changes).method_settings
    method = build_method("gan3d", settings, sources=1).to(machine.device).train()
    channels_last(method)
    batch = batch_of(machine.sizes["steps"][0], machine.device, last=True)
    step = step_of(method, batch, device=machine.device, bf16=True)
    machine.seconds(step)
    with torch.profiler.profile() as profiler:
        step()
        machine.wait()
    clock = "self_device_time_total" if machine.device == "cuda" else "self_cpu_time_total"
    times_us = [(getattr(event, clock), event) for event in profiler.key_averages()]
    total_us = sum(time_us for time_us, event in times_us if event.key.startswith("aten::"))
    for time_us, event in sorted(times_us, key=lambda pair: -pair[0])[:24]:
        yield {
            "operation or kernel": event.key[:90],
            "calls": event.count,
            "ms": time_us / 1000,
            "share": time_us / total_us,
        }


def batch_of(sizes: tuple[int, int, int], device: str, *, last: bool) -> Batch:
    """Create a batch of one random patch, optionally in channels-last order."""
    order = torch.channels_last_3d if last else torch.contiguous_format
    source = torch.rand(1, 1, *sizes, device=device).contiguous(memory_format=order) * 2 - 1
    return Batch(source=source, target=-source, mask=torch.ones_like(source))


def step_of(
    method: SynthesisMethod, batch: Batch, *, device: str, bf16: bool, capturable: bool = False
) -> Callable[[], None]:
    """Create a function that does one training step as the engine does."""
    optimizers = method.optimizers()
    for optimizer in optimizers.values():
        for group in optimizer.param_groups:
            group["capturable"] = capturable
    precision = torch.autocast(
        device, dtype=torch.bfloat16, enabled=bf16, cache_enabled=not capturable
    )

    def step() -> None:
        with precision:
            for objective in method.objectives(batch):
                with torch.autocast(device, enabled=False):
                    objective.loss.backward()
                optimizers[objective.network].step()
                optimizers[objective.network].zero_grad(set_to_none=True)

    return step


def _optimizations(machine: Machine, *, compiled: bool) -> tuple[str, ...]:
    if machine.device != "cuda":
        return () if compiled else OPTIMIZATIONS[:3]
    return OPTIMIZATIONS[4:] if compiled else OPTIMIZATIONS[:4]


def _compile(method: SynthesisMethod, optimization: str) -> None:
    if optimization == "+ compile":
        for network in method.children():
            network.compile(dynamic=False)


def _work(settings: Any, sizes: tuple[int, int, int], device: str) -> tuple[float, float]:  # noqa: ANN401 - any mapping
    """Count the operations of one step and the bytes that it moves without compilation."""
    method = build_method("gan3d", settings, sources=1).to(device).train()
    channels_last(method)
    step = step_of(method, batch_of(sizes, device, last=True), device=device, bf16=True)
    with FlopCounterMode(display=False) as counter:
        step()
    with Bytes() as moved:
        step()
    return float(counter.get_total_flops()), float(moved.total)
