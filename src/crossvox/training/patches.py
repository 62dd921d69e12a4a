"""Sample training patches as a function of the step."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from crossvox.contract import Batch
from crossvox.training.experiment import Sizes
from crossvox.training.prepared import STEPS_PER_UNIT, PreparedCase

BACKGROUND = -STEPS_PER_UNIT
HEAD_SHARE = 2 / 3  # probability that a patch is centered on a voxel of the head


@dataclass(frozen=True, kw_only=True)
class PatchSampler:
    """Sampler of batches that depend on the step alone, so a resumed run sees the same batches.

    Every case comes once per epoch, in random order. Two of three patches are centered on a voxel
    of the head, shifted to lie within the volume.

    Attributes:
        cases: Training cases at network scale.
        patch: Patch size in voxels; smaller volumes are padded with background of loss weight 0.
        batch: Number of patches per step.
        flip_share: Probability that a patch is mirrored left to right.
        seed: Random seed for order, positions and mirroring.
    """

    cases: Sequence[PreparedCase]
    patch: Sizes
    batch: int
    flip_share: float
    seed: int

    @property
    def epochs_per_step(self) -> float:
        """Voxels in the patches of a step, without padding, over all training voxels."""
        shapes = [case.open().shape[1:] for case in self.cases]
        voxels = [prod(map(min, shape, self.patch)) for shape in shapes]
        return float(self.batch * sum(voxels) / len(voxels) / sum(map(prod, shapes)))

    def batch_at(self, step: int, *, part: int = 0, parts: int = 1) -> Batch:
        """Part `part` (from 0) of the batch of `step` (from 1), divided into `parts` parts."""
        numbers = range((step - 1) * self.batch + part, step * self.batch, parts)
        patches = np.stack([self._patch(number) for number in numbers])
        return Batch(
            source=torch.from_numpy(_scaled(patches[:, :-2])),
            target=torch.from_numpy(_scaled(patches[:, -2:-1])),
            mask=torch.from_numpy(_scaled(patches[:, -1:])),
        )

    def _patch(self, number: int) -> NDArray[np.int16]:
        epoch, position = divmod(number, len(self.cases))
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.cases))
        random = np.random.default_rng((self.seed, epoch, position))
        case = self.cases[order[position]]
        voxels = case.open()
        corner = _corner(voxels.shape[1:], self.patch, case.centers(), random)
        patch = _cut(voxels, corner, self.patch)
        return patch[:, ::-1] if random.random() < self.flip_share else patch


class Prefetched:
    """Prefetcher of a step's batches: a thread samples the next step during the current one."""

    def __init__(self, sampler: PatchSampler, *, parts: Sequence[int], of: int, pin: bool) -> None:
        self._sampler, self._parts, self._of, self._pin = sampler, parts, of, pin
        self._thread = ThreadPoolExecutor(1)
        self._pending: Future[list[Batch]] | None = None
        self._pending_step = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def batches(self, step: int) -> list[Batch]:
        """This process's parts of the batch of `step`."""
        if self._pending is None or self._pending_step != step:
            self._pending = self._thread.submit(self._sample, step)
        batches = self._pending.result()
        self._pending, self._pending_step = self._thread.submit(self._sample, step + 1), step + 1
        return batches

    def _sample(self, step: int) -> list[Batch]:
        batches = [self._sampler.batch_at(step, part=part, parts=self._of) for part in self._parts]
        return [_pinned(batch) for batch in batches] if self._pin else batches


def _corner(
    shape: tuple[int, ...],
    patch: Sizes,
    centers: NDArray[np.int16],
    random: np.random.Generator,
) -> list[int]:
    """First voxel of a patch, around one of `centers` or anywhere; negative in small volumes."""
    margin = np.array(shape) - patch
    first, last = np.minimum(0, margin), np.maximum(0, margin)
    if len(centers) and random.random() < HEAD_SHARE:
        center = centers[random.integers(len(centers))].astype(int)
        corner = np.clip(center - np.array(patch) // 2, first, last)
    else:
        corner = random.integers(first, last + 1)
    return [int(start) for start in corner]


def _cut(voxels: NDArray[np.int16], corner: Sequence[int], sizes: Sizes) -> NDArray[np.int16]:
    """The patch at `corner`, padded outside of the volume with background of loss weight 0."""
    patch = np.full((voxels.shape[0], *sizes), BACKGROUND, dtype=np.int16)
    patch[-1] = 0
    inner, outer = [], []
    for start, extent, size in zip(corner, sizes, voxels.shape[1:], strict=True):
        low, high = max(0, start), min(size, start + extent)
        outer.append(slice(low, high))
        inner.append(slice(low - start, high - start))
    patch[:, inner[0], inner[1], inner[2]] = voxels[:, outer[0], outer[1], outer[2]]
    return patch


def _scaled(voxels: NDArray[np.int16]) -> NDArray[np.float32]:
    return voxels.astype(np.float32) * np.float32(1 / STEPS_PER_UNIT)


def _pinned(batch: Batch) -> Batch:
    return Batch(
        source=batch.source.pin_memory(),
        target=batch.target.pin_memory(),
        mask=batch.mask.pin_memory(),
    )
