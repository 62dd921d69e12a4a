"""Memory that synthesizing takes, as predicted and as it is, for volumes of five sizes.

    python benchmarks/memory.py [WIDTH] >> benchmarks/memory_<hardware>_<date>.md

Each size in a process of its own: resident memory does not come back.
"""

import subprocess
import sys

SIZES = ((64, 64, 64), (110, 110, 87), (240, 288, 48), (160, 160, 160), (256, 256, 256))
GIB = 2**30


def measure(width: int, sizes: tuple[int, int, int]) -> None:
    """One row: what the process held before, what was predicted, what it came to hold."""
    import psutil  # noqa: PLC0415 - only the child needs these
    import torch  # noqa: PLC0415

    from crossvox.preparation import IntensityScale, Preparation  # noqa: PLC0415
    from crossvox.synthesis import Synthesizer  # noqa: PLC0415
    from crossvox.synthesis.catalogue import build_method  # noqa: PLC0415
    from crossvox.synthesis.compute import compute_at_hand, peak_memory_bytes  # noqa: PLC0415

    scale = IntensityScale(kind="window", limits=(-1, 1))
    preparation = Preparation(
        source_modalities=("FLAIR",),
        target_modality="T1w",
        target_unit="arbitrary",
        spacing_mm=None,
        source_scales=(scale,),
        target_scale=scale,
    )
    method = build_method("gan3d", {"width": width}, sources=1)
    compute = compute_at_hand(device="cpu")
    synthesizer = Synthesizer(preparation, method, compute, window=sizes)
    before = psutil.Process().memory_info().rss
    predicted = before + synthesizer.memory_bytes(sizes)
    synthesizer.synthesize(torch.rand(1, 1, *sizes))
    found = peak_memory_bytes("cpu") or 0
    precision = "bfloat16" if compute.bf16 else "float32"
    held = " | ".join(f"{one / GIB:.2f}" for one in (before, predicted, found))
    print(
        f"| {' x '.join(map(str, sizes))} | {precision} | {held} | {predicted / found - 1:+.0%} |"
    )


def main() -> None:
    """All sizes, as a table."""
    width = sys.argv[1] if len(sys.argv) > 1 else "16"
    if len(sys.argv) > 2:  # noqa: PLR2004 - a child
        x, y, z = map(int, sys.argv[2:])
        measure(int(width), (x, y, z))
        return
    print("| voxels | precision | before, GiB | predicted | measured | error |")
    print("|---|---|---:|---:|---:|---:|")
    for sizes in SIZES:
        row = subprocess.run(
            [sys.executable, __file__, width, *map(str, sizes)],
            check=True,
            capture_output=True,
            text=True,
        )
        print(row.stdout.strip().splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
