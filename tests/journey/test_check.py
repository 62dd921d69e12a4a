"""Which modalities are checked where nobody names them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.errors import CohortError
from crossvox.journey.check import check_files
from heard import RecordedProgress


def test_modalities_that_every_case_has_are_checked(cohort_folder: Path) -> None:
    heard = RecordedProgress()
    checked = check_files(cohort_folder, progress=heard)
    assert set(checked.check.modalities) == {"FLAIR", "T1w", "T2w"}
    assert checked.people == 6
    assert heard.finished == ["checking"]


def test_cases_without_a_shared_modality_are_refused(
    place: Callable[..., Path], tmp_path: Path
) -> None:
    place("sub-01/anat/sub-01_FLAIR.nii.gz", "sub-02/anat/sub-02_T1w.nii.gz")
    with pytest.raises(CohortError, match="no modality is in every case"):
        check_files(tmp_path)
