"""Compare a trained model in torch and in OpenVINO: time, memory and difference from float32.

    python scripts/engines.py RUN SOURCE >> benchmarks/engines_<hardware>_<date>.md

Times are medians of interleaved runs; memory is measured in a separate process.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil
import torch

from crossvox.acceleration.compute import Compute, peak_memory_bytes
from crossvox.engines import by_openvino
from crossvox.files import read_volume
from crossvox.synthesis import Synthesizer
from crossvox.synthesis.store import load_synthesizer, read_description

TURNS = 7  # runs of each engine
GIB = 2**30
ENGINES = (("torch", True), ("torch", False), ("openvino", True), ("openvino", False))


def main() -> None:
    """Print the table, or in a child process the memory of one engine."""
    if len(sys.argv) > 3:  # noqa: PLR2004 - child process
        print_memory(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], bf16=sys.argv[4] == "True")
        return
    run, source = map(Path, sys.argv[1:])
    print("| engine | precision | seconds | torch bf16 = 1 | dB to torch float32 | GiB added |")
    print("|---|---|---:|---:|---:|---:|")
    for row in rows(run, source):
        print(row)


def rows(run: Path, source: Path) -> Iterator[str]:
    """Measure each engine and precision and yield its row."""
    synthesizers = [synthesizer_of(run, engine, bf16=bf16) for engine, bf16 in ENGINES]
    prepared = prepared_of(synthesizers[0], source)
    volumes = [synthesizer.synthesize(prepared) for synthesizer in synthesizers]  # also compiles
    seconds: list[list[float]] = [[] for _ in synthesizers]
    for _ in range(TURNS):
        for synthesizer, times in zip(synthesizers, seconds, strict=True):
            start = perf_counter()
            synthesizer.synthesize(prepared)
            times.append(perf_counter() - start)
    medians, exact = [median(times) for times in seconds], volumes[1]
    for (engine, bf16), median_s, volume in zip(ENGINES, medians, volumes, strict=True):
        decibels = 20 * torch.log10(2 / (volume - exact).square().mean().sqrt())
        command = [sys.executable, __file__, str(run), str(source), engine, str(bf16)]
        memory = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        precision = "bfloat16" if bf16 else "float32"
        yield (
            f"| {engine} | {precision} | {median_s:.2f} | {median_s / medians[0]:.2f} |"
            f" {decibels:.1f} | {memory.strip()} |"
        )


def print_memory(run: Path, source: Path, engine: str, *, bf16: bool) -> None:
    """Print the memory that synthesis needs beyond the loaded process, measured and predicted."""
    synthesizer = synthesizer_of(run, engine, bf16=bf16)
    prepared = prepared_of(synthesizer, source)
    x, y, z = prepared.shape[2:]
    predicted = synthesizer.memory_bytes((x, y, z))
    before = psutil.Process().memory_info().rss
    synthesizer.synthesize(prepared)
    used = (peak_memory_bytes("cpu") or 0) - before
    print(f"{used / GIB:.2f} ({predicted / GIB:.2f} predicted)")


def synthesizer_of(run: Path, engine: str, *, bf16: bool) -> Synthesizer:
    """Load the synthesizer of a run with the given engine."""
    loaded = load_synthesizer(run, compute=Compute(device="cpu", bf16=bf16))
    if engine == "torch":
        return loaded
    return by_openvino(loaded, read_description(run), run, engine=engine)


def prepared_of(synthesizer: Synthesizer, source: Path) -> torch.Tensor:
    """Prepare the source as input of the network."""
    return synthesizer.prepare([read_volume(source)]).tensor


if __name__ == "__main__":
    main()
