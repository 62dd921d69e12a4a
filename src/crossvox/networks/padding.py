"""Sizes that poolings can halve."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional


def synthesize_padded(
    network: Callable[[Tensor], Tensor], source: Tensor, *, multiple: int
) -> Tensor:
    """`network` on `source` (B, C, X, Y, Z) grown to multiples of `multiple`, cut back exactly.

    The border voxels are repeated on both sides.
    """
    sizes = source.shape[2:]
    missing = [-size % multiple for size in sizes]
    before = [extra // 2 for extra in missing]
    pads = [
        pad
        for first, extra in zip(reversed(before), reversed(missing), strict=True)
        for pad in (first, extra - first)
    ]
    grown = functional.pad(source, pads, mode="replicate") if any(missing) else source
    x, y, z = (slice(first, first + size) for first, size in zip(before, sizes, strict=True))
    return network(grown)[:, :, x, y, z]
