"""Exponential moving average (EMA) of the weights that inference uses."""

from collections.abc import Mapping

import torch
from torch import Tensor

from crossvox.contract import SynthesisMethod

PREFIX = "average."
RAMP_STEPS = 10  # short enough that even a short run forgets its initial weights


class MovingAverage:
    """EMA of the weights that inference uses; with decay 0, the weights themselves.

    The decay starts low and rises to its final value: otherwise untrained weights would dominate
    the average of a short run.

    Source:
        Polyak and Juditsky 1992, doi 10.1137/0330046; for GANs Yazici et al. 2019, arXiv
        1806.04498; ramp as in TensorFlow's ExponentialMovingAverage with num_updates
    """

    def __init__(self, method: SynthesisMethod, *, decay: float) -> None:
        self._method, self._decay = method, decay
        self._average = {name: tensor.clone() for name, tensor in method.product_state().items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Update the average with the weights after `step`, counted from 1."""
        if not self._decay:
            return
        decay = min(self._decay, (1 + step) / (RAMP_STEPS + step))
        for name, value in self._method.product_state().items():
            average = self._average[name]
            if average.is_floating_point():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(value)

    def product(self) -> dict[str, Tensor]:
        """Weights for inference."""
        return dict(self._average) if self._decay else self._method.product_state()

    def tensors(self) -> dict[str, Tensor]:
        """Tensors of the average for a checkpoint."""
        if not self._decay:
            return {}
        return {f"{PREFIX}{name}": value for name, value in self._average.items()}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore the average from the tensors of a checkpoint."""
        for name, average in self._average.items() if self._decay else ():
            average.copy_(tensors[f"{PREFIX}{name}"])
