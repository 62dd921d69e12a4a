"""The cohort of an experiment."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.errors import CohortWarning, SettingsError
from crossvox.files import NOTICE, read_volume, write_volume
from crossvox.training.cohort import read_cohort_of, with_cohort_spelling
from crossvox.training.experiment import Experiment, read_experiment, write_experiment

Tiny = Callable[..., Experiment]


def test_an_experiment_is_kept_in_the_spelling_of_the_cohort(
    cohort_folder: Path, tiny: Tiny, tmp_path: Path
) -> None:
    requested = tiny("cohort.source=flair,t2", "cohort.target=t1w")
    with pytest.warns(CohortWarning) as told:
        reading = read_cohort_of(requested, cohort_folder)
    assert [str(each.message) for each in told] == [
        "no modality flair here; using FLAIR",
        "no modality t2 here; using T2w",
        "no modality t1w here; using T1w",
    ]
    kept = with_cohort_spelling(requested, reading)
    assert (kept.cohort.source, kept.cohort.target) == (("FLAIR", "T2w"), "T1w")
    assert all(list(case.images) == ["FLAIR", "T2w", "T1w"] for case in reading.cases)
    (tmp_path / "e.toml").write_text(write_experiment(kept))
    again = read_experiment(tmp_path / "e.toml")
    assert with_cohort_spelling(again, read_cohort_of(again, cohort_folder)) == again


def test_a_target_that_the_cohort_spells_like_the_source_is_refused(
    cohort_folder: Path, tiny: Tiny
) -> None:
    requested = tiny("cohort.source=t1", "cohort.target=T1w")
    with pytest.warns(CohortWarning, match="using T1w"):
        reading = read_cohort_of(requested, cohort_folder)
    with pytest.raises(SettingsError, match="T1w is a source too"):
        with_cohort_spelling(requested, reading)


def test_synthesized_volumes_are_learned_from_only_where_the_settings_allow_it(
    cohort_folder: Path, tiny: Tiny, tmp_path: Path
) -> None:
    for path in [*cohort_folder.glob("sub-01/*/*.nii.gz"), *cohort_folder.glob("sub-02/*/*.gz")]:
        volume = read_volume(path)
        synthesized = path.name == "sub-02_T1w.nii.gz"
        write_volume(tmp_path / path.name, volume, description=NOTICE if synthesized else "")
    with pytest.warns(CohortWarning, match="sub-02 has only a synthesized T1w"):
        assert len(read_cohort_of(tiny(), tmp_path).cases) == 1
    assert len(read_cohort_of(tiny("cohort.allow_synthetic=true"), tmp_path).cases) == 2
