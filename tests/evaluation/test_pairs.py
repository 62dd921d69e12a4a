from pathlib import Path

import pytest

from crossvox.errors import CohortError
from crossvox.evaluation import find_pairs


def touch(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return touch(
        tmp_path / "made",
        "sub-01/anat/sub-01_desc-synth_T1w.nii.gz",
        "sub-02/ses-1/anat/sub-02_ses-1_desc-synth_T1w.nii.gz",
    )


@pytest.fixture
def bids(tmp_path: Path) -> Path:
    return touch(
        tmp_path / "bids",
        "sub-01/anat/sub-01_T1w.nii.gz",
        "sub-01/anat/sub-01_FLAIR.nii.gz",
        "sub-02/ses-1/anat/sub-02_ses-1_T1w.nii.gz",
        "sub-02/ses-1/anat/sub-02_ses-1_FLAIR.nii.gz",
        "sub-03/anat/sub-03_T1w.nii.gz",
        "sub-03/anat/sub-03_FLAIR.nii.gz",
    )


def test_bids_names_pair_by_subject_and_session(made: Path, bids: Path) -> None:
    pairing = find_pairs(made, bids, source_modality="FLAIR")
    assert [(pair.subject, pair.name) for pair in pairing.pairs] == [
        ("sub-01", "sub-01"),
        ("sub-02", "sub-02_ses-1"),
    ]
    assert pairing.pairs[0].reference.name == "sub-01_T1w.nii.gz"
    assert pairing.pairs[1].source == bids / "sub-02/ses-1/anat/sub-02_ses-1_FLAIR.nii.gz"
    assert pairing.failures == ()


def test_references_without_a_synthesized_volume_are_listed(made: Path, bids: Path) -> None:
    pairing = find_pairs(made, bids, source_modality="FLAIR")
    assert [path.name for path in pairing.unanswered] == ["sub-03_T1w.nii.gz"]


def test_without_a_source_no_source_is_guessed(made: Path, bids: Path) -> None:
    assert {pair.source for pair in find_pairs(made, bids).pairs} == {None}


def test_a_source_folder_serves_any_modality_but_the_target(made: Path, bids: Path) -> None:
    pairing = find_pairs(made, bids, source=bids)
    assert [pair.source and pair.source.name for pair in pairing.pairs] == [
        "sub-01_FLAIR.nii.gz",
        "sub-02_ses-1_FLAIR.nii.gz",
    ]


def test_a_synthesized_volume_without_reference_fails_by_name(made: Path, bids: Path) -> None:
    touch(made, "sub-09_desc-synth_T1w.nii.gz")
    pairing = find_pairs(made, bids)
    assert len(pairing.pairs) == 2
    assert "no reference of sub-09" in pairing.failures[0].reason


def test_a_missing_mask_fails_rather_than_falling_back(made: Path, bids: Path) -> None:
    masks = touch(made.parent / "masks", "sub-01_desc-brain_mask.nii.gz")
    pairing = find_pairs(made, bids, mask=masks)
    assert [pair.mask for pair in pairing.pairs] == [masks / "sub-01_desc-brain_mask.nii.gz"]
    assert "no mask of sub-02_ses-1" in pairing.failures[0].reason


def test_two_files_pair_whatever_their_names(tmp_path: Path) -> None:
    root = touch(tmp_path, "a.nii", "b.nii", "c.nii", "d.nii")
    pairing = find_pairs(root / "a.nii", root / "b.nii", source=root / "c.nii", mask=root / "d.nii")
    (pair,) = pairing.pairs
    assert (pair.reference, pair.source, pair.mask) == (
        root / "b.nii",
        root / "c.nii",
        root / "d.nii",
    )


def test_one_mask_file_serves_every_case(made: Path, bids: Path, tmp_path: Path) -> None:
    touch(tmp_path, "mask.nii.gz")
    pairing = find_pairs(made, bids, mask=tmp_path / "mask.nii.gz")
    assert {pair.mask for pair in pairing.pairs} == {tmp_path / "mask.nii.gz"}


def test_plain_names_pair_by_what_is_left_without_the_modality(tmp_path: Path) -> None:
    made = touch(tmp_path / "made", "anna_desc-synth_T1w.nii", "bert_desc-synth_T1w.nii")
    real = touch(tmp_path / "real", "anna_T1w.nii", "bert.nii", "anna_FLAIR.nii", "bert_FLAIR.nii")
    pairing = find_pairs(made, real, modality="T1w", source=real, source_modality="FLAIR")
    assert [pair.reference.name for pair in pairing.pairs] == ["anna_T1w.nii", "bert.nii"]
    assert [pair.source and pair.source.name for pair in pairing.pairs] == [
        "anna_FLAIR.nii",
        "bert_FLAIR.nii",
    ]


def test_a_case_synthesized_twice_is_refused(made: Path, bids: Path) -> None:
    touch(made, "old/sub-01_desc-synth_T1w.nii.gz")
    with pytest.raises(CohortError, match="more than once"):
        find_pairs(made, bids)


def test_nothing_that_pairs_is_refused(made: Path, tmp_path: Path) -> None:
    real = touch(tmp_path / "real", "sub-77_T1w.nii.gz")
    with pytest.raises(CohortError, match="no reference of sub-01"):
        find_pairs(made, real)
