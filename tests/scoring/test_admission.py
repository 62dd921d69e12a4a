"""Whose scores are left out, and what is said about those that are not."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.errors import CohortError
from crossvox.files import NOTICE, sidecar_of
from crossvox.scoring.admission import (
    STRICT,
    Admission,
    admit,
    notes_on_scored,
    status_in_model,
)
from crossvox.scoring.pairs import Pair

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]
MakePair = Callable[..., Pair]


@pytest.fixture
def made(tmp_path: Path, write: Write, make_head: MakeHead) -> MakePair:
    """A pair of a person whose volume's sidecar says `told`, and whose reference is a scan."""

    def pair(name: str, told: str | None = None, *, ours: bool = True, scan: bool = True) -> Pair:
        synthesized = write(tmp_path / f"made/{name}_T1w.nii.gz", make_head(0))
        reference = write(tmp_path / f"real/{name}_T1w.nii.gz", make_head(1))
        said = {"ModelSHA256": "0", "Notice": NOTICE} if ours else {}
        if told is not None:
            said["SubjectInModel"] = told
        sidecar_of(synthesized).write_text(json.dumps(said))
        if not scan:
            sidecar_of(reference).write_text(json.dumps({"Notice": NOTICE}))
        return Pair(subject=name, name=name, synthesized=synthesized, reference=reference)

    return pair


def test_people_that_the_model_knows_are_left_out_and_said(made: MakePair) -> None:
    pairs = [made("sub-01", "train"), made("sub-02", "validation"), made("sub-03", "none")]
    admitted = admit(pairs, STRICT)
    assert [pair.name for pair in admitted.pairs] == ["sub-03"]
    assert [(left.name, left.reason) for left in admitted.left_out] == [
        ("sub-01", "belongs to people that the model was trained on"),
        ("sub-02", "belongs to people that the model's weights were chosen on"),
    ]
    assert admitted.notes == (
        "Left out: 1 case of people that the model was trained on: sub-01."
        " Use --include-trained to score them.",
        "Left out: 1 case of people that the model's weights were chosen on: sub-02."
        " Use --include-trained to score them.",
    )


def test_people_that_the_model_knows_are_scored_where_asked(made: MakePair) -> None:
    pairs = [made("sub-01", "train"), made("sub-03", "none")]
    admitted = admit(pairs, Admission(include_trained=True))
    assert admitted.pairs == tuple(pairs)
    assert admitted.left_out == ()
    assert admitted.notes == ()


def test_people_known_by_name_alone_or_not_told_of_are_scored(made: MakePair) -> None:
    pairs = [made("sub-01", "train by name"), made("sub-02"), made("sub-03", ours=False)]
    assert admit(pairs, STRICT).pairs == tuple(pairs)


def test_scores_of_known_people_have_a_caution() -> None:
    (note,) = notes_on_scored({"sub-01": "train", "sub-03": "none"})
    assert "1 case of people that the model was trained on: sub-01" in note
    assert "say nothing about new people" in note


def test_scores_of_people_known_by_name_have_a_caution() -> None:
    (note,) = notes_on_scored({"sub-01": "train by name", "sub-02": "none", "sub-03": ""})
    assert note.startswith("Some cases have the names of people that the model was trained on, but")
    assert "sub-01" in note


def test_a_volume_of_ours_that_tells_nothing_leaves_a_doubt() -> None:
    status = {"sub-01": status_in_model({"ModelSHA256": "0"}), "sub-02": status_in_model({})}
    (note,) = notes_on_scored(status)
    assert "The model behind 1 case does not record which people it was trained on: sub-01" in note


def test_where_the_model_knows_everybody_the_option_is_named(made: MakePair) -> None:
    with pytest.raises(CohortError, match=r"no case is left to score.*--include-trained"):
        admit([made("sub-01", "train"), made("sub-02", "train")], STRICT)


def test_a_synthesized_reference_is_none_unless_allowed(made: MakePair) -> None:
    pairs = [made("sub-01", "none", scan=False), made("sub-02", "none")]
    admitted = admit(pairs, STRICT)
    assert [pair.name for pair in admitted.pairs] == ["sub-02"]
    assert admitted.notes == (
        "Left out: 1 case with a reference that is itself synthesized: sub-01."
        " Use --allow-synthetic to score them.",
    )
    allowed = admit(pairs, Admission(allow_synthetic=True))
    assert len(allowed.pairs) == 2
    assert "not a scan, in 1 case" in allowed.notes[0]
    with pytest.raises(CohortError, match="--allow-synthetic"):
        admit(pairs[:1], STRICT)


def test_exchanged_arguments_are_noticed(made: MakePair) -> None:
    pairs = [made(name, ours=False, scan=False) for name in ("sub-01", "sub-02")]
    with pytest.raises(CohortError, match="the arguments are swapped"):
        admit(pairs, STRICT)


def test_nothing_found_is_nothing_admitted() -> None:
    assert admit([], STRICT).pairs == ()
