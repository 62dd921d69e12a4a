"""What is said of sources that were named and not found."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.scoring.pairs import find_pairs

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]


@pytest.fixture
def data(tmp_path: Path, write: Write, make_head: MakeHead) -> Path:
    for file in (
        "made/sub-01_T1w.nii.gz",
        "made/sub-02_T1w.nii.gz",
        "real/sub-01_T1w.nii.gz",
        "real/sub-02_T1w.nii.gz",
        "strangers/sub-07_FLAIR.nii.gz",
        "some/sub-02_FLAIR.nii.gz",
    ):
        write(tmp_path / file, make_head(0))
    return tmp_path


@pytest.mark.parametrize(
    ("folder", "modality", "told"),
    [
        (
            "strangers",
            None,
            "No source in strangers for sub-01, sub-02: its volumes belong to sub-07.",
        ),
        (
            "strangers",
            "T2w",
            "No source of T2w in strangers for sub-01, sub-02: its volumes have modality FLAIR.",
        ),
        (
            "real",
            None,
            "No source in real for sub-01, sub-02: all its volumes have the target modality, T1w.",
        ),
        ("some", None, "No source in some for sub-01: its volumes belong to sub-02."),
        (
            "some/sub-02_FLAIR.nii.gz",
            None,
            "No source in sub-02_FLAIR.nii.gz for sub-01: a single file can be the source of"
            " only one case.",
        ),
    ],
)
def test_a_source_that_matches_nothing_is_told_with_its_reason(
    data: Path, folder: str, modality: str | None, told: str
) -> None:
    found = find_pairs(data / "made", data / "real", source=data / folder, source_modality=modality)
    assert found.notes == (told,)


def test_sources_that_are_found_or_not_asked_for_need_no_words(data: Path, write: Write) -> None:
    assert find_pairs(data / "made", data / "real").notes == ()
    write(data / "some/sub-01_FLAIR.nii.gz", np.ones((22, 24, 14), dtype=np.float32))
    assert find_pairs(data / "made", data / "real", source=data / "some").notes == ()


def test_a_modality_beside_a_single_reference_needs_a_folder(data: Path) -> None:
    found = find_pairs(
        data / "made/sub-01_T1w.nii.gz",
        data / "real/sub-01_T1w.nii.gz",
        source_modality="FLAIR",
    )
    assert "give the sources with --source" in found.notes[0]
