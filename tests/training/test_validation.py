"""Scores on held-out people while training."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from crossvox.acceleration.compute import Compute
from crossvox.contract import Batch, Noise, Objective, SynthesisMethod
from crossvox.preparation import IntensityScale, Preparation
from crossvox.synthesis import Synthesizer
from crossvox.training.prepared import STEPS_PER_UNIT, PreparedCase
from crossvox.training.validation import validate

SCALE = IntensityScale(kind="window", limits=(-1, 1))
PREPARATION = Preparation(
    source_modalities=("FLAIR",),
    target_modality="T1w",
    target_unit="arbitrary",
    spacing_mm=None,
    source_scales=(SCALE,),
    target_scale=SCALE,
)


class Copy(SynthesisMethod):
    """The source itself, so that what validation should say is known."""

    product: ClassVar[tuple[str, ...]] = ()

    def optimizers(self) -> dict[str, Optimizer]:
        """Nothing learns."""
        return {}

    def objectives(self, batch: Batch) -> Iterator[Objective]:  # noqa: ARG002 - the contract's
        """Nothing to learn."""
        yield from ()

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:  # noqa: ARG002 - the contract's
        """The source."""
        return source


@pytest.fixture
def copy() -> Synthesizer:
    return Synthesizer(PREPARATION, Copy(), Compute(device="cpu", bf16=False))


@pytest.fixture
def target() -> NDArray[np.float64]:
    """A bright block with a dark surround, as a head is."""
    voxels = np.full((16, 16, 16), -1.0)
    voxels[4:12, 4:12, 4:12] = np.random.default_rng(0).uniform(0.2, 0.8, (8, 8, 8))
    return voxels


def prepared(
    folder: Path,
    name: str,
    *channels: NDArray[np.float64],
    mask: NDArray[np.float64] | None = None,
    weight: NDArray[np.float64] | None = None,
) -> PreparedCase:
    counts = weight if mask is None else mask
    last = np.ones_like(channels[0]) if counts is None else counts
    voxels = np.stack([*channels, last]) * STEPS_PER_UNIT
    np.save(folder / f"{name}.npy", voxels.astype(np.int16))
    return PreparedCase(name=name, path=folder / f"{name}.npy", masked=mask is not None)


def test_a_perfect_synthesis_has_ssim_1_and_no_error(
    copy: Synthesizer, target: NDArray[np.float64], tmp_path: Path
) -> None:
    case = prepared(tmp_path, "a", target, target)
    scores = validate(copy, [case])
    assert scores["ssim"] == pytest.approx(1.0)
    assert scores["mae"] == 0.0


def test_errors_outside_the_mask_do_not_count(
    copy: Synthesizer, target: NDArray[np.float64], tmp_path: Path
) -> None:
    mask = np.zeros_like(target)
    mask[6:10, 6:10, 6:10] = 1
    source = np.where(mask > 0, target + 0.1, 1.0)
    case = prepared(tmp_path, "a", source, target, mask=mask)
    # int16 holds [-1, 1] to 3e-5
    assert validate(copy, [case])["mae"] == pytest.approx(0.1, abs=1e-4)


def test_without_a_mask_the_head_of_the_target_counts(
    copy: Synthesizer, target: NDArray[np.float64], tmp_path: Path
) -> None:
    source = target.copy()
    source[target > 0] += (
        0.1  # an error in the head alone; over the whole volume it would be 0.0125
    )
    case = prepared(tmp_path, "a", source, target, weight=np.full_like(target, 0.05))
    assert validate(copy, [case])["mae"] == pytest.approx(0.1, abs=0.02)


def test_what_the_target_does_not_show_is_not_scored(
    copy: Synthesizer, target: NDArray[np.float64], tmp_path: Path
) -> None:
    weight = np.ones_like(target)
    weight[:, :, 9:] = 0
    shown = np.where(weight > 0, target, -1)
    case = prepared(tmp_path, "a", target, shown, weight=weight)
    assert validate(copy, [case])["mae"] == 0


def test_a_mask_that_fills_the_volume_is_a_mask(
    copy: Synthesizer, target: NDArray[np.float64], tmp_path: Path
) -> None:
    source = target.copy()
    source[target > 0] += 0.1
    case = prepared(tmp_path, "a", source, target, mask=np.ones_like(target))
    # an eighth of the volume is off by 0.1
    assert validate(copy, [case])["mae"] == pytest.approx(0.1 / 8, abs=1e-4)


def test_scores_are_means_over_people(
    copy: Synthesizer, target: NDArray[np.float64], tmp_path: Path
) -> None:
    mask = (target > 0).astype(np.float64)
    cases = [
        prepared(tmp_path, str(error), target + error * mask, target, mask=mask)
        for error in (0.0, 0.1)
    ]
    assert validate(copy, cases)["mae"] == pytest.approx(0.05, abs=1e-4)
