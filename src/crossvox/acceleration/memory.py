"""Peak memory of a computation, measured by running it on meta tensors (sizes without data)."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode  # public in all but its name
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

NOWHERE = torch.device("meta")  # device of tensors without data


def peak_bytes(work: Callable[[], object], *, autocast: bool = False) -> int:
    """Peak size in bytes of the tensors that are alive at the same time during `work`.

    Nothing is computed or allocated, so this takes a fraction of a second for any size. Tensors
    that exist before, such as weights, are not counted unless a view of them is taken; nor is the
    workspace of convolutions. `work` runs on meta tensors, so it must not branch on tensor values.

    Args:
        work: Function that creates all of its tensors itself.
        autocast: Whether `work` uses autocast, which does not support the meta device: torch's
            FakeTensorMode is used instead, which takes six times longer.
    """
    alive = _Alive(emptying=not autocast)
    with FakeTensorMode(allow_non_fake_inputs=True) if autocast else nullcontext(), alive:
        work()
    return alive.peak


class _Alive(TorchDispatchMode):
    """Count the storage of each tensor once, from its first operation until it is freed.

    Args:
        emptying: Whether to create all tensors on the meta device and move inputs to it.
    """

    def __init__(self, *, emptying: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.peak: int = 0
        self._emptying = emptying
        self._now = 0
        self._known: dict[int, int] = {}

    def __torch_dispatch__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - any result of an operation
        keywords = dict(kwargs or {})
        if self._emptying:
            args, keywords = tree_map(_emptied, (args, keywords))
            keywords |= {"device": NOWHERE} if "device" in keywords else {}
            keywords |= {"generator": None} if "generator" in keywords else {}
        result = function(*args, **keywords)
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._count(leaf.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata  # identifies a storage: all meta tensors have the address 0
        if key in self._known:
            return
        self._known[key] = storage.nbytes()
        self._now += storage.nbytes()
        self.peak = max(self.peak, self._now)
        weakref.finalize(storage, self._freed, key)

    def _freed(self, key: int) -> None:
        self._now -= self._known.pop(key)


def _emptied(value: object) -> object:
    if not isinstance(value, torch.Tensor) or value.device == NOWHERE:
        return value
    with torch.inference_mode(mode=False):  # inference tensors, unlike weights, have no views
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=NOWHERE)
