"""Floating-point operations and parameters of crossvox's own network, counted on meta tensors."""

from functools import partial

import torch

from crossvox.acceleration.memory import NOWHERE
from crossvox.acceleration.rewriting import folded
from crossvox.acceleration.up_sampling import transpose_up_sampling
from crossvox.contract import Batch, SynthesisMethod
from crossvox.networks.noise import normal_noise
from crossvox.synthesis.windows import synthesize_in_windows
from crossvox.variants.cost import Cost, on_meta, operations_of, parameters_of
from crossvox.variants.ours import generator_of, trained_method
from crossvox.variants.plain import textbook, with_plain_head
from crossvox.variants.variant import Setting, random_volume

REWRITTEN, WRITTEN = "as rewritten for synthesis", "as written in the paper"
TRAINED = "as the engine trains it"


def operations_of_prediction(setting: Setting) -> dict[str, int]:
    """Count the floating-point operations of one volume, by form of the network.

    A multiplication and an addition count as two. Only operations that the network needs are
    counted, not those on the zeros that keep a single channel in channels-last order.
    """
    forms = (REWRITTEN, WRITTEN)
    return {form: cost_of_volume(setting, form=form).operations for form in forms}


def operations_of_training(setting: Setting) -> dict[str, int]:
    """Count the floating-point operations of one training step, forward and backward."""
    forms = (TRAINED, WRITTEN)
    return {form: cost_of_step(setting, form=form).operations for form in forms}


def cost_of_volume(setting: Setting, *, form: str) -> Cost:
    """Count the cost of one forward pass of the generator over the whole volume."""
    method = generator_of(setting)
    parameters = parameters_of(method.get_submodule("generator"))
    network = predicting(method, form=form).to(NOWHERE)
    volume = torch.empty(1, 1, *setting.sizes, device=NOWHERE)
    operations = operations_of(partial(network.synthesize, volume))
    return Cost(operations=operations, parameters=parameters)


def cost_of_windows(setting: Setting, *, form: str) -> Cost:
    """Count the cost of the generator's forward passes over overlapping windows of the volume."""
    method = generator_of(setting)
    parameters = parameters_of(method.get_submodule("generator"))
    network = predicting(method, form=form)
    forward = on_meta(network.to(NOWHERE).synthesize)
    work = partial(
        synthesize_in_windows,
        lambda patch, _: forward(patch),
        random_volume(setting),
        noise=normal_noise((1, 1, *setting.sizes), seed=0),
        window=setting.window,
    )
    return Cost(operations=operations_of(work), parameters=parameters)


def cost_of_step(setting: Setting, *, form: str) -> Cost:
    """Count the cost of one training step of both networks, without recomputation."""
    method = trained_method(setting)
    parameters = parameters_of(method)
    if form == TRAINED:
        transpose_up_sampling(method, keep_wide=False)
    work = partial(_forward_and_backward, textbook(method).to(NOWHERE).train(), setting)
    return Cost(operations=operations_of(torch.enable_grad()(work)), parameters=parameters)


def predicting(method: SynthesisMethod, *, form: str) -> SynthesisMethod:
    """Convert `method` for counting inference, with only the operations that it needs."""
    if form == WRITTEN:
        return textbook(method.eval())
    return with_plain_head(folded(method))


def _forward_and_backward(method: SynthesisMethod, setting: Setting) -> None:
    volume = torch.empty(1, 1, *setting.sizes, device=NOWHERE)
    for objective in method.objectives(Batch(source=volume, target=volume, mask=volume)):
        objective.loss.backward()
