"""How much memory some work takes, found by doing it on tensors that have sizes and no contents."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode  # public in all but its name
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

NOWHERE = torch.device("meta")  # torch's name for sizes without contents


def peak_bytes(work: Callable[[], object], *, autocast: bool = False) -> int:
    """The most bytes of tensors that are alive at once while `work` makes them.

    Nothing is computed and nothing allocated, so it takes a fraction of a second for any size.
    Tensors that exist before, such as weights, are not counted unless a view of them is taken,
    nor is what a convolution may need inside. Python values that follow from contents
    must not decide the work.

    Args:
        work: Makes all of its tensors itself.
        autocast: Whether `work` leaves precision to autocast, which knows no device without
            contents: torch's FakeTensorMode is used then, which takes six times longer.
    """
    alive = _Alive(emptying=not autocast)
    with FakeTensorMode(allow_non_fake_inputs=True) if autocast else nullcontext(), alive:
        work()
    return alive.peak


class _Alive(TorchDispatchMode):
    """Counts the storage behind each tensor once, from its first operation until it is freed.

    Args:
        emptying: All tensors are made on, or taken to, the device that holds nothing.
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
    ) -> Any:  # noqa: ANN401 - whatever the operation gives
        named = dict(kwargs or {})
        if self._emptying:
            args, named = tree_map(_emptied, (args, named))
            named |= {"device": NOWHERE} if "device" in named else {}
            named |= {"generator": None} if "generator" in named else {}
        result = function(*args, **named)
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._count(leaf.untyped_storage())
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata  # its identity: without contents all addresses are 0
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
    with torch.inference_mode(mode=False):  # as weights are, or they would have no views
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=NOWHERE)
