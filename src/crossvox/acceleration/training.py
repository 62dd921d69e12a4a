"""Rewriting of methods for faster and correct training."""

from torch import nn

from crossvox.acceleration.convolution import make_trainable
from crossvox.acceleration.up_sampling import transpose_up_sampling


def rewrite_for_training(method: nn.Module, *, device: str) -> None:
    """Rewrite the networks of `method` in place, keeping functions, gradients and parameter names.

    Args:
        method: Method to be trained; changed in place.
        device: Device of the training, "cpu" or "cuda".
    """
    transpose_up_sampling(method, keep_wide=device == "cpu")
    make_trainable(method)
