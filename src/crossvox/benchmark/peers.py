"""Networks of MONAI, run as their users run them: float32, windows that overlap by half."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import torch
from torch import Tensor, nn

from crossvox.benchmark.variant import Setting, Variant, Work, random_volume
from crossvox.errors import SettingsError
from crossvox.networks.padding import padded, synthesize_padded
from crossvox.synthesis.windows import Sizes

GROUP = "monai"
WINDOWS_AT_ONCE, OVERLAP = 4, 0.5
SWIN_MULTIPLE, SWIN_SMALLEST = 32, 64  # its windows are halved five times; below 64 one voxel stays
UNET_MULTIPLE, DENOISER_MULTIPLE = 16, 4
DENOISING_STEP = 500


def refuse_without_monai() -> None:
    """Stop where MONAI is not installed.

    Raises:
        SettingsError: It is not.
    """
    if find_spec("monai") is None:
        raise SettingsError(
            "--against monai needs MONAI, which is not installed: pip install 'crossvox[benchmark]'"
        )


def basic_unet() -> nn.Module:
    """BasicUNet with its defaults."""
    from monai.networks.nets.basic_unet import BasicUNet  # noqa: PLC0415 - optional, slow to import

    network: nn.Module = BasicUNet(spatial_dims=3, in_channels=1, out_channels=1)
    return network


def dynunet() -> nn.Module:
    """DynUNet with five levels of 3x3x3 kernels, each half of the one before."""
    from monai.networks.nets.dynunet import DynUNet  # noqa: PLC0415

    network: nn.Module = DynUNet(
        spatial_dims=3,
        in_channels=1,
        out_channels=1,
        kernel_size=[3, 3, 3, 3, 3],
        strides=[1, 2, 2, 2, 2],
        upsample_kernel_size=[2, 2, 2, 2],
    )
    return network


def swin_unetr() -> nn.Module:
    """SwinUNETR with 24 features."""
    from monai.networks.nets.swin_unetr import SwinUNETR  # noqa: PLC0415

    network: nn.Module = SwinUNETR(in_channels=1, out_channels=1, feature_size=24)
    return network


def in_windows(setting: Setting, *, build: Callable[[], nn.Module], multiple: int = 1) -> Work:
    """A network by MONAI's own sliding windows."""
    from monai.inferers.utils import sliding_window_inference  # noqa: PLC0415

    network, source = build().eval(), random_volume(setting)
    window = _window(setting.window, multiple=multiple)

    def work() -> object:
        return sliding_window_inference(source, window, WINDOWS_AT_ONCE, network, overlap=OVERLAP)

    return torch.inference_mode()(work)


def strided_unet(setting: Setting) -> Work:
    """UNet, whole volume; it halves the volume in its first convolution."""
    from monai.networks.nets.unet import UNet  # noqa: PLC0415

    network = UNet(
        spatial_dims=3,
        in_channels=1,
        out_channels=1,
        channels=(16, 32, 64, 128, 256),
        strides=(2, 2, 2, 2),
        num_res_units=2,
    ).eval()
    source = random_volume(setting)
    whole = partial(synthesize_padded, network, source, multiple=UNET_MULTIPLE)
    return torch.inference_mode()(whole)


def diffusion_unet() -> nn.Module:
    """DiffusionModelUNet with 7.0 M parameters, attention in the middle alone."""
    from monai.networks.nets.diffusion_model_unet import DiffusionModelUNet  # noqa: PLC0415

    network: nn.Module = DiffusionModelUNet(
        spatial_dims=3,
        in_channels=2,
        out_channels=1,
        channels=(32, 64, 128),
        attention_levels=(False, False, False),
        num_res_blocks=1,
        num_head_channels=32,
        use_flash_attention=True,  # the other kind would need 40 GB at 48 x 288 x 240
    )
    return network


def denoising_step(setting: Setting, *, bf16: bool = False) -> Work:
    """One pass of DiffusionModelUNet over the whole volume."""
    network = diffusion_unet().eval()
    source, _ = padded(random_volume(setting), multiple=DENOISER_MULTIPLE)
    step = torch.full((1,), DENOISING_STEP)

    def work() -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            answer: Tensor = network(torch.cat((source, source), dim=1), step)
        return answer

    return torch.inference_mode()(work)


def _window(window: Sizes, *, multiple: int) -> Sizes:
    if multiple == 1:
        return window
    x, y, z = (max(SWIN_SMALLEST, -(-size // multiple) * multiple) for size in window)
    return x, y, z


MONAI: tuple[Variant, ...] = (
    Variant(
        name="MONAI BasicUNet in windows, float32",
        group=GROUP,
        load=partial(in_windows, build=basic_unet),
        pages="returned",
    ),
    Variant(
        name="MONAI DynUNet in windows, float32",
        group=GROUP,
        load=partial(in_windows, build=dynunet),
        pages="returned",
    ),
    Variant(
        name="MONAI SwinUNETR in windows of multiples of 32, float32",
        group=GROUP,
        load=partial(in_windows, build=swin_unetr, multiple=SWIN_MULTIPLE),
        pages="returned",
    ),
    Variant(
        name="MONAI UNet, whole volume, float32 (another, coarser network: strides first)",
        group=GROUP,
        load=strided_unet,
        pages="returned",
    ),
    Variant(
        name="MONAI DiffusionModelUNet (7.0 M), one step, float32",
        group=GROUP,
        load=denoising_step,
        pages="returned",
        products=(50, 1000),
    ),
    Variant(
        name="MONAI DiffusionModelUNet (7.0 M), one step, bfloat16 autocast",
        group=GROUP,
        load=partial(denoising_step, bf16=True),
        pages="returned",
        products=(50, 1000),
    ),
)
