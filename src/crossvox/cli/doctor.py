"""crossvox doctor."""

EXTRAS = {
    "register": ("SimpleITK",),
    "export": ("onnx", "onnxscript", "onnxruntime", "openvino"),
    "benchmark": ("monai",),
    "slurm": ("submitit",),
    "log": ("tensorboard",),
}
NEEDED = ("torch", "lightning-fabric", "nibabel", "numpy", "scipy", "safetensors", "pydantic")


def doctor() -> None:
    """Show versions, devices and memory, and what is missing for what."""
    import platform

    import torch

    from crossvox import __version__
    from crossvox.acceleration.compute import compute_at_hand, free_memory_bytes, keep_pages

    compute = compute_at_hand()
    print(f"crossvox {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for name in NEEDED:
        print(f"  {name} {_version(name)}")
    print(f"device {compute.device}, networks in {compute.precision}")
    if compute.device == "cuda":
        print(f"  {torch.cuda.get_device_name()}")
    print(f"  {torch.get_num_threads()} threads, freed pages kept: {_yes(keep_pages())}")
    print(f"  {free_memory_bytes(compute.device) / 2**30:.1f} GiB of memory free")
    for extra, packages in EXTRAS.items():
        missing = [name for name in packages if not _version(name)]
        state = f"missing {', '.join(missing)}: pip install 'crossvox[{extra}]'"
        print(f"extra {extra}: {state if missing else 'ready'}")


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _yes(answer: bool) -> str:  # noqa: FBT001 - a word for a truth value
    return "yes" if answer else "no"
