"""Which patches fit the networks, the volumes and the memory."""

import math

import pytest

from crossvox.acceleration.compute import Compute
from crossvox.errors import ResourceError, SettingsError
from crossvox.training.experiment import Experiment, Sizes, read_experiment
from crossvox.training.patch_plan import (
    LARGEST_CPU_PATCH,
    accepts_patch,
    method_of,
    needed_bytes,
    plan_patch,
    refuse_patch,
)

CPU = Compute(device="cpu", bf16=False)
SMALL = ("method.width=2", "method.discriminator_width=2")
PLENTY = 2**40


def experiment(*changes: str) -> Experiment:
    return read_experiment(None, changes=("cohort.source=FLAIR", "cohort.target=T1w", *changes))


def planned(settings: Experiment, *shapes: Sizes, free_bytes: int = PLENTY) -> tuple[Sizes, int]:
    return plan_patch(settings, shapes, compute=CPU, free_bytes=free_bytes)


@pytest.mark.parametrize("depth", [3, 5, 6])
@pytest.mark.parametrize("shape", [(320, 320, 36), (320, 320, 48), (110, 110, 87)])
def test_a_planned_patch_is_one_that_the_networks_take(depth: int, shape: Sizes) -> None:
    settings = experiment(*SMALL, f"method.depth={depth}")
    patch, _ = planned(settings, shape)
    assert accepts_patch(method_of(settings), patch)
    assert all(size % 2**depth == 0 for size in patch)
    assert math.prod(patch) <= LARGEST_CPU_PATCH


def test_small_volumes_get_a_patch_that_leaves_more_than_one_voxel() -> None:
    settings = experiment(*SMALL, "method.depth=5")
    patch, _ = planned(settings, (32, 32, 32))
    assert patch == (64, 32, 32)
    assert accepts_patch(method_of(settings), patch)


def test_volumes_that_are_far_too_small_are_refused_by_the_setting() -> None:
    with pytest.raises(SettingsError, match=r"32x32x32 voxels.*method\.discriminator_levels 6"):
        planned(experiment(*SMALL, "method.discriminator_levels=6"), (32, 32, 32))


@pytest.mark.parametrize(("axis", "slices"), [("z", (110, 92, 1)), ("x", (1, 92, 87))])
def test_a_method_in_2d_learns_from_several_whole_slices(axis: str, slices: Sizes) -> None:
    two = ("method.name=pix2pix2d", f"method.slice_axis={axis}", "method.depth=5")
    patch, batch = planned(experiment(*SMALL, *two), (110, 92, 87))
    assert (patch, batch) == (slices, 8)


@pytest.mark.slow
def test_fewer_slices_are_taken_where_they_are_large_or_memory_is_short() -> None:
    two = ("method.name=pix2pix2d", "method.slice_axis=z", "method.depth=5")
    settings = experiment(*SMALL, *two)
    _, batch = planned(settings, (512, 512, 30))
    assert batch == 2
    one = needed_bytes(experiment(*SMALL, *two, "training.batch=1"), (64, 64, 1), CPU)
    _, batch = planned(settings, (64, 64, 30), free_bytes=3 * one)
    assert 1 <= batch < 8
    with pytest.raises(ResourceError, match=r"whole slice.*method\.width"):
        planned(settings, (64, 64, 30), free_bytes=one // 2)
    _, given = planned(experiment(*SMALL, *two, "training.batch=3"), (64, 64, 30))
    assert given == 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (("training.patch=[40,40,40]",), r"training\.patch 40x40x40.*method\.depth 4.*multiple"),
        (("training.patch=[8,8,8]",), r"training\.patch 8x8x8.*method\.depth 4"),
        (("training.patch=[32,32,32]", "method.depth=6"), r"training\.patch.*method\.depth 6"),
        (
            ("training.patch=[32,32,32]", "method.discriminator_levels=6"),
            r"training\.patch.*method\.discriminator_levels 6",
        ),
    ],
)
def test_a_patch_that_the_networks_cannot_halve_is_refused(
    changes: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SettingsError, match=told):
        refuse_patch(experiment(*SMALL, *changes), compute=CPU, free_bytes=PLENTY)


@pytest.mark.slow
def test_a_patch_that_memory_does_not_hold_is_refused_beside_one_that_fits() -> None:
    settings = experiment("training.patch=[512,512,512]")
    with pytest.raises(ResourceError) as refusal:
        refuse_patch(settings, compute=CPU, free_bytes=20 * 2**30)
    told = str(refusal.value)
    assert "training.patch 512x512x512 takes" in told
    assert "20.0 GiB are free" in told
    fitting = told.partition("training.patch=")[2].partition("]")[0] + "]"
    remedy = experiment(f"training.patch={fitting}")
    refuse_patch(remedy, compute=CPU, free_bytes=20 * 2**30)


def test_a_patch_that_fits_and_an_open_one_pass() -> None:
    for changes in ((), ("training.patch=[32,32,32]",)):
        refuse_patch(experiment(*SMALL, *changes), compute=CPU, free_bytes=2**31)
