"""All that a run needs to go on exactly, on disk, without pickle.

checkpoint/
├── step-00000500.safetensors   networks, optimizers, averages
└── step-00000500.json          sha256 of it, step, and what is not a tensor
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor
from torch.optim import Optimizer

from crossvox.errors import ModelError
from crossvox.files.atomic import write_atomically

KEPT = 2


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The state of a run after a step.

    Attributes:
        step: Steps done.
        tensors: Flat: "generator.stem.…", "generator_optimizer.0.exp_avg", "average.…".
        facts: What is not a tensor: best score so far and its step.
    """

    step: int
    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint`; it counts once its description is there. The one before is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    payload = save({name: tensor.contiguous() for name, tensor in checkpoint.tensors.items()})
    path = folder / f"step-{checkpoint.step:08d}.safetensors"
    description = {
        "step": checkpoint.step,
        "sha256": hashlib.sha256(payload).hexdigest(),
        "facts": dict(checkpoint.facts),
    }
    write_atomically(path, payload)
    write_atomically(path.with_suffix(".json"), json.dumps(description, indent=2).encode())
    for old in sorted(folder.glob("step-*.json"))[:-KEPT]:
        old.unlink()
        old.with_suffix(".safetensors").unlink(missing_ok=True)


def newest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest undamaged checkpoint, or None where there is none at all.

    Raises:
        ModelError: There are checkpoints and all are damaged.
    """
    descriptions = sorted(folder.glob("step-*.json"), reverse=True)
    for path in descriptions:
        checkpoint = _read(path)
        if checkpoint is not None:
            return checkpoint
    if descriptions:
        raise ModelError(f"every checkpoint in {folder} is damaged; start again with --fresh")
    return None


def optimizer_tensors(optimizer: Optimizer, *, name: str) -> Iterator[tuple[str, Tensor]]:
    """The state of an optimizer as flat tensors."""
    for index, entries in optimizer.state_dict()["state"].items():
        for key, value in entries.items():
            yield f"{name}_optimizer.{index}.{key}", torch.as_tensor(value)


def load_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor], *, name: str) -> None:
    """Put the state that `optimizer_tensors` gave back into a fresh optimizer."""
    prefix = f"{name}_optimizer."
    parameters = [one for group in optimizer.param_groups for one in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for full, value in tensors.items():
        if full.startswith(prefix):
            index, key = full.removeprefix(prefix).split(".", 1)
            like = parameters[int(index)]
            same = value.shape == like.shape
            state.setdefault(int(index), {})[key] = (
                torch.empty_like(like).copy_(value) if same else value
            )
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def _read(path: Path) -> Checkpoint | None:
    try:
        description = json.loads(path.read_bytes())
        payload = path.with_suffix(".safetensors").read_bytes()
        if hashlib.sha256(payload).hexdigest() != description["sha256"]:
            return None
        return Checkpoint(
            step=int(description["step"]), tensors=load(payload), facts=description["facts"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
