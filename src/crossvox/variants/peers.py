"""Networks of MONAI, as people run them and treated as ours."""

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
from crossvox.variants.cost import Cost, Forward, operations_of, parameters_of, without_contents
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

MONAI, NETWORKS = "monai", "networks"  # groups: as people run them; network for network
WINDOWS_AT_ONCE = 4
OVERLAP = 0.25  # MONAI's default
DENOISER_MULTIPLE, DENOISING_STEP = 4, 500
AS_PEOPLE_RUN_IT = Treatment(extent="windows", overlap=OVERLAP)
TUNED = Treatment(extent="windows", overlap=OVERLAP, precision="fast", order="channels last")


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A network of MONAI.

    Attributes:
        name: Its class in MONAI.
        build: Makes it.
        multiple: Sizes that it accepts are multiples of this.
        smallest: The smallest size that it accepts.
    """

    name: str
    build: Callable[[], nn.Module]
    multiple: int = 16
    smallest: int = 1


def refuse_without_monai() -> None:
    """Stop where MONAI is not installed.

    Raises:
        SettingsError: It is not.
    """
    if find_spec("monai") is None:
        raise SettingsError(
            f"--against {MONAI} and {NETWORKS} need MONAI, which is not installed:"
            " pip install 'crossvox[benchmark]'"
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


def strided_unet() -> nn.Module:
    """UNet with five levels; it halves the volume in its first convolution."""
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


def synthesis(setting: Setting, *, peer: Peer, treatment: Treatment) -> Work:
    """One volume by a network of MONAI."""
    network = peer.build().eval()
    forward = treated(network, network, treatment=treatment)
    return torch.inference_mode()(_passes(forward, setting, peer=peer, treatment=treatment))


def cost_of_synthesis(setting: Setting, *, peer: Peer, treatment: Treatment) -> Cost:
    """Cost of one volume: all windows, and what sizes are padded by, are counted."""
    network = peer.build().eval().to(NOWHERE)
    work = _passes(without_contents(network), setting, peer=peer, treatment=treatment)
    return Cost(operations=operations_of(work), parameters=parameters_of(network))


def denoising_step(setting: Setting, *, treatment: Treatment) -> Work:
    """One pass of DiffusionModelUNet over the whole volume."""
    network = diffusion_unet().eval()
    source, _ = padded(random_volume(setting), multiple=DENOISER_MULTIPLE)
    forward = treated(network, partial(_denoise, network), treatment=treatment)
    return torch.inference_mode()(partial(forward, torch.cat((source, source), dim=1)))


def cost_of_denoising(setting: Setting) -> Cost:
    """Cost of that pass."""
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
    answer: Tensor = network(volumes, step)
    return answer


def _variant(
    peer: Peer,
    what: str,
    treatment: Treatment,
    *,
    group: str = MONAI,
    pages: Literal["kept", "returned"] = "returned",
) -> Variant:
    return Variant(
        name=f"MONAI {peer.name}, {what}",
        group=group,
        load=partial(synthesis, peer=peer, treatment=treatment),
        pages=pages,
        treatment=treatment,
        cost=partial(cost_of_synthesis, peer=peer, treatment=treatment),
    )


BASIC_UNET = Peer(name="BasicUNet", build=basic_unet)
DYNUNET = Peer(name="DynUNet", build=dynunet)
SWIN_UNETR = Peer(  # its windows are halved five times; below 64 a single voxel stays
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
            name=f"MONAI DiffusionModelUNet, one step, {what}",
            group=MONAI,
            load=partial(denoising_step, treatment=treatment),
            pages="returned",
            products=(50, 1000),
            treatment=treatment,
            cost=cost_of_denoising,
        )
        for what, treatment in (("as torch runs it", AS_TORCH), ("tuned", AS_OURS))
    ),
)
FOR_NETWORK: tuple[Variant, ...] = tuple(
    _variant(peer, "network for network", AS_OURS, group=NETWORKS, pages="kept")
    for peer in (*PEERS, STRIDED_UNET)
)
