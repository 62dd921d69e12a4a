"""A run's state on disk."""

from pathlib import Path

import pytest
import torch
from torch import nn

from crossvox.acceleration.compute import channels_last
from crossvox.errors import ModelError
from crossvox.training.checkpoint import (
    Checkpoint,
    load_optimizer,
    newest_checkpoint,
    optimizer_tensors,
    save_checkpoint,
)


def checkpoint(step: int) -> Checkpoint:
    return Checkpoint(step=step, tensors={"a.b": torch.full((2, 3), step)}, facts={"best": 0.5})


def test_the_newest_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    for step in (2, 4):
        save_checkpoint(tmp_path, checkpoint(step))
    read = newest_checkpoint(tmp_path)
    assert read is not None
    assert read.step == 4
    assert torch.equal(read.tensors["a.b"], checkpoint(4).tensors["a.b"])
    assert read.facts == {"best": 0.5}


def test_there_is_none_in_an_empty_folder(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None


def test_the_last_two_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 3, 4):
        save_checkpoint(tmp_path, checkpoint(step))
    assert sorted(path.stem for path in tmp_path.glob("*.safetensors")) == [
        "step-00000003",
        "step-00000004",
    ]


@pytest.mark.parametrize("harm", ["flip", "truncate", "remove", "describe"])
def test_a_damaged_one_falls_back_to_the_one_before(tmp_path: Path, harm: str) -> None:
    for step in (1, 2):
        save_checkpoint(tmp_path, checkpoint(step))
    path = tmp_path / "step-00000002.safetensors"
    payload = bytearray(path.read_bytes())
    if harm == "flip":
        payload[-1] ^= 1
        path.write_bytes(payload)
    elif harm == "truncate":
        path.write_bytes(payload[:-5])
    elif harm == "remove":
        path.unlink()
    else:
        path.with_suffix(".json").write_text("{")
    read = newest_checkpoint(tmp_path)
    assert read is not None
    assert read.step == 1


def test_only_damaged_ones_are_an_error(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint(1))
    (tmp_path / "step-00000001.safetensors").write_bytes(b"pickle?")
    with pytest.raises(ModelError, match="--fresh"):
        newest_checkpoint(tmp_path)


def test_an_optimizer_goes_on_exactly(tmp_path: Path) -> None:
    def learn(network: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> None:
        for step in steps:
            torch.manual_seed(step)
            network(torch.randn(1, 2, 4, 4, 4)).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()

    torch.manual_seed(0)
    through, first, second = (channels_last(nn.Conv3d(2, 3, 3)) for _ in range(3))
    first.load_state_dict(through.state_dict())
    learn(through, torch.optim.Adam(through.parameters(), lr=0.1), range(6))
    optimizer = torch.optim.Adam(first.parameters(), lr=0.1)
    learn(first, optimizer, range(3))
    tensors = {**dict(optimizer_tensors(optimizer, name="n")), **first.state_dict()}
    save_checkpoint(tmp_path, Checkpoint(step=3, tensors=tensors, facts={}))

    saved = newest_checkpoint(tmp_path)
    assert saved is not None
    second.load_state_dict({name: saved.tensors[name] for name in second.state_dict()})
    resumed = torch.optim.Adam(second.parameters(), lr=0.1)
    load_optimizer(resumed, saved.tensors, name="n")
    learn(second, resumed, range(3, 6))
    for one, other in zip(second.parameters(), through.parameters(), strict=True):
        assert torch.equal(one, other)
