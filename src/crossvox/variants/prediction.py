"""Variants of prediction: crossvox, the same network run in other ways, and other networks."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from crossvox.acceleration.convolution import make_trainable
from crossvox.acceleration.up_sampling import transpose_up_sampling
from crossvox.engines import by_openvino
from crossvox.networks.noise import normal_noise
from crossvox.synthesis.catalogue import method_settings
from crossvox.synthesis.store import read_description, save_synthesizer
from crossvox.synthesis.windows import synthesize_in_windows
from crossvox.variants.arithmetic import REWRITTEN, WRITTEN, cost_of_volume, cost_of_windows
from crossvox.variants.baselines import BASELINES
from crossvox.variants.cost import Cost
from crossvox.variants.ours import GENERATOR, generator_of, synthesizer_of
from crossvox.variants.peers import AS_RUN, FOR_NETWORK, NETWORKS
from crossvox.variants.plain import textbook
from crossvox.variants.treated import treated
from crossvox.variants.variant import (
    AS_OURS,
    AS_TORCH,
    OURS,
    Setting,
    Treatment,
    Variant,
    Work,
    random_volume,
)

OPENVINO = "openvino"  # group
MATCHING = {  # width of crossvox: the smallest multiple of 8 with more operations
    "BasicUNet and SwinUNETR": 24,
    "DynUNet": 32,
}
OVERLAP = 0.5  # share of a window, for the paper's network


def whole(setting: Setting, *, precise: bool = False) -> Work:
    """Whole volume by crossvox with its defaults."""
    synthesizer = synthesizer_of(generator_of(setting), precise=precise)
    return partial(synthesizer.synthesize, random_volume(setting))


def of_width(setting: Setting, *, width: int) -> Work:
    """Whole volume by crossvox with another width of the generator."""
    return whole(replace(setting, width=width))


def cost_of_width(setting: Setting, *, width: int) -> Cost:
    """Count the cost of crossvox with another width of the generator."""
    return cost_of_volume(replace(setting, width=width), form=REWRITTEN)


def exported(setting: Setting) -> Work:
    """Whole volume by crossvox, exported and run by OpenVINO."""
    synthesizer, source = synthesizer_of(generator_of(setting)), random_volume(setting)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps open files
        model = Path(folder)
        save_synthesizer(
            model,
            weights=synthesizer.method.product_state(),
            method=(GENERATOR, method_settings(GENERATOR, {"width": setting.width})),
            preparation=synthesizer.preparation,
            step=0,
            cohort={},
        )
        compiled = by_openvino(synthesizer, read_description(model), model, engine="openvino")
        compiled.synthesize(source)  # compiles for these sizes; the file is not needed after that
    return partial(compiled.synthesize, source)


def eager(setting: Setting, *, as_written: bool = False, treatment: Treatment = AS_TORCH) -> Work:
    """Whole volume by the same network in plain torch."""
    method = generator_of(setting).eval()
    if as_written:
        textbook(method)
    else:
        transpose_up_sampling(method, keep_wide=True)
        make_trainable(method)
    forward = treated(method, method.synthesize, treatment=treatment)
    return torch.inference_mode()(partial(forward, random_volume(setting)))


def windows(setting: Setting) -> Work:
    """Windows of the volume by crossvox."""
    synthesizer = synthesizer_of(generator_of(setting), window=setting.window)
    return partial(synthesizer.synthesize, random_volume(setting))


def eager_windows(setting: Setting) -> Work:
    """Windows of the volume by the same network in float32 in plain torch."""
    method = textbook(generator_of(setting).eval())
    source = random_volume(setting)

    def work() -> Tensor:
        noise = normal_noise((1, 1, *setting.sizes), seed=0)
        return synthesize_in_windows(
            lambda patch, _: method.synthesize(patch),
            source,
            noise=noise,
            window=setting.window,
            overlap=OVERLAP,
        )

    return torch.inference_mode()(work)


COST, COST_WRITTEN = partial(cost_of_volume, form=REWRITTEN), partial(cost_of_volume, form=WRITTEN)
IN_WINDOWS = Treatment(extent="windows", overlap=OVERLAP)
OURS_IN_WINDOWS = replace(AS_OURS, extent="windows", overlap=OVERLAP)
IN_FLOAT32 = replace(AS_OURS, precision="float32")

SAME: tuple[Variant, ...] = (
    Variant(name="ours", group=OURS, load=whole, pages="kept", treatment=AS_OURS, cost=COST),
    Variant(
        name="ours, --precise",
        group=OURS,
        load=partial(whole, precise=True),
        pages="kept",
        treatment=IN_FLOAT32,
        cost=COST,
    ),
    Variant(
        name="ours, by OpenVINO",
        group=OPENVINO,
        load=exported,
        pages="kept",
        treatment=AS_OURS,
        cost=COST,
    ),
    Variant(
        name="same network, float32, eager",
        group="eager",
        load=eager,
        pages="kept",
        treatment=IN_FLOAT32,
        cost=COST,
    ),
    Variant(
        name="same network, float32, eager, default allocator",
        group="eager",
        load=eager,
        pages="returned",
        treatment=IN_FLOAT32,
        cost=COST,
    ),
    Variant(
        name="same network as written in the paper, float32, eager",
        group="eager",
        load=partial(eager, as_written=True),
        pages="kept",
        cost=COST_WRITTEN,
    ),
    Variant(
        name="same network as written in the paper, float32, eager, default allocator",
        group="eager",
        load=partial(eager, as_written=True),
        pages="returned",
        cost=COST_WRITTEN,
    ),
    Variant(
        name="same network as written in the paper in windows, float32, eager",
        group="windows",
        load=eager_windows,
        pages="kept",
        treatment=IN_WINDOWS,
        cost=partial(cost_of_windows, form=WRITTEN),
    ),
    Variant(
        name="same network as written in the paper in windows, float32, eager, default allocator",
        group="windows",
        load=eager_windows,
        pages="returned",
        treatment=IN_WINDOWS,
        cost=partial(cost_of_windows, form=WRITTEN),
    ),
    Variant(
        name="ours in windows",
        group="windows",
        load=windows,
        pages="kept",
        treatment=OURS_IN_WINDOWS,
        cost=partial(cost_of_windows, form=REWRITTEN),
    ),
)
OURS_FOR_NETWORK: tuple[Variant, ...] = (
    Variant(
        name="same network as written in the paper, network for network",
        group=NETWORKS,
        load=partial(eager, as_written=True, treatment=AS_OURS),
        pages="kept",
        treatment=AS_OURS,
        cost=COST_WRITTEN,
    ),
    *(
        Variant(
            name=f"ours, width {width}, as many operations as {peers}",
            group=NETWORKS,
            load=partial(of_width, width=width),
            pages="kept",
            treatment=AS_OURS,
            cost=partial(cost_of_width, width=width),
        )
        for peers, width in MATCHING.items()
    ),
)
PREDICTION: tuple[Variant, ...] = (*SAME, *BASELINES, *AS_RUN, *OURS_FOR_NETWORK, *FOR_NETWORK)
