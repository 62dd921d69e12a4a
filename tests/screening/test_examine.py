"""Measuring a single case."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from crossvox.cohort import Case, read_cohort
from crossvox.files import read_volume, write_volume
from crossvox.screening.examine import examine


def test_several_targets_are_each_compared_with_the_first_modality(cohort_folder: Path) -> None:
    modalities = ("FLAIR", "T2w", "T1w")
    case = read_cohort(cohort_folder, modalities=modalities)[0]
    examined = examine(case, modalities=modalities, step_mm=None)
    assert [pair.modality for pair in examined.pairs] == ["T2w", "T1w"]
    assert examined.alignments.keys() == {"T2w", "T1w"}
    assert examined.findings == []


def test_a_target_without_the_skull_is_told_by_its_outline(
    cohort_folder: Path, tmp_path: Path
) -> None:
    case = read_cohort(cohort_folder, modalities=("FLAIR", "T1w"))[0]
    target = read_volume(case.images["T1w"])
    positions = np.indices(target.grid.shape) - np.array(target.grid.shape).reshape(3, 1, 1, 1) / 2
    kept = np.linalg.norm(positions, axis=0) < 7  # 7 voxels of 7 mm: half of the head's width
    write_volume(tmp_path / "t.nii.gz", target.with_voxels(np.where(kept, target.voxels, 0)))
    images = {**case.images, "T1w": tmp_path / "t.nii.gz"}
    stripped = Case(subject="a", name="a", images=images)
    examined = examine(stripped, modalities=("FLAIR", "T1w"), step_mm=None)
    assert any("a different outline" in finding.problem for finding in examined.findings)


def test_volumes_of_noise_do_not_break_the_measurement(place: Callable[..., Path]) -> None:
    (case,) = read_cohort(place("p1_FLAIR.nii", "p1_T1w.nii"))
    examined = examine(case, modalities=("FLAIR", "T1w"), step_mm=4.0)
    assert len(examined.pairs) == 1
    assert np.isfinite(examined.pairs[0].nmi)
