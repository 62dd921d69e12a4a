"""Batch k is a function of k."""

from pathlib import Path

import numpy as np
import pytest
import torch

from crossvox.training.patches import PatchSampler, Prefetched
from crossvox.training.prepared import STEPS_PER_UNIT, PreparedCase
from crossvox.training.prepared_file import write_prepared


def prepared(folder: Path, number: int, *, size: int = 8) -> PreparedCase:
    voxels = np.zeros((3, size, size, size), dtype=np.int16)
    voxels[0] = number
    voxels[1] = np.arange(size)[:, None, None]
    voxels[2] = 1
    path = folder / f"{number}.npy"
    np.save(path, voxels)
    return PreparedCase(name=str(number), path=path)


@pytest.fixture
def sampler(tmp_path: Path) -> PatchSampler:
    cases = [prepared(tmp_path, number) for number in range(5)]
    return PatchSampler(cases=cases, patch=(4, 4, 4), batch=2, flip_share=0.5, seed=0)


def numbers(source: torch.Tensor) -> list[int]:
    return [round(float(item.max()) * STEPS_PER_UNIT) for item in source]


def test_a_step_has_the_same_batch_whenever_it_is_asked_for(sampler: PatchSampler) -> None:
    first = sampler.batch_at(7)
    sampler.batch_at(3)
    again = sampler.batch_at(7)
    assert torch.equal(first.source, again.source)
    assert torch.equal(first.target, again.target)


def test_every_case_comes_once_in_each_pass(sampler: PatchSampler) -> None:
    seen = [number for step in range(1, 6) for number in numbers(sampler.batch_at(step).source)]
    assert sorted(seen[:5]) == sorted(seen[5:]) == [0, 1, 2, 3, 4]


def test_parts_of_a_batch_are_the_batch(sampler: PatchSampler) -> None:
    whole = sampler.batch_at(2)
    parts = [sampler.batch_at(2, part=part, parts=2) for part in range(2)]
    assert torch.equal(whole.source, torch.cat([part.source for part in parts]))


def test_patches_are_mirrored_left_to_right_in_about_the_share_asked_for(tmp_path: Path) -> None:
    case = prepared(tmp_path, 1, size=4)
    sampler = PatchSampler(cases=[case], patch=(4, 4, 4), batch=1, flip_share=0.5, seed=0)
    mirrored = [bool(sampler.batch_at(k).target[0, 0, 0, 0, 0] > 0) for k in range(1, 201)]
    # binomial of 200 at one half: 4 standard deviations are 28
    assert 72 <= sum(mirrored) <= 128


def test_a_volume_smaller_than_the_patch_is_padded_with_background_that_does_not_count(
    tmp_path: Path,
) -> None:
    case = prepared(tmp_path, 1, size=3)
    sampler = PatchSampler(cases=[case], patch=(4, 4, 4), batch=1, flip_share=0.0, seed=0)
    batch = sampler.batch_at(1)
    outside = batch.mask == 0
    assert outside.sum() == 64 - 27
    assert (batch.source[outside] == -1).all()
    assert (batch.target[outside] == -1).all()


def test_the_loss_weight_is_a_share_of_one(tmp_path: Path) -> None:
    path = tmp_path / "1.npy"
    voxels = np.zeros((3, 4, 4, 4), dtype=np.int16)
    voxels[-1] = STEPS_PER_UNIT
    voxels[-1, 0] = STEPS_PER_UNIT // 4
    np.save(path, voxels)
    case = PreparedCase(name="1", path=path)
    batch = PatchSampler(cases=[case], patch=(4, 4, 4), batch=1, flip_share=0, seed=0).batch_at(1)
    assert batch.mask[0, 0, 1:].eq(1).all()
    assert batch.mask[0, 0, 0].flatten().numpy() == pytest.approx(0.25, abs=1 / STEPS_PER_UNIT)


@pytest.fixture
def corner_head(tmp_path: Path) -> PreparedCase:
    """A volume of 32 a side whose head is one voxel near the middle."""
    voxels = np.zeros((3, 32, 32, 32), dtype=np.int16)
    voxels[0, 20, 12, 9] = STEPS_PER_UNIT
    write_prepared(tmp_path / "c.npy", voxels, np.array([[20, 12, 9]], dtype=np.int16))
    return PreparedCase(name="c", path=tmp_path / "c.npy")


def test_two_patches_of_three_are_centered_on_the_head(corner_head: PreparedCase) -> None:
    sampler = PatchSampler(cases=[corner_head], patch=(8, 8, 8), batch=1, flip_share=0, seed=0)
    sources = [sampler.batch_at(step).source for step in range(1, 301)]
    centered = sum(bool(source[0, 0, 4, 4, 4] == 1) for source in sources)
    # binomial of 300 at two thirds: 4 standard deviations are 33
    assert 167 <= centered <= 233


def test_a_patch_around_the_head_stays_in_the_volume(tmp_path: Path) -> None:
    voxels = np.full((3, 16, 16, 16), STEPS_PER_UNIT, dtype=np.int16)
    write_prepared(tmp_path / "c.npy", voxels, np.array([[0, 15, 8]], dtype=np.int16))
    case = PreparedCase(name="c", path=tmp_path / "c.npy")
    sampler = PatchSampler(cases=[case], patch=(8, 8, 20), batch=1, flip_share=0, seed=0)
    for step in range(1, 20):
        assert sampler.batch_at(step).mask.sum() == 8 * 8 * 16


def test_prefetching_changes_nothing(sampler: PatchSampler) -> None:
    with Prefetched(sampler, parts=[0, 1], of=2, pin=False) as prefetched:
        for step in (1, 2, 3, 9):
            parts = prefetched.batches(step)
            together = torch.cat([part.source for part in parts])
            assert torch.equal(together, sampler.batch_at(step).source)


def test_an_error_while_cutting_reaches_the_loop(sampler: PatchSampler) -> None:
    for case in sampler.cases:
        case.path.unlink()
    with (
        Prefetched(sampler, parts=[0], of=1, pin=False) as prefetched,
        pytest.raises(FileNotFoundError),
    ):
        prefetched.batches(1)


def test_epochs_count_the_voxels_of_volumes_that_patches_hold(tmp_path: Path) -> None:
    cases = [prepared(tmp_path, number, size=8) for number in range(4)]
    sampler = PatchSampler(cases=cases, patch=(16, 4, 1), batch=3, flip_share=0.0, seed=0)
    assert sampler.epochs_per_step == 3 * (8 * 4 * 1) / (4 * 8**3)
