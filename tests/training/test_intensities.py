"""Intensities of a cohort's files."""

from pathlib import Path

import numpy as np
import pytest

from crossvox.cohort import Case
from crossvox.errors import CohortError
from crossvox.files import write_volume
from crossvox.preparation.intensity import PERCENTILES, IntensityScale
from crossvox.training.intensities import Intensities, limits_in, read_intensities, read_limits
from crossvox.volume import Grid, Volume

SHAPE = (20, 20, 20)


def write(path: Path, voxels: np.ndarray) -> Path:
    write_volume(path, Volume(voxels.astype(np.float32), Grid(SHAPE, np.eye(4))))
    return path


def head(*, gain: float = 1.0, air: float = 0.0) -> np.ndarray:
    voxels = np.full(SHAPE, air, dtype=np.float64)
    voxels[5:15, 5:15, 5:15] = np.random.default_rng(0).uniform(100, 200, (10, 10, 10))
    voxels[5:15, 5:15, 5:15] *= gain
    return voxels


def test_what_pads_a_ct_does_not_set_its_limits(tmp_path: Path) -> None:
    voxels = head(air=-1000)
    voxels[:2] = -3024
    path = write(tmp_path / "a.nii.gz", voxels)
    assert limits_in(path, modality="ct", percentiles=PERCENTILES)[0] == -1024
    assert limits_in(path, modality="T1w", percentiles=PERCENTILES)[0] == -3024


def test_limits_and_quantiles_are_those_of_the_head(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{gain}.nii.gz", head(gain=gain)) for gain in (1, 3)]
    cases = [Case(subject=p.name, name=p.name, images={"T1w": p}) for p in paths]
    people = read_intensities(cases, "T1w", percentiles=PERCENTILES)
    assert [one.limits for one in people] == read_limits(cases, "T1w", percentiles=PERCENTILES)
    for one, gain in zip(people, (1, 3), strict=True):
        assert one.head[[0, -1]] == pytest.approx([100 * gain, 200 * gain], rel=0.01)
        assert one.head.mean() == pytest.approx(150 * gain, rel=0.02)


def test_a_constant_foreground_is_refused_with_its_file(tmp_path: Path) -> None:
    path = write(tmp_path / "flat.nii.gz", np.where(head() > 0, -2000, -3024))
    with pytest.raises(CohortError, match=r"flat\.nii\.gz.*constant at -1024"):
        limits_in(path, modality="CT", percentiles=PERCENTILES)


def test_what_clipping_and_restoring_cost_a_perfect_network() -> None:
    person = Intensities(limits=(0.0, 100.0), head=np.linspace(0, 200, 1001))
    cohort = IntensityScale(kind="cohort", limits=(0, 200))
    clipping = IntensityScale(kind="cohort", limits=(0, 100))
    volume = IntensityScale(kind="volume", limits=(0, 200))
    assert person.cost(cohort) == pytest.approx(0)
    assert person.cost(clipping) == pytest.approx(25, rel=1e-2)  # half off by 50 on average
    assert person.cost(volume) == pytest.approx(50, rel=1e-2)  # doubled, then cut at 200
