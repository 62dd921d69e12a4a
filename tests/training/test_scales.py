"""Which scales are planned."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from crossvox.cohort import Case, read_cohort
from crossvox.errors import SettingsError
from crossvox.files import write_volume
from crossvox.preparation.intensity import PERCENTILES, fit_scale
from crossvox.training.experiment import CohortSettings, PreparationSettings
from crossvox.training.intensities import read_intensities, read_limits
from crossvox.training.scales import (
    HU_LIMITS,
    ScalePlan,
    perfect_network_mae,
    plan_scales,
    source_kinds,
    source_windows,
)
from crossvox.volume import Grid, Volume

REAL = Path(__file__).resolve().parents[2] / "../shared/data/flair_t1_2mm"
SHAPE = (20, 20, 20)
NOTHING = PreparationSettings()


def cases_of(folder: Path, gains: dict[str, Sequence[float]]) -> list[Case]:
    """One case for each gain, its volumes a head of 100 to 200 times the modality's gains."""
    people = []
    for index in range(len(next(iter(gains.values())))):
        images = {}
        for modality, of_people in gains.items():
            voxels = np.zeros(SHAPE, dtype=np.float32)
            inside = np.random.default_rng(index).uniform(100, 200, (10, 10, 10))
            voxels[5:15, 5:15, 5:15] = inside * of_people[index]
            images[modality] = folder / f"{index}_{modality}.nii.gz"
            write_volume(images[modality], Volume(voxels, Grid(SHAPE, np.eye(4))))
        people.append(Case(subject=str(index), name=str(index), images=images))
    return people


def plan(
    cases: Sequence[Case],
    source: tuple[str, ...] = ("FLAIR",),
    target: str = "T1w",
    given: PreparationSettings = NOTHING,
) -> ScalePlan:
    return plan_scales(given, cohort=CohortSettings(source=source, target=target), cases=cases)


def test_the_targets_scale_is_what_costs_a_perfect_network_least(tmp_path: Path) -> None:
    cases = cases_of(tmp_path, {"FLAIR": (1, 1, 1, 1), "T1w": (1, 1.2, 0.8, 1)})
    target = plan(cases).target
    assert target.kind == "cohort"
    assert target.floors["cohort"] < 0.5  # clipping alone
    # two of four are off by a fifth of 150
    assert target.floors["volume"] == pytest.approx(15, abs=1.5)
    assert "a mean absolute error of" in str(target)


def test_a_volume_in_another_unit_does_not_decide_for_the_others(tmp_path: Path) -> None:
    cases = cases_of(tmp_path, {"FLAIR": (1,) * 6, "T1w": (1, 1.2, 0.8, 1, 1.1, 30000)})
    assert plan(cases).target.kind == "cohort"
    limits = read_limits(cases, "T1w", percentiles=PERCENTILES)
    assert fit_scale(limits, kind="cohort", percentiles=PERCENTILES).limits[1] < 250


def test_a_sources_scale_is_the_cohorts_where_its_gain_tells_the_targets(tmp_path: Path) -> None:
    gains = (1.0, 1.3, 0.8, 1.1, 0.7, 1.5)
    together = cases_of(tmp_path, {"FLAIR": gains, "T1w": gains})
    assert plan(together).settings.source_scale == "cohort"
    apart = cases_of(tmp_path, {"FLAIR": (1.2, 0.9, 1, 1.3, 0.8, 1), "T1w": gains})
    assert plan(apart).settings.source_scale == "volume"


def test_few_people_tell_no_relation_between_gains(tmp_path: Path) -> None:
    cases = cases_of(tmp_path, {"FLAIR": (1, 1.3, 0.8), "T1w": (1, 1.3, 0.8)})
    assert plan(cases).settings.source_scale == "volume"


@pytest.mark.parametrize("name", ["CT", "ct", "sCT"])
def test_ct_has_a_window_of_hounsfield_units_as_source_and_as_target(
    tmp_path: Path, name: str
) -> None:
    cases = cases_of(tmp_path, {name: (1, 1, 1), "T1w": (1, 1.2, 0.8)})
    source = plan(cases, (name,), "T1w").settings
    assert (source.source_scale, source.source_limits) == ("window", HU_LIMITS)
    assert (source.target_scale, source.target_limits) == ("cohort", None)
    target = plan(cases, ("T1w",), name).settings
    assert (target.target_scale, target.target_limits) == ("window", HU_LIMITS)
    assert target.target_unit == "HU"


def test_each_source_has_its_own_scale(tmp_path: Path) -> None:
    cases = cases_of(tmp_path, dict.fromkeys(("FLAIR", "CT", "T1w"), (1, 1.2)))
    settings = plan(cases, ("FLAIR", "CT")).settings
    assert settings.source_scale == ("volume", "window")
    assert source_windows(settings, sources=2)[1] == HU_LIMITS


def test_what_is_set_stays_and_reads_no_file() -> None:
    given = PreparationSettings(
        source_scale="volume", target_scale="window", target_limits=(0.0, 9.0)
    )
    settings = plan([Case(subject="1", name="1", images={})], given=given).settings
    assert (settings.source_scale, settings.target_scale) == ("volume", "window")
    assert settings.target_limits == (0, 9)


def test_a_planned_scale_is_planned_no_more(tmp_path: Path) -> None:
    cases = cases_of(tmp_path, {"FLAIR": (1, 1.2), "CT": (1, 1), "T1w": (1, 1.2)})
    settings = plan(cases, ("FLAIR", "CT")).settings
    assert plan(
        [Case(subject="1", name="1", images={})], ("FLAIR", "CT"), given=settings
    ).settings == (settings)


def test_one_value_is_for_all_sources_and_a_list_for_each() -> None:
    one = PreparationSettings(source_scale="cohort", source_limits=(0.0, 1.0))
    assert source_kinds(one, sources=2) == ("cohort", "cohort")
    assert source_windows(one, sources=2) == ((0, 1), (0, 1))
    each = PreparationSettings(
        source_scale=("cohort", "window"), source_limits=((0.0, 1.0), (2.0, 3.0))
    )
    assert source_kinds(each, sources=2) == ("cohort", "window")
    assert source_windows(each, sources=2) == ((0, 1), (2, 3))
    with pytest.raises(SettingsError, match="2 values for 3 source"):
        source_kinds(each, sources=3)


def test_a_perfect_network_is_scored_by_the_scale_that_restores_it(tmp_path: Path) -> None:
    cases = cases_of(tmp_path, {"T1w": (1, 1.2, 0.8, 1)})
    limits = read_limits(cases, "T1w", percentiles=PERCENTILES)
    scale = fit_scale(limits, kind="volume", percentiles=PERCENTILES)
    assert perfect_network_mae(scale, modality="T1w", cases=cases) == pytest.approx(15, abs=1.5)


@pytest.mark.skipif(not REAL.is_dir(), reason="shared/data is not on this machine")
def test_a_cohort_scale_clips_half_a_percent_of_no_real_head_and_costs_least() -> None:
    read = read_cohort(REAL, modalities=("FLAIR", "T1w"))
    cases = [case for case in read if case.split == "train"][::2]
    people = read_intensities(cases, "T1w", percentiles=PERCENTILES)
    limits = [person.limits for person in people]
    cohort, volume = (
        fit_scale(limits, kind=kind, percentiles=PERCENTILES) for kind in ("cohort", "volume")
    )
    assert max(np.mean(person.head > cohort.limits[1]) for person in people) < 0.005
    assert np.mean([person.cost(cohort) for person in people]) < 0.1
    # so much for giving each person the gain of the median person
    assert np.mean([person.cost(volume) for person in people]) > 10
