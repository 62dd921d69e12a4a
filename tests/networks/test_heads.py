"""Last layers under autocast."""

import pytest
import torch
from torch import Tensor, nn

from crossvox.networks.denoiser import Denoiser
from crossvox.networks.heads import HeadConv2d, HeadConv3d, HeadConvTranspose2d, VoxelHead
from crossvox.networks.patch_discriminator import PatchDiscriminator
from crossvox.networks.pix2pix import PatchDiscriminator2d, Pix2PixUNet
from crossvox.networks.residual_encoder import ResidualEncoderUNet
from crossvox.networks.unet import ResidualUNet

VOLUME, PLANE = torch.rand(1, 1, 16, 16, 16), torch.rand(1, 1, 32, 32)
NETWORKS = {
    "unet": (
        ResidualUNet(sources=1, width=4, depth=2, norm="batch", up_sampling="nearest"),
        (VOLUME,),
    ),
    "encoder": (ResidualEncoderUNet(sources=1, width=4, blocks=(1, 1), norm="batch"), (VOLUME,)),
    "denoiser": (Denoiser(sources=1, width=8, depth=1), (VOLUME, VOLUME, torch.tensor([3]))),
    "discriminator": (
        PatchDiscriminator(sources=1, width=4, levels=2, norm="batch"),
        (VOLUME, VOLUME),
    ),
    "pix2pix": (
        Pix2PixUNet(sources=1, width=4, depth=3, norm="instance", dropout=False),
        (PLANE,),
    ),
    "discriminator of slices": (
        PatchDiscriminator2d(sources=1, width=4, levels=2, norm="instance"),
        (PLANE, PLANE),
    ),
}
LAYERS: dict[str, tuple[nn.Module, nn.Module, Tensor]] = {
    "voxel": (VoxelHead(3), nn.Conv3d(3, 1, 1), torch.rand(2, 3, 5, 4, 6)),
    "3d": (HeadConv3d(3, 1, 3), nn.Conv3d(3, 1, 3), torch.rand(2, 3, 5, 4, 6)),
    "2d": (HeadConv2d(3, 1, 3), nn.Conv2d(3, 1, 3), torch.rand(2, 3, 5, 4)),
    "transposed": (
        HeadConvTranspose2d(3, 1, 4),
        nn.ConvTranspose2d(3, 1, 4),
        torch.rand(2, 3, 5, 4),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_head_is_torchs_layer_and_float32_under_autocast(name: str) -> None:
    ours, theirs, features = LAYERS[name]
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(features), theirs(features))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert theirs(features).dtype == torch.bfloat16
        answer = ours(features)
    torch.testing.assert_close(answer, theirs(features))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_answers_in_float32_under_autocast(name: str) -> None:
    network, inputs = NETWORKS[name]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert network(*inputs).dtype == torch.float32


@pytest.mark.parametrize("name", ["unet", "pix2pix"])
@pytest.mark.parametrize("far", [4.0, -6.0, 8.0])
def test_a_saturated_head_still_has_a_gradient(name: str, far: float) -> None:
    network, inputs = NETWORKS[name]
    bias = next(
        layer.bias
        for layer in network.modules()
        if isinstance(layer, VoxelHead | HeadConvTranspose2d)
    )
    assert bias is not None
    before = bias.detach().clone()
    nn.init.constant_(bias, far)
    network.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        answer = network(*inputs)
    answer.sum().backward()
    assert bias.grad is not None
    assert float(bias.grad) > 0
    with torch.no_grad():
        bias.copy_(before)
