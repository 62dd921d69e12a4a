"""The product."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.optim import Optimizer

from crossvox.acceleration.compute import Compute
from crossvox.contract import Batch, Noise, Objective, SynthesisMethod
from crossvox.errors import ResourceError, SettingsError
from crossvox.preparation import IntensityScale, Preparation
from crossvox.synthesis import Synthesizer
from crossvox.synthesis.catalogue import build_method
from crossvox.volume import Grid, Volume
from weights import fill_zero_parameters, relative

EXACT = Compute(device="cpu", bf16=False)
OBLIQUE = np.array([[-0.9, 0.1, 0, 3], [0.1, 0.8, 0.5, -8], [0.05, -0.3, 3.9, 20], [0, 0, 0, 1.0]])
SCALE = IntensityScale(kind="window", limits=(-1, 1))
PREPARATION = Preparation(
    source_modalities=("FLAIR",),
    target_modality="T1w",
    target_unit="arbitrary",
    spacing_mm=None,
    source_scales=(SCALE,),
    target_scale=SCALE,
)
CONV = {"width": 4, "depth": 2, "norm": "instance"}


class Identity(SynthesisMethod):
    """Copies the first source channel: what remains is the way there and back."""

    product: ClassVar[tuple[str, ...]] = ()

    def optimizers(self) -> dict[str, Optimizer]:
        """Nothing learns."""
        return {}

    def objectives(self, batch: Batch) -> Iterator[Objective]:  # noqa: ARG002 - the contract's
        """Nothing to learn."""
        yield from ()

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:  # noqa: ARG002 - the contract's
        """The first channel."""
        return source[:, :1]


def volume(shape: tuple[int, int, int] = (20, 17, 9)) -> Volume:
    voxels = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    return Volume(voxels, Grid(shape, OBLIQUE), "FLAIR")


def gan(*, compute: Compute = EXACT, norm: str = "instance") -> Synthesizer:
    torch.manual_seed(0)
    method = build_method("gan3d", {**CONV, "norm": norm}, sources=1)
    return Synthesizer(PREPARATION, method, compute)


def test_synthesized_volume_lies_on_the_oblique_left_handed_source_grid() -> None:
    synthesized = gan()([volume()])
    assert np.linalg.det(volume().grid.affine) < 0
    assert np.array_equal(synthesized.grid.affine, volume().grid.affine)
    assert synthesized.voxels.shape == volume().voxels.shape
    assert synthesized.modality == "T1w"


def test_an_identity_method_gives_the_source_back() -> None:
    synthesized = Synthesizer(PREPARATION, Identity(), EXACT)([volume()])
    # the scale's round trip rounds once in float32
    np.testing.assert_allclose(synthesized.voxels, volume().voxels, atol=1.2e-7)


def test_windows_differ_little_from_the_whole_volume() -> None:
    whole, windowed = gan(norm="batch"), gan(norm="batch")
    windowed.window = (32, 32, 16)
    source = torch.rand(1, 1, 40, 40, 24) * 2 - 1
    wanted = whole.synthesize(source)
    # the windows' zero padding, damped by Gaussian weights; a volume moved by a voxel is far off
    assert relative(windowed.synthesize(source), wanted) < 0.25
    assert relative(wanted.roll(1, 2), wanted) > 1


def test_windows_of_a_diffusion_begin_with_the_same_noise_and_end_alike() -> None:
    torch.manual_seed(0)
    settings = {"width": 4, "depth": 1, "sampling_steps": 4}
    method = build_method("ddpm3d", settings, sources=1)
    fill_zero_parameters(method)
    source = torch.rand(1, 1, 24, 16, 16) * 2 - 1
    whole = Synthesizer(PREPARATION, method, EXACT).synthesize(source)
    windowed = Synthesizer(PREPARATION, method, EXACT, window=(16, 16, 16)).synthesize(source)
    other = Synthesizer(PREPARATION, method, EXACT, seed=1).synthesize(source)
    # group norm sees each window's own statistics; other noise is another sample altogether
    assert (whole - windowed).abs().mean() < 0.1 * (whole - other).abs().mean()


def test_what_does_not_fit_in_memory_is_done_in_slabs_that_give_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    synthesizer, source = gan(norm="batch"), torch.rand(1, 1, 96, 64, 64) * 2 - 1
    whole, sizes = synthesizer.synthesize(source), (96, 64, 64)
    limit = round(0.9 * synthesizer.memory_bytes(sizes))
    monkeypatch.setattr("crossvox.synthesis.synthesizer.free_memory_bytes", lambda _: limit)
    slab, window = synthesizer.fitting(sizes)
    assert slab is not None
    assert window == sizes
    assert synthesizer.memory_bytes(sizes, slab=slab) <= 0.8 * limit
    # float32 sums in another order
    torch.testing.assert_close(synthesizer.synthesize(source), whole, atol=1e-5, rtol=0)


def test_windows_are_for_what_slabs_cannot_do(monkeypatch: pytest.MonkeyPatch) -> None:
    synthesizer, sizes = gan(norm="instance"), (64, 128, 96)
    limit = synthesizer.memory_bytes(sizes) // 3
    monkeypatch.setattr("crossvox.synthesis.synthesizer.free_memory_bytes", lambda _: limit)
    slab, window = synthesizer.fitting(sizes)
    assert slab is None
    assert synthesizer.memory_bytes(window) <= 0.8 * limit
    assert max(window) >= 64


def test_no_memory_at_all_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossvox.synthesis.synthesizer.free_memory_bytes", lambda _: 1000)
    with pytest.raises(ResourceError, match="free memory"):
        gan().fitting((64, 64, 64))


def test_a_network_that_normalizes_over_the_volume_sees_what_it_learned_from() -> None:
    torch.manual_seed(0)
    method = build_method("gan3d", CONV, sources=1)
    synthesizer = Synthesizer(PREPARATION, method, EXACT, patch=(32, 32, 16))
    assert synthesizer.fitting((64, 30, 17)) == (None, (32, 30, 16))
    assert synthesizer.fitting((35, 32, 16)) == (None, (35, 32, 16))  # padding goes as far


def test_a_network_that_does_not_sees_the_whole() -> None:
    method = build_method("gan3d", {**CONV, "norm": "batch"}, sources=1)
    synthesizer = Synthesizer(PREPARATION, method, EXACT, patch=(32, 32, 16))
    assert synthesizer.fitting((64, 64, 64)) == (None, (64, 64, 64))


class Hungry(Identity):
    """Asks for a petabyte when it is given more than a few voxels, and did not say so before."""

    def synthesize(self, source: Tensor, *, noise: Noise | None = None) -> Tensor:
        if not source.is_meta and source.numel() > 70 * 70 * 70:
            torch.empty(2**50)
        return super().synthesize(source, noise=noise)


def test_running_out_of_memory_is_answered_with_smaller_windows() -> None:
    source = torch.rand(1, 1, 100, 80, 64)
    synthesizer = Synthesizer(PREPARATION, Hungry(), EXACT)
    assert synthesizer.fitting((100, 80, 64)) == (None, (100, 80, 64))
    synthesized = synthesizer.synthesize(source)
    torch.testing.assert_close(synthesized, source, atol=1e-5, rtol=1e-5)


def test_bfloat16_stays_close_to_float32() -> None:
    exact, fast = gan(), gan(compute=Compute(device="cpu", bf16=True))
    source = torch.rand(1, 1, 16, 16, 16) * 2 - 1
    # eight bits of mantissa through a dozen layers
    assert (exact.synthesize(source) - fast.synthesize(source)).abs().mean() < 0.02


def test_a_missing_source_is_refused() -> None:
    with pytest.raises(SettingsError, match="needs FLAIR"):
        gan()([])
