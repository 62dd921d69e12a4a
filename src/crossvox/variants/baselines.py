"""Variants of other methods: Pix2Pix slice by slice, and one denoising step of diffusion."""

from functools import partial

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

from crossvox.acceleration.compute import choose_compute
from crossvox.acceleration.fusion import fused
from crossvox.acceleration.memory import NOWHERE
from crossvox.acceleration.rewriting import folded, optimized
from crossvox.contract import SynthesisMethod
from crossvox.networks.padding import padded
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.windows import Sizes
from crossvox.variants.cost import Cost, Forward, on_meta, operations_of, parameters_of
from crossvox.variants.ours import synthesizer_of
from crossvox.variants.plain import textbook, with_plain_head
from crossvox.variants.variant import AS_OURS, Setting, Treatment, Variant, Work, random_volume

PIX2PIX = {"slice_axis": "z", "width": 64, "depth": 8}  # as published
DDPM = {"width": 32, "depth": 4}
SLICE_MULTIPLE = 256  # pixels that 8 halvings reduce to one
DENOISING_STEP = 500  # all steps take equally long


def one_slice_at_a_time(setting: Setting) -> Work:
    """Pix2Pix in float32 on single slices of the published size."""
    generator = _slice_generator().eval()
    return torch.inference_mode()(partial(_by_slices, generator, random_volume(setting)))


def batches_of_slices(setting: Setting) -> Work:
    """Pix2Pix on the same slices through crossvox's optimized inference."""
    synthesizer = synthesizer_of(build_method("pix2pix2d", PIX2PIX, sources=1))
    source = random_volume(setting)

    def work() -> Tensor:
        slices = rearrange(_published_slices(source), "z c x y -> 1 c x y z")
        synthesized = rearrange(synthesizer.synthesize(slices), "1 c x y z -> z c x y")
        return _volume(synthesized, sizes=setting.sizes)

    return torch.inference_mode()(work)


def cost_of_slices(setting: Setting) -> Cost:
    """Count the cost of Pix2Pix over all slices of the volume."""
    with NOWHERE:
        generator = _slice_generator().eval()
    work = partial(_by_slices, on_meta(generator), random_volume(setting))
    return Cost(operations=operations_of(work), parameters=parameters_of(generator))


def denoising_step(setting: Setting, *, as_torch_runs_it: bool = False) -> Work:
    """One forward pass of crossvox's denoiser over the whole volume."""
    method = _diffusion()
    source, _ = padded(random_volume(setting), multiple=2 ** DDPM["depth"])
    if as_torch_runs_it:
        textbook(method)
    else:
        compute = choose_compute(device="cpu")
        method = fused(optimized(method, compute), compute)
        source = source.contiguous(memory_format=torch.channels_last_3d)
    denoiser = method.get_submodule("denoiser")
    step = torch.full((1,), DENOISING_STEP)
    return torch.inference_mode()(partial(denoiser, source, source, step))


def cost_of_denoising(setting: Setting, *, as_torch_runs_it: bool = False) -> Cost:
    """Count the cost of one forward pass of crossvox's denoiser."""
    method = _diffusion()
    parameters = parameters_of(method.get_submodule("denoiser"))
    if as_torch_runs_it:
        textbook(method)
    else:
        method = with_plain_head(folded(method))
    source, _ = padded(random_volume(setting), multiple=2 ** DDPM["depth"])
    source = source.to(NOWHERE)
    step = torch.full((1,), DENOISING_STEP, device=NOWHERE)
    work = partial(method.get_submodule("denoiser").to(NOWHERE), source, source, step)
    return Cost(operations=operations_of(work), parameters=parameters)


def _slice_generator() -> nn.Module:
    return build_method("pix2pix2d", PIX2PIX, sources=1).get_submodule("generator")


def _diffusion() -> SynthesisMethod:
    return build_method("ddpm3d", DDPM, sources=1).eval()


def _by_slices(forward: Forward, volume: Tensor) -> Tensor:
    slices = [forward(single[None]) for single in _published_slices(volume)]
    return _volume(torch.cat(slices), sizes=(volume.shape[2], volume.shape[3], volume.shape[4]))


def _published_slices(volume: Tensor) -> Tensor:
    """Split (1, 1, X, Y, Z) into slices (Z, 1, x, y), resized to fit the published U-Net."""
    slices = rearrange(volume, "1 c x y z -> z c x y")
    sizes = [max(1, round(size / SLICE_MULTIPLE)) * SLICE_MULTIPLE for size in slices.shape[2:]]
    return functional.interpolate(slices, size=sizes, mode="bilinear")


def _volume(slices: Tensor, *, sizes: Sizes) -> Tensor:
    restored = functional.interpolate(slices, size=sizes[:2], mode="bilinear")
    return rearrange(restored, "z c x y -> 1 c x y z")


BASELINES: tuple[Variant, ...] = (
    Variant(
        name="pix2pix2d, float32, eager, one slice at a time, default allocator",
        group="pix2pix",
        load=one_slice_at_a_time,
        pages="returned",
        treatment=Treatment(extent="slices"),
        cost=cost_of_slices,
    ),
    Variant(
        name="pix2pix2d, our optimized path",
        group="pix2pix",
        load=batches_of_slices,
        pages="kept",
        treatment=Treatment(extent="slices", precision="fast", order="channels last"),
        cost=cost_of_slices,
    ),
    Variant(
        name="ddpm3d, one step, float32, eager, default allocator",
        group="ddpm",
        load=partial(denoising_step, as_torch_runs_it=True),
        pages="returned",
        products=(50, 1000),
        cost=partial(cost_of_denoising, as_torch_runs_it=True),
    ),
    Variant(
        name="ddpm3d, one step, our optimized path",
        group="ddpm",
        load=denoising_step,
        pages="kept",
        products=(50, 1000),
        treatment=AS_OURS,
        cost=cost_of_denoising,
    ),
)
