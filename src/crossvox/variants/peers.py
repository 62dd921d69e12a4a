"""Networks of MONAI, run with typical settings and with the same treatment as crossvox."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Literal

import torch
from torch import Tensor, nn

from crossvox.acceleration.memory import NOWHERE
from crossvox.errors import SettingsError
from crossvox.networks.padding import padded, synthesize_padded
from crossvox.synthesis.windows import Sizes
from crossvox.variants.cost import Cost, Forward, on_meta, operations_of, parameters_of
from crossvox.variants.treated import treated
from crossvox.variants.variant import (
    AS_OURS,
    AS_TORCH,
    Setting,
    Treatment,
    Variant,
    Work,
    random_volume,
)

MONAI, NETWORKS = "monai", "networks"  # groups: typical settings; same treatment as crossvox
WINDOWS_AT_ONCE = 4  # per forward pass
OVERLAP = 0.25  # MONAI's default
DENOISER_MULTIPLE, DENOISING_STEP = 4, 500  # sizes in voxels; all steps take equally long
AS_PEOPLE_RUN_IT = Treatment(extent="windows", overlap=OVERLAP)
TUNED = Treatment(extent="windows", overlap=OVERLAP, precision="fast", order="channels last")


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A network of MONAI.

    Attributes:
        name: Name of its class in MONAI.
        build: Function that creates the network.
        multiple: Number that input sizes must be multiples of, in voxels.
        smallest: Smallest permitted input size in voxels.
    """

    name: str
    build: Callable[[], nn.Module]
    multiple: int = 16
    smallest: int = 1


def refuse_without_monai() -> None:
    """Check that MONAI is installed.

    Raises:
        SettingsError: MONAI is not installed.
    """
    if find_spec("monai") is None:
        raise SettingsError(
            f"--against {MONAI} and --against {NETWORKS} need MONAI, which is not installed: run"
            " pip install 'crossvox[benchmark]'"
        )


def basic_unet() -> nn.Module:
    """Create BasicUNet with its defaults."""
    from monai.networks.nets.basic_unet import BasicUNet  # noqa: PLC0415 - optional, slow to import

    network: nn.Module = BasicUNet(spatial_dims=3, in_channels=1, out_channels=1)
    return network


def dynunet() -> nn.Module:
    """Create DynUNet with five levels of 3x3x3 kernels, halving sizes at each level."""
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
    """Create SwinUNETR with 24 features."""
    from monai.networks.nets.swin_unetr import SwinUNETR  # noqa: PLC0415

    network: nn.Module = SwinUNETR(in_channels=1, out_channels=1, feature_size=24)
    return network


def strided_unet() -> nn.Module:
    """Create UNet with five levels, which halves the volume in its first convolution."""
    from monai.networks.nets.unet import UNet  # noqa: PLC0415

    network: nn.Module = UNet(
        spatial_dims=3,
        in_channels=1,
        out_channels=1,
        channels=(16, 32, 64, 128, 256),
        strides=(2, 2, 2, 2),
        num_res_units=2,
    )
    return network


def diffusion_unet() -> nn.Module:
    """Create DiffusionModelUNet with 7.0 M parameters and attention only in the middle."""
    from monai.networks.nets.diffusion_model_unet import DiffusionModelUNet  # noqa: PLC0415

    network: nn.Module = DiffusionModelUNet(
        spatial_dims=3,
        in_channels=2,
        out_channels=1,
        channels=(32, 64, 128),
        attention_levels=(False, False, False),
        num_res_blocks=1,
        num_head_channels=32,
        use_flash_attention=True,  # plain attention would need 40 GB at 48 x 288 x 240
    )
    return network


def synthesis(setting: Setting, *, peer: Peer, treatment: Treatment) -> Work:
    """Synthesis of one volume by a network of MONAI."""
    network = peer.build().eval()
    forward = treated(network, network, treatment=treatment)
    return torch.inference_mode()(_passes(forward, setting, peer=peer, treatment=treatment))


def cost_of_synthesis(setting: Setting, *, peer: Peer, treatment: Treatment) -> Cost:
    """Count the cost of one volume, including all windows and padding."""
    network = peer.build().eval().to(NOWHERE)
    work = _passes(on_meta(network), setting, peer=peer, treatment=treatment)
    return Cost(operations=operations_of(work), parameters=parameters_of(network))


def denoising_step(setting: Setting, *, treatment: Treatment) -> Work:
    """One forward pass of DiffusionModelUNet over the whole volume."""
    network = diffusion_unet().eval()
    source, _ = padded(random_volume(setting), multiple=DENOISER_MULTIPLE)
    forward = treated(network, partial(_denoise, network), treatment=treatment)
    return torch.inference_mode()(partial(forward, torch.cat((source, source), dim=1)))


def cost_of_denoising(setting: Setting) -> Cost:
    """Count the cost of one forward pass of DiffusionModelUNet."""
    network = diffusion_unet().eval().to(NOWHERE)
    source, _ = padded(random_volume(setting), multiple=DENOISER_MULTIPLE)
    work = partial(_denoise, network, torch.cat((source, source), dim=1).to(NOWHERE))
    return Cost(operations=operations_of(work), parameters=parameters_of(network))


def _passes(
    forward: Forward, setting: Setting, *, peer: Peer, treatment: Treatment
) -> Callable[[], Tensor]:
    source = random_volume(setting)
    if treatment.extent == "whole":
        return partial(synthesize_padded, forward, source, multiple=_multiple(setting.sizes, peer))
    window = _window(setting.window, peer)
    return partial(_in_windows, forward, source, window=window, overlap=treatment.overlap)


def _in_windows(forward: Forward, source: Tensor, *, window: Sizes, overlap: float) -> Tensor:
    from monai.inferers.utils import sliding_window_inference  # noqa: PLC0415

    volume: Tensor = sliding_window_inference(
        source, window, WINDOWS_AT_ONCE, forward, overlap=overlap
    )
    return volume


def _multiple(sizes: Sizes, peer: Peer) -> int:
    grown = -(-min(sizes) // peer.multiple) * peer.multiple
    return peer.multiple if grown >= peer.smallest else peer.smallest


def _window(window: Sizes, peer: Peer) -> Sizes:
    x, y, z = (max(peer.smallest, -(-size // peer.multiple) * peer.multiple) for size in window)
    return x, y, z


def _denoise(network: nn.Module, volumes: Tensor) -> Tensor:
    step = torch.full((1,), DENOISING_STEP, device=volumes.device)
    output: Tensor = network(volumes, step)
    return output


def _variant(
    peer: Peer,
    description: str,
    treatment: Treatment,
    *,
    group: str = MONAI,
    pages: Literal["kept", "returned"] = "returned",
) -> Variant:
    return Variant(
        name=f"MONAI {peer.name}, {description}",
        group=group,
        load=partial(synthesis, peer=peer, treatment=treatment),
        pages=pages,
        treatment=treatment,
        cost=partial(cost_of_synthesis, peer=peer, treatment=treatment),
    )


BASIC_UNET = Peer(name="BasicUNet", build=basic_unet)
DYNUNET = Peer(name="DynUNet", build=dynunet)
SWIN_UNETR = Peer(  # it halves windows five times; below 64 a single voxel remains
    name="SwinUNETR", build=swin_unetr, multiple=32, smallest=64
)
STRIDED_UNET = Peer(name="UNet (another, coarser network: strides first)", build=strided_unet)
PEERS = (BASIC_UNET, DYNUNET, SWIN_UNETR)

AS_RUN: tuple[Variant, ...] = (
    *(_variant(peer, "as people run it", AS_PEOPLE_RUN_IT) for peer in PEERS),
    *(_variant(peer, "as people run it, tuned", TUNED) for peer in PEERS),
    _variant(STRIDED_UNET, "as torch runs it", AS_TORCH),
    *(
        Variant(
            name=f"MONAI DiffusionModelUNet, one step, {description}",
            group=MONAI,
            load=partial(denoising_step, treatment=treatment),
            pages="returned",
            products=(50, 1000),
            treatment=treatment,
            cost=cost_of_denoising,
        )
        for description, treatment in (("as torch runs it", AS_TORCH), ("tuned", AS_OURS))
    ),
)
FOR_NETWORK: tuple[Variant, ...] = tuple(
    _variant(peer, "network for network", AS_OURS, group=NETWORKS, pages="kept")
    for peer in (*PEERS, STRIDED_UNET)
)
