from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.errors import CohortError, FileError
from crossvox.scoring import Pair, find_pairs, read_pairs, write_pairs

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]


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
    assert [path.name for path in pairing.unmatched] == ["sub-03_T1w.nii.gz"]


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


def test_pairs_read_back_as_they_were_written(made: Path, bids: Path, tmp_path: Path) -> None:
    pairs = find_pairs(made, bids, source_modality="FLAIR").pairs
    write_pairs(pairs, tmp_path / "out")
    assert read_pairs(tmp_path / "out") == pairs


def test_paths_beneath_the_folder_move_with_it(tmp_path: Path) -> None:
    before = touch(tmp_path / "run", "made/a.nii.gz", "mask.nii.gz")
    reference = touch(tmp_path, "real/a.nii.gz") / "real/a.nii.gz"
    pair = Pair(
        subject="a",
        name="a",
        synthesized=before / "made/a.nii.gz",
        reference=reference,
        mask=before / "mask.nii.gz",
    )
    write_pairs([pair], before)
    text = (before / "pairs.csv").read_text()
    assert text.splitlines()[0] == "subject,name,synthesized,reference,source,mask,labels"
    assert text.splitlines()[1] == f"a,a,made/a.nii.gz,{reference},,mask.nii.gz,"
    after = before.rename(tmp_path / "elsewhere")
    (found,) = read_pairs(after)
    assert found.synthesized == after / "made/a.nii.gz"
    assert (found.source, found.labels) == (None, None)


def test_a_folder_without_pairs_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"no pairs\.csv; run crossvox evaluate"):
        read_pairs(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks rows"),
        ("subject,name,synthesized,reference\n", "lacks rows"),
        ("subject,name,synthesized\na,a,a.nii\n", "lacks reference"),
        ("subject,name,synthesized,reference\na,a,a.nii,\n", "line 2: reference is empty"),
        ("subject,name,synthesized,reference\na,a,a.nii,b.nii\n", r"no such file: .*a\.nii, .*b"),
        ("subject,name,synthesized,reference\na,a,.,.\na,a,.,.\n", "more than once"),
    ],
)
def test_a_damaged_table_of_pairs_is_refused_by_its_fault(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(CohortError, match=message):
        read_pairs(tmp_path)


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileError, match="not a UTF-8 CSV file"):
        read_pairs(tmp_path)


def test_volumes_of_another_modality_are_not_taken_for_synthesized_ones(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    for name in ("made/sub-01_T1w", "made/sub-01_FLAIR", "real/sub-01_T1w"):
        write(tmp_path / f"{name}.nii.gz", make_head(0))
    (pair,) = find_pairs(tmp_path / "made", tmp_path / "real", modality="T1w").pairs
    assert pair.synthesized.name == "sub-01_T1w.nii.gz"


def test_a_synthesized_volume_may_be_named_otherwise_than_its_modality(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    for name in ("made/sub-01_guess", "real/sub-01_T1w", "real/sub-01_FLAIR"):
        write(tmp_path / f"{name}.nii.gz", make_head(0))
    (pair,) = find_pairs(tmp_path / "made", tmp_path / "real", modality="T1w").pairs
    assert pair.reference.name == "sub-01_T1w.nii.gz"


def test_runs_of_one_session_are_paired_run_by_run_and_count_as_one_person(tmp_path: Path) -> None:
    touch(tmp_path / "made", *(f"sub-01_run-{n}_desc-synth_T1w.nii.gz" for n in (1, 2)))
    touch(tmp_path / "real", *(f"sub-01_run-{n}_T1w.nii.gz" for n in (1, 2)))
    first, second = find_pairs(tmp_path / "made", tmp_path / "real").pairs
    assert (first.name, second.name) == ("sub-01_run-1", "sub-01_run-2")
    assert first.subject == second.subject == "sub-01"
    assert first.reference.name == "sub-01_run-1_T1w.nii.gz"
    assert second.reference.name == "sub-01_run-2_T1w.nii.gz"
