"""What a volume can be predicted by: ours, the same network otherwise, and other methods."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional

from crossvox.benchmark.peers import MONAI
from crossvox.benchmark.plain import textbook
from crossvox.benchmark.variant import OURS, Setting, Variant, Work, random_volume
from crossvox.contract import SynthesisMethod
from crossvox.export import by_openvino
from crossvox.networks.noise import normal_noise
from crossvox.networks.padding import padded
from crossvox.preparation import IntensityScale, Preparation
from crossvox.synthesis import Synthesizer
from crossvox.synthesis.catalogue import build_method, method_settings
from crossvox.synthesis.compute import compute_at_hand
from crossvox.synthesis.fused import fused
from crossvox.synthesis.optimise import optimised
from crossvox.synthesis.store import read_description, save_synthesizer
from crossvox.synthesis.windows import Sizes, synthesize_in_windows

GENERATOR = "gan3d"  # the method whose network all of ours share
PIX2PIX = {"slice_axis": "z", "width": 64, "depth": 8}  # as published
DDPM = {"width": 32, "depth": 4}
SLICE_MULTIPLE = 256  # what 8 halvings see down to one pixel
OPENVINO = "openvino"  # a group
DENOISING_STEP = 500  # which one makes no difference to time


def synthesizer_of(
    method: SynthesisMethod, *, precise: bool = False, window: Sizes | None = None
) -> Synthesizer:
    """A synthesizer of an untrained method on the CPU; intensities stay as they are."""
    scale = IntensityScale(kind="window", limits=(-1, 1))
    preparation = Preparation(
        source_modalities=("source",),
        target_modality="target",
        target_unit="arbitrary",
        spacing_mm=None,
        source_scales=(scale,),
        target_scale=scale,
    )
    compute = compute_at_hand(device="cpu", precise=precise)
    return Synthesizer(preparation, method, compute, window=window)


def generator_of(setting: Setting) -> SynthesisMethod:
    """The paper's 3D GAN, untrained."""
    return build_method(GENERATOR, {"width": setting.width}, sources=1)


def whole(setting: Setting, *, precise: bool = False) -> Work:
    """Ours, as a user has it."""
    synthesizer = synthesizer_of(generator_of(setting), precise=precise)
    return partial(synthesizer.synthesize, random_volume(setting))


def exported(setting: Setting) -> Work:
    """Ours, exported and run by OpenVINO."""
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
        ready = by_openvino(synthesizer, read_description(model), model, engine="openvino")
        ready.synthesize(source)  # compiled for its sizes, it needs the file no more
    return partial(ready.synthesize, source)


def eager(setting: Setting, *, as_written: bool = False) -> Work:
    """The same network in float32 as torch runs it, whole volume."""
    method = generator_of(setting).eval()
    if as_written:
        textbook(method)
    return torch.inference_mode()(partial(method.synthesize, random_volume(setting)))


def windows(setting: Setting) -> Work:
    """Ours, but in windows."""
    synthesizer = synthesizer_of(generator_of(setting), window=setting.window)
    return partial(synthesizer.synthesize, random_volume(setting))


def eager_windows(setting: Setting) -> Work:
    """The same network in float32 as torch runs it, in windows."""
    method = textbook(generator_of(setting).eval())
    source = random_volume(setting)

    def work() -> Tensor:
        noise = normal_noise((1, 1, *setting.sizes), seed=0)
        return synthesize_in_windows(
            lambda patch, _: method.synthesize(patch),
            source,
            noise=noise,
            window=setting.window,
        )

    return torch.inference_mode()(work)


def one_slice_at_a_time(setting: Setting) -> Work:
    """Pix2Pix in float32, as it is run on slices of the size it is published for."""
    generator = build_method("pix2pix2d", PIX2PIX, sources=1).get_submodule("generator").eval()
    source = random_volume(setting)

    def work() -> Tensor:
        slices = [generator(one[None]) for one in _published_slices(source)]
        return _volume(torch.cat(slices), sizes=setting.sizes)

    return torch.inference_mode()(work)


def batches_of_slices(setting: Setting) -> Work:
    """Pix2Pix on the same slices by our optimised path."""
    synthesizer = synthesizer_of(build_method("pix2pix2d", PIX2PIX, sources=1))
    source = random_volume(setting)

    def work() -> Tensor:
        slices = rearrange(_published_slices(source), "z c x y -> 1 c x y z")
        answer = rearrange(synthesizer.synthesize(slices), "1 c x y z -> z c x y")
        return _volume(answer, sizes=setting.sizes)

    return torch.inference_mode()(work)


def denoising_step(setting: Setting, *, as_torch_runs_it: bool = False) -> Work:
    """One pass of our diffusion's network over the whole volume."""
    method = build_method("ddpm3d", DDPM, sources=1).eval()
    source, _ = padded(random_volume(setting), multiple=2 ** DDPM["depth"])
    if as_torch_runs_it:
        textbook(method)
    else:
        compute = compute_at_hand(device="cpu")
        method = fused(optimised(method, compute), compute)
        source = source.contiguous(memory_format=torch.channels_last_3d)
    denoiser = method.get_submodule("denoiser")
    step = torch.full((1,), DENOISING_STEP)
    return torch.inference_mode()(partial(denoiser, source, source, step))


def _published_slices(volume: Tensor) -> Tensor:
    """(Z, 1, x, y) of (1, 1, X, Y, Z): resized to the nearest size the published U-Net takes."""
    slices = rearrange(volume, "1 c x y z -> z c x y")
    sizes = [max(1, round(size / SLICE_MULTIPLE)) * SLICE_MULTIPLE for size in slices.shape[2:]]
    return functional.interpolate(slices, size=sizes, mode="bilinear")


def _volume(slices: Tensor, *, sizes: Sizes) -> Tensor:
    restored = functional.interpolate(slices, size=sizes[:2], mode="bilinear")
    return rearrange(restored, "z c x y -> 1 c x y z")


PREDICTION: tuple[Variant, ...] = (
    Variant(name="ours", group=OURS, load=whole, pages="kept"),
    Variant(name="ours, --precise", group=OURS, load=partial(whole, precise=True), pages="kept"),
    Variant(name="ours, by OpenVINO", group=OPENVINO, load=exported, pages="kept"),
    Variant(name="same network, float32, eager", group="eager", load=eager, pages="kept"),
    Variant(
        name="same network, float32, eager, default allocator",
        group="eager",
        load=eager,
        pages="returned",
    ),
    Variant(
        name="same network as written in the paper, float32, eager",
        group="eager",
        load=partial(eager, as_written=True),
        pages="kept",
    ),
    Variant(
        name="same network as written in the paper, float32, eager, default allocator",
        group="eager",
        load=partial(eager, as_written=True),
        pages="returned",
    ),
    Variant(
        name="same network as written in the paper in windows, float32, eager",
        group="windows",
        load=eager_windows,
        pages="kept",
    ),
    Variant(
        name="same network as written in the paper in windows, float32, eager, default allocator",
        group="windows",
        load=eager_windows,
        pages="returned",
    ),
    Variant(name="ours in windows", group="windows", load=windows, pages="kept"),
    Variant(
        name="pix2pix2d, float32, eager, one slice at a time, default allocator",
        group="pix2pix",
        load=one_slice_at_a_time,
        pages="returned",
    ),
    Variant(
        name="pix2pix2d, our optimised path", group="pix2pix", load=batches_of_slices, pages="kept"
    ),
    Variant(
        name="ddpm3d, one step, float32, eager, default allocator",
        group="ddpm",
        load=partial(denoising_step, as_torch_runs_it=True),
        pages="returned",
        products=(50, 1000),
    ),
    Variant(
        name="ddpm3d, one step, our optimised path",
        group="ddpm",
        load=denoising_step,
        pages="kept",
        products=(50, 1000),
    ),
    *MONAI,
)
