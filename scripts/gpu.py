"""Benchmarks and checks that need a GPU, in one run.

    python scripts/gpu.py OUT --data COHORT           # about 7 minutes on a large GPU
    python scripts/gpu.py OUT --device cpu --small    # same code in a minute, on any machine

Writes OUT/gpu.md and OUT/gpu.json: agreement with the CPU, the machine's peak rates, and time and
memory of a training step of the paper's experiment, of a prediction and of a denoising step. With
a cohort of FLAIR and T1w, the experiment is trained on it in OUT/run, and the trained network's
output is compared with that on the CPU; options such as --set training.epochs=10 shorten training.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from crossvox import __version__
from crossvox.acceleration.compute import Compute
from crossvox.cohort import read_cohort
from crossvox.files import read_volume
from crossvox.preparation import IntensityScale, Preparation
from crossvox.synthesis import Synthesizer
from crossvox.synthesis.catalogue import build_method, method_names
from crossvox.synthesis.store import load_synthesizer
from measuring import Machine, Report, Sizes, rates
from paper_step import EXPERIMENT, captured, profile, training

SCALE = IntensityScale(kind="window", limits=(-1, 1))
PREPARATION = Preparation(
    source_modalities=("FLAIR",),
    target_modality="T1w",
    target_unit="arbitrary",
    spacing_mm=None,
    source_scales=(SCALE,),
    target_scale=SCALE,
)
LARGE: Sizes = {
    "steps": ((240, 288, 48), (192, 192, 192)),
    "predict": ((240, 288, 48), (256, 256, 256)),
}
SMALL: Sizes = {"steps": ((32, 32, 16),), "predict": ((32, 32, 16),)}


def agreement(machine: Machine) -> Iterator[dict[str, Any]]:
    """Compare every method on the device with float32 on the CPU."""
    source = torch.rand(1, 1, 48, 48, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for name in method_names():
        torch.manual_seed(0)
        settings = {"sampling_steps": 4} if name == "ddpm3d" else {}
        method = build_method(name, {"width": 8, **settings}, sources=1)
        for weights in method.parameters():
            if not weights.any():  # weights of 0 would hide errors of earlier layers
                torch.nn.init.normal_(weights, std=0.05)
        on_cpu = Synthesizer(PREPARATION, method, Compute(device="cpu", bf16=False))
        exact = on_cpu.synthesize(source)
        row: dict[str, Any] = {"method": name}
        for precision, bf16 in (("float32", False), ("bfloat16", True)):
            compute = Compute(device=machine.device, bf16=bf16)
            error = (Synthesizer(PREPARATION, method, compute).synthesize(source) - exact).abs()
            row[f"{precision}, mean"] = float(error.mean())
            row[f"{precision}, largest"] = float(error.max())
        yield row


def trained_agreement(machine: Machine, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Train a network and compare its output for a real FLAIR with float32 on the CPU."""
    _train(options)
    cases = read_cohort(options.data, modalities=("FLAIR", "T1w"))
    source = read_volume(next(case for case in cases if case.split == "test").images["FLAIR"])
    devices = (("cpu", False), (machine.device, False), (machine.device, True))
    exact: Tensor | None = None
    for device, bf16 in devices:
        compute = Compute(device=device, bf16=bf16)
        synthesizer = load_synthesizer(options.out / "run", compute=compute)
        prepared = synthesizer.prepare([source]).tensor
        start = time.perf_counter()
        synthesized = synthesizer.synthesize(prepared)
        seconds = time.perf_counter() - start
        exact = synthesized if exact is None else exact
        error = (synthesized - exact).double()
        rms = float(error.square().mean().sqrt())
        yield {
            "device": device,
            "precision": "bfloat16" if bf16 else "float32",
            "voxels": " x ".join(map(str, prepared.shape[2:])),
            "first volume, s": seconds,
            "mean error": float(error.abs().mean()),
            "largest error": float(error.abs().max()),
            "dB": 20 * math.log10(2 / rms) if rms else "",
        }


def prediction(machine: Machine) -> Iterator[dict[str, Any]]:
    """Measure the synthesis of whole volumes by every method at its default width."""
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
                seconds = machine.seconds(lambda: synthesizer.synthesize(source))  # noqa: B023 - called in this iteration
                memory = peak()
            yield {
                "voxels": " x ".join(map(str, sizes)),
                "method": name,
                "ms a pass": 1000 * seconds / method.passes,
                "s for 50 passes": 50 * seconds / method.passes if method.passes > 1 else "",
                "s for 1000 passes": 1000 * seconds / method.passes if method.passes > 1 else "",
                "GiB": memory,
            }


def _train(options: argparse.Namespace) -> None:
    """Train the paper's experiment on a cohort with `crossvox train`."""
    run = options.out / "run"
    command = [sys.executable, "-m", "crossvox", "train", str(options.data), str(run)]
    command += ["--experiment", str(EXPERIMENT), "--device", options.device]
    command += [word for setting in options.set for word in ("--set", setting)]
    subprocess.run(command, check=True)


def _facts(machine: Machine) -> str:
    name = torch.cuda.get_device_name() if machine.device == "cuda" else "CPU"
    return (
        f"{name}; torch {torch.__version__}; CUDA {torch.version.cuda};"
        f" cuDNN {torch.backends.cudnn.version()}; crossvox {__version__};"
        f" {datetime.now(UTC).date()}; medians of {machine.repeats}"
    )


def main() -> None:
    """Measure all tables, writing the results after each so that an interruption loses nothing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", default="", help="measure only tables whose title contains this")
    parser.add_argument("--set", action="append", default=[])
    options = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    machine = Machine(
        device=options.device,
        repeats=3 if options.small else 10,
        sizes=SMALL if options.small else LARGE,
    )
    report = Report()
    report.say(f"# GPU\n\n{_facts(machine)}")
    options.out.mkdir(parents=True, exist_ok=True)
    tables = {
        "Agreement with float32 on the CPU, of a range of 2": agreement(machine),
        "The machine's own rates": rates(machine),
        "A prediction": prediction(machine),
        "A training step of the paper's experiment": training(machine, compiled=False),
        "Where a training step spends its time": profile(machine),
    }
    if options.data:
        tables["A trained network on a real volume"] = trained_agreement(machine, options)
    tables["The same step compiled"] = training(machine, compiled=True)
    if options.device == "cuda":
        tables["The same step as a CUDA graph"] = captured(machine)
    tables = {title: rows for title, rows in tables.items() if options.only in title}
    for title, rows in tables.items():
        report.table(title, rows)
        options.out.joinpath("gpu.md").write_text("\n".join(report.lines) + "\n")
        options.out.joinpath("gpu.json").write_text(json.dumps(report.numbers, indent=2))


if __name__ == "__main__":
    main()
