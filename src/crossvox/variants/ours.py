"""The paper's networks, untrained, as crossvox builds and runs them."""

from crossvox.acceleration.compute import compute_at_hand
from crossvox.contract import SynthesisMethod
from crossvox.preparation import IntensityScale, Preparation
from crossvox.synthesis import Synthesizer
from crossvox.synthesis.catalogue import build_method
from crossvox.synthesis.windows import Sizes
from crossvox.variants.variant import Setting

GENERATOR = "gan3d"  # the method whose network all of ours share


def generator_of(setting: Setting) -> SynthesisMethod:
    """The paper's 3D GAN, untrained."""
    return build_method(GENERATOR, {"width": setting.width}, sources=1)


def trained_method(setting: Setting) -> SynthesisMethod:
    """The paper's 3D GAN with the widths of both of its networks."""
    settings = {"width": setting.width, "discriminator_width": setting.discriminator_width}
    return build_method(GENERATOR, settings, sources=1)


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
