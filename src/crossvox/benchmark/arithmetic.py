"""How much is computed, counted without computing it."""

import copy
from collections.abc import Callable
from functools import partial

import torch
from torch.utils.flop_counter import FlopCounterMode

from crossvox.benchmark.plain import plain_convolutions, textbook
from crossvox.benchmark.prediction import generator_of
from crossvox.benchmark.training import trained_method
from crossvox.benchmark.variant import Setting
from crossvox.contract import Batch, SynthesisMethod
from crossvox.synthesis.compute import Compute
from crossvox.synthesis.optimise import optimised

REWRITTEN, WRITTEN = "as rewritten for synthesis", "as written in the paper"
TRAINED = "as the engine trains it"


def operations_of_prediction(setting: Setting) -> dict[str, int]:
    """Floating-point operations of one volume, by what the network is written as.

    A multiplication and an addition are two. Only what the network needs is counted: not the
    zeros that keep one channel in channels-last order.
    """
    method = generator_of(setting).eval()
    rewritten = optimised(method, Compute(device="cpu", bf16=False))
    forms = {REWRITTEN: plain_convolutions(rewritten), WRITTEN: textbook(method)}
    return {name: _counted(partial(_predict, one, setting)) for name, one in forms.items()}


def operations_of_training(setting: Setting) -> dict[str, int]:
    """Floating-point operations of one step, forwards and backwards, as above."""
    method = trained_method(setting)
    forms = {TRAINED: plain_convolutions(copy.deepcopy(method)), WRITTEN: textbook(method)}
    return {name: _counted(partial(_learn, one, setting)) for name, one in forms.items()}


def _counted(work: Callable[[], None]) -> int:
    counter = FlopCounterMode(display=False)
    with counter:
        work()
    return int(counter.get_total_flops())


def _predict(method: SynthesisMethod, setting: Setting) -> None:
    with torch.no_grad():
        method.to("meta").synthesize(torch.empty(1, 1, *setting.sizes, device="meta"))


def _learn(method: SynthesisMethod, setting: Setting) -> None:
    volume = torch.empty(1, 1, *setting.sizes, device="meta")
    method.to("meta").train()
    for objective in method.objectives(Batch(source=volume, target=volume, mask=volume)):
        objective.loss.backward()
