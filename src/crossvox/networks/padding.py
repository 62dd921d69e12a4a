"""Padding to sizes that pooling layers can halve."""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional


def synthesize_padded(
    network: Callable[[Tensor], Tensor], source: Tensor, *, multiple: int
) -> Tensor:
    """Apply `network` to `source` (B, C, X, Y, Z) padded to multiples of `multiple`, then crop."""
    grown, inner = padded(source, multiple=multiple)
    return network(grown)[inner]


def padded(source: Tensor, *, multiple: int) -> tuple[Tensor, tuple[slice, ...]]:
    """Pad `source` to multiples of `multiple`; return it with the slices of the original part.

    Border voxels are replicated on both sides.

    Args:
        source: (B, C, X, Y, Z) or (B, C, X, Y).
        multiple: Divisor of each spatial size after padding.
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
    inner = (slice(first, first + size) for first, size in zip(before, sizes, strict=True))
    return grown, (slice(None), slice(None), *inner)
