"""How much memory some work takes, found by doing it on tensors that have sizes and no contents."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode  # public in all but its name
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def peak_bytes(work: Callable[[], object]) -> int:
    """The most bytes of tensors that are alive at once while `work` makes them.

    Nothing is computed and nothing allocated, so it takes a fraction of a second for any size.
    Tensors that exist before, such as weights, are not counted, nor is what a convolution may
    need inside. Python values that follow from contents must not decide the work.

    Args:
        work: Makes all of its tensors itself.
    """
    alive = _Alive()
    with FakeTensorMode(allow_non_fake_inputs=True), alive:
        work()
    return alive.peak


class _Alive(TorchDispatchMode):
    """Counts the storage behind each tensor once, from its first operation until it is freed."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.peak: int = 0
        self._now = 0
        self._known: dict[int, int] = {}

    def __torch_dispatch__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the operation gives
        result = function(*args, **(kwargs or {}))
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
