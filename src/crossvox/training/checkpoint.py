"""Save and load checkpoints, from which a run resumes exactly, without pickle.

checkpoint/
├── step-00000500.safetensors   networks, optimizers, EMA
└── step-00000500.json          its sha256, the step, and values that are not tensors
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

KEPT_CHECKPOINTS = 2


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """State of a run after a step.

    Attributes:
        step: Number of steps done.
        tensors: Tensors by flat name: "generator.stem.…", "generator_optimizer.0.exp_avg",
            "average.…".
        facts: JSON values: best validation so far, and losses since the last row of progress.csv.
    """

    step: int
    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint`, its JSON file last, and keep the checkpoint before it."""
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
    for old in sorted(folder.glob("step-*.json"))[:-KEPT_CHECKPOINTS]:
        old.unlink()
        old.with_suffix(".safetensors").unlink(missing_ok=True)


def newest_checkpoint(folder: Path) -> Checkpoint | None:
    """Newest undamaged checkpoint; None if there are no checkpoints.

    Raises:
        ModelError: All checkpoints are damaged.
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
    """State of an optimizer as flat names and tensors."""
    for index, entries in optimizer.state_dict()["state"].items():
        for key, value in entries.items():
            yield f"{name}_optimizer.{index}.{key}", torch.as_tensor(value)


def load_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor], *, name: str) -> None:
    """Restore the state written by `optimizer_tensors` into a fresh optimizer."""
    prefix = f"{name}_optimizer."
    parameters = [weight for group in optimizer.param_groups for weight in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for full_name, value in tensors.items():
        if full_name.startswith(prefix):
            index, key = full_name.removeprefix(prefix).split(".", 1)
            parameter = parameters[int(index)]
            same = value.shape == parameter.shape
            state.setdefault(int(index), {})[key] = (
                torch.empty_like(parameter).copy_(value) if same else value
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
