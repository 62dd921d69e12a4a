"""Report facts about the installation and the machine."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import torch

from crossvox.acceleration.compute import choose_compute, free_memory_bytes, keep_pages
from crossvox.version import __version__

PACKAGES_OF_EXTRA = {
    "export": ("onnx", "onnxscript", "onnxruntime", "openvino"),
    "benchmark": ("monai",),
}
REQUIRED = ("torch", "lightning-fabric", "nibabel", "numpy", "scipy", "safetensors", "pydantic")
GIBIBYTE = 2**30


def doctor_lines() -> Iterator[str]:
    """Lines on versions, devices, memory and missing extras."""
    compute = choose_compute()
    yield f"crossvox {__version__}, Python {platform.python_version()}, {platform.platform()}"
    for name in REQUIRED:
        yield f"  {name} {_version(name)}"
    yield f"device {compute.device}, networks in {compute.precision}"
    if compute.device == "cuda":
        yield f"  {torch.cuda.get_device_name()}"
    kept = "yes" if keep_pages() else "no"
    yield f"  {torch.get_num_threads()} threads, freed pages kept: {kept}"
    yield f"  {free_memory_bytes(compute.device) / GIBIBYTE:.1f} GiB of memory free"
    for extra, packages in PACKAGES_OF_EXTRA.items():
        missing = [name for name in packages if not _version(name)]
        state = f"missing {', '.join(missing)}: pip install 'crossvox[{extra}]'"
        yield f"extra {extra}: {state if missing else 'ready'}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
