"""The moving average of the product's weights."""

from collections.abc import Mapping

import torch
from torch import Tensor

from crossvox.contract import SynthesisMethod

PREFIX = "average."
RAMP = 10  # steps: the share of the untrained weights falls faster than any short run ends


class MovingAverage:
    """An exponential moving average of the weights that synthesis needs.

    The decay begins low and rises to what is asked, or a short run's average would be that of
    weights which have learned nothing. Without a decay it is the weights themselves.

    Source:
        Polyak and Juditsky 1992, doi 10.1137/0330046; for GANs Yazici et al. 2019, arXiv
        1806.04498; the rise as in TensorFlow's ExponentialMovingAverage with num_updates
    """

    def __init__(self, method: SynthesisMethod, *, decay: float) -> None:
        self._method, self._decay = method, decay
        self._average = {name: tensor.clone() for name, tensor in method.product_state().items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step, counted from 1."""
        if not self._decay:
            return
        decay = min(self._decay, (1 + step) / (RAMP + step))
        for name, value in self._method.product_state().items():
            kept = self._average[name]
            if kept.is_floating_point():
                kept.lerp_(value, 1 - decay)
            else:
                kept.copy_(value)

    def product(self) -> dict[str, Tensor]:
        """The weights to synthesize with."""
        return dict(self._average) if self._decay else self._method.product_state()

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint keeps."""
        if not self._decay:
            return {}
        return {f"{PREFIX}{name}": value for name, value in self._average.items()}

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what a checkpoint kept."""
        for name, kept in self._average.items() if self._decay else ():
            kept.copy_(tensors[f"{PREFIX}{name}"])
