"""The cohort at network scale, made once."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crossvox.cohort import Case, read_cohort
from crossvox.errors import CohortError, SettingsError
from crossvox.files import read_mask, read_volume, write_volume
from crossvox.preparation.loss_weight import AIR_WEIGHT
from crossvox.training.experiment import Experiment
from crossvox.training.prepared import STEPS_PER_UNIT, fit_preparation, prepare_cohort
from crossvox.volume import Grid, Volume
from crossvox.volume.foreground import head_mask
from heard import RecordedProgress

Tiny = Callable[..., Experiment]


@pytest.fixture
def stages() -> RecordedProgress:
    return RecordedProgress()


@pytest.fixture
def cases(cohort_folder: Path, tmp_path: Path) -> tuple[Case, ...]:
    """Two people of the cohort in a folder that a test may change."""
    for number in (1, 2):
        shutil.copytree(cohort_folder / f"sub-0{number}", tmp_path / f"data/sub-0{number}")
    shutil.copytree(cohort_folder / "derivatives", tmp_path / "data/derivatives")
    return tuple(read_cohort(tmp_path / "data", modalities=("FLAIR", "T1w")))


def test_a_prepared_case_is_sources_target_and_mask_at_network_scale(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    preparation = fit_preparation(tiny(), cases, tmp_path, progress=stages)
    first, second = prepare_cohort(preparation, cases, tmp_path, progress=stages)
    voxels = first.open()
    assert voxels.shape == (3, 32, 32, 32)
    assert voxels.dtype == np.int16
    expected = preparation.prepare_sources([read_volume(cases[0].images["FLAIR"])])[0]
    # rounding to int16 moves a value by half a step at most
    assert np.abs(voxels[0] / STEPS_PER_UNIT - expected.voxels).max() <= 0.51 / STEPS_PER_UNIT
    assert cases[0].mask is not None
    assert np.array_equal(voxels[2], STEPS_PER_UNIT * read_mask(cases[0].mask).voxels)
    assert first.masked
    assert (first.name, second.name) == ("sub-01", "sub-02")
    assert stages.counts[-1] == ("preparing", 2, 2)


def test_without_a_mask_the_head_counts_and_air_a_little(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    case = Case(subject="a", name="a", images=cases[0].images)
    preparation = fit_preparation(tiny(), [case], tmp_path, progress=stages)
    (prepared,) = prepare_cohort(preparation, [case], tmp_path, progress=stages)
    weight, target = prepared.open()[-1], read_volume(case.images["T1w"]).voxels
    assert (weight[head_mask(target)] == STEPS_PER_UNIT).all()
    assert weight.min() == round(AIR_WEIGHT * STEPS_PER_UNIT)
    assert not prepared.masked
    assert (weight[tuple(prepared.centers().T)] == STEPS_PER_UNIT).all()


def test_where_the_target_ends_nothing_is_learned(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    path = cases[0].images["T1w"]
    whole = read_volume(path)
    shown = round(0.8 * 32)
    grid = Grid((32, 32, shown), whole.grid.affine)
    write_volume(path, Volume(whole.voxels[:, :, :shown].copy(), grid, stored_as="int16"))
    for mask in (cases[0].mask, None):
        case = replace(cases[0], mask=mask)
        preparation = fit_preparation(tiny(), [case], tmp_path, progress=stages)
        (prepared,) = prepare_cohort(preparation, [case], tmp_path, progress=stages)
        voxels = prepared.open()
        assert (voxels[-1, :, :, shown:] == 0).all()
        assert (voxels[-2, :, :, shown:] == -STEPS_PER_UNIT).all()
        assert (voxels[-1, :, :, :shown] > 0).any(axis=(0, 1)).all()


@pytest.mark.parametrize("damage", [b"", b"cut"])
def test_a_damaged_array_is_prepared_again(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress, damage: bytes
) -> None:
    preparation = fit_preparation(tiny(), cases, tmp_path, progress=stages)
    first, _ = prepare_cohort(preparation, cases, tmp_path, progress=stages)
    before = first.path.read_bytes()
    first.path.write_bytes(before[: len(before) // 2] if damage else b"")
    prepare_cohort(preparation, cases, tmp_path, progress=stages)
    assert first.path.read_bytes() == before


def test_a_damaged_preparation_is_fitted_again(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    preparation = fit_preparation(tiny(), cases, tmp_path, progress=stages)
    (path,) = tmp_path.glob("preparation-*.json")
    path.write_bytes(path.read_bytes()[:100])
    assert fit_preparation(tiny(), cases, tmp_path, progress=stages) == preparation


def test_an_empty_mask_is_refused_with_its_case(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    path = cases[1].mask
    assert path is not None
    write_volume(path, read_mask(path).with_voxels(np.zeros((32, 32, 32), dtype=np.float32)))
    preparation = fit_preparation(tiny(), cases, tmp_path, progress=stages)
    with pytest.raises(CohortError, match=r"1 case\(s\) .*sub-02: .*_mask.*the mask is empty"):
        prepare_cohort(preparation, cases, tmp_path, progress=stages)


@pytest.mark.parametrize("changed", ["FLAIR", "T1w", "mask"])
def test_what_is_prepared_is_kept_and_what_has_changed_is_prepared_again(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress, changed: str
) -> None:
    preparation = fit_preparation(tiny(), cases, tmp_path, progress=stages)
    before = prepare_cohort(preparation, cases, tmp_path, progress=stages)
    written = [one.path.stat().st_mtime_ns for one in before]
    assert prepare_cohort(preparation, cases, tmp_path, progress=stages) == before
    assert [one.path.stat().st_mtime_ns for one in before] == written
    file = cases[1].images[changed] if changed != "mask" else cases[1].mask
    assert file is not None
    volume = read_volume(file)
    write_volume(file, volume.with_voxels(volume.voxels[::-1].copy()))
    after = prepare_cohort(preparation, cases, tmp_path, progress=stages)
    assert after[0] == before[0]
    assert after[1].path != before[1].path


def test_scales_are_fitted_once_for_the_same_experiment_and_files(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    first = fit_preparation(tiny(), cases, tmp_path, progress=stages)
    fitted = len(stages.counts)
    assert fitted == 4  # two modalities of two people
    assert fit_preparation(tiny(), cases, tmp_path, progress=stages) == first
    assert len(stages.counts) == fitted
    other = fit_preparation(
        tiny("preparation.source_scale=cohort"), cases, tmp_path, progress=stages
    )
    assert other.source_scales[0].kind == "cohort"


def test_window_scales_are_as_given_and_read_no_file(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    windows = (
        *("preparation.source_scale=window", "preparation.source_limits=[0,1000]"),
        *("preparation.target_scale=window", "preparation.target_limits=[-5,900]"),
    )
    preparation = fit_preparation(tiny(*windows), cases, tmp_path, progress=stages)
    assert preparation.source_scales[0].limits == (0, 1000)
    assert preparation.target_scale.limits == (-5, 900)
    assert stages.counts == []


def test_each_source_may_have_a_scale_of_its_own(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    shutil.copytree(tmp_path / "data/sub-01", tmp_path / "more/sub-01")
    images = {**cases[0].images, "T2w": tmp_path / "more/sub-01/anat/sub-01_T2w.nii.gz"}
    case = Case(subject="a", name="a", images=images)
    requested = tiny(
        'cohort.source=["FLAIR", "T2w"]',
        'preparation.source_scale=["cohort", "window"]',
        "preparation.source_limits=[[0, 1], [0, 500]]",
    )
    first, second = fit_preparation(requested, [case], tmp_path, progress=stages).source_scales
    assert (first.kind, second.kind) == ("cohort", "window")
    assert second.limits == (0, 500)


def test_more_scales_than_sources_are_refused(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    requested = tiny('preparation.source_scale=["cohort", "window"]')
    with pytest.raises(SettingsError, match=r"2 values for 1 source"):
        fit_preparation(requested, cases, tmp_path, progress=stages)


def test_a_window_without_limits_is_refused(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    with pytest.raises(SettingsError, match=r"T1w has a .window. scale without limits"):
        fit_preparation(tiny("preparation.target_scale=window"), cases, tmp_path, progress=stages)


def test_every_case_that_cannot_be_prepared_is_named_and_nothing_is_left_of_it(
    cases: tuple[Case, ...], tiny: Tiny, tmp_path: Path, stages: RecordedProgress
) -> None:
    preparation = fit_preparation(tiny(), cases, tmp_path / "prepared", progress=stages)
    for case in cases:
        path = case.images["T1w"]
        path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(CohortError, match=r"2 case\(s\) .*sub-01_T1w.*sub-02_T1w"):
        prepare_cohort(preparation, cases, tmp_path / "prepared", progress=stages)
    assert list(tmp_path.glob("prepared/*.npy")) == []
