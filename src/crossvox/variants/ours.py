"""The paper's networks with initial weights, built and run by crossvox."""

from crossvox.acceleration.compute import choose_compute
from crossvox.contract import SynthesisMethod
from crossvox.preparation import IntensityScale, Preparation
from crossvox.synthesis import Synthesizer
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.windows import Sizes
from crossvox.variants.variant import Setting

GENERATOR = "gan3d"  # method whose generator all variants of crossvox use


def generator_of(setting: Setting) -> SynthesisMethod:
    """Build the paper's 3D GAN with initial weights."""
    return build_method(GENERATOR, {"width": setting.width}, sources=1)


def trained_method(setting: Setting) -> SynthesisMethod:
    """Build the paper's 3D GAN for training, with the widths of both networks."""
    settings = {"width": setting.width, "discriminator_width": setting.discriminator_width}
    return build_method(GENERATOR, settings, sources=1)


def synthesizer_of(
    method: SynthesisMethod, *, precise: bool = False, window: Sizes | None = None
) -> Synthesizer:
    """Create a synthesizer of `method` on the CPU that does not rescale intensities."""
    scale = IntensityScale(kind="window", limits=(-1, 1))
    preparation = Preparation(
        source_modalities=("source",),
        target_modality="target",
        target_unit="arbitrary",
        spacing_mm=None,
        source_scales=(scale,),
        target_scale=scale,
    )
    compute = choose_compute(device="cpu", precise=precise)
    return Synthesizer(preparation, method, compute, window=window)
