"""Validation on whole held-out volumes during training."""

from collections.abc import Sequence

import numpy as np
import torch

from crossvox.metrics.similarity import mae, ssim
from crossvox.synthesis.synthesizer import Synthesizer
from crossvox.training.prepared import STEPS_PER_UNIT, PreparedCase
from crossvox.volume.foreground import head_mask

SCALE_RANGE = 2.0  # width of [-1, 1]


def validate(synthesizer: Synthesizer, cases: Sequence[PreparedCase]) -> dict[str, float]:
    """Mean masked SSIM and mean absolute error on the working grid, at network scale.

    Args:
        synthesizer: Synthesizer with the weights to validate.
        cases: Held-out cases, scored inside their masks or, without a mask, inside the head in
            the target; in both cases within the target's field of view.

    Returns:
        Means over cases of "ssim" and "mae".
    """
    scores = [_scores(synthesizer, case) for case in cases]
    means = np.mean(scores, axis=0)
    return {"ssim": float(means[0]), "mae": float(means[1])}


def _scores(synthesizer: Synthesizer, case: PreparedCase) -> tuple[float, float]:
    voxels = case.open()
    source = torch.from_numpy(voxels[:-2].astype(np.float32) / STEPS_PER_UNIT)[None]
    target = voxels[-2].astype(np.float32) / STEPS_PER_UNIT
    mask = voxels[-1] > 0
    if not case.masked:
        mask &= head_mask(target)
    synthesized = synthesizer.synthesize(source)[0, 0].numpy()
    return (
        ssim(synthesized, target, data_range=SCALE_RANGE, mask=mask),
        mae(synthesized, target, mask=mask),
    )
