"""A model from somewhere else: every field of its description wrong in every way."""

import json
import math
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crossvox.errors import CrossvoxError, ModelError
from crossvox.synthesis.store import DESCRIPTION, load_synthesizer, read_description
from crossvox.training.train import Trained

Path_ = tuple[str | int, ...]
LONGEST_SECONDS = 1.0
NASTY: tuple[Any, ...] = (
    None, True, -1, 10**9, 10**30, math.nan, "", "x/../../victim/config", "T1w\n", "a" * 100_000,
    {}, [[[]]], ["a", "a"],
)  # fmt: skip


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.folder / "synthesizer", tmp_path / "synthesizer"))


def changed(folder: Path, where: Path_, value: object) -> Path:
    """`folder` with another value at a place of its description."""
    said = json.loads((folder / DESCRIPTION).read_text())
    *outer, last = where
    part = said
    for name in outer:
        part = part[name]
    part[last] = value
    (folder / DESCRIPTION).write_text(json.dumps(said))
    return folder


def places(said: object, within: Path_ = ()) -> Iterator[Path_]:
    """Every place in a tree of JSON, inner ones too."""
    if within:
        yield within
    if isinstance(said, dict):
        for name, value in said.items():
            yield from places(value, (*within, name))
    if isinstance(said, list):
        for index, value in enumerate(said):
            yield from places(value, (*within, index))


def refusal_of(folder: Path) -> str:
    """Why a description is refused; empty if it is read."""
    try:
        assert read_description(folder).preparation.target_modality.isalnum()
    except ModelError as error:
        return str(error)
    return ""


def test_no_value_anywhere_gives_anything_but_a_model_or_a_refusal_at_once(folder: Path) -> None:
    original = (folder / DESCRIPTION).read_text()
    tried = refused = 0
    for where in places(json.loads(original)):
        for value in NASTY:
            (folder / DESCRIPTION).write_text(original)
            changed(folder, where, value)
            begun = time.process_time()
            refusal = refusal_of(folder)
            assert time.process_time() - begun < LONGEST_SECONDS
            assert len(refusal.splitlines()) <= 1
            assert len(refusal) < 1000
            tried += 1
            refused += bool(refusal)
    assert tried > 500
    assert refused > 0.8 * tried  # the rest: people's names, steps, null where there is a default


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        (("preparation", "target_modality"), "x/../../victim/config", "target_modality"),
        (("preparation", "target_modality"), "", "target_modality"),
        (("preparation", "source_modalities"), [], "source_modalities"),
        (("preparation", "source_modalities"), ["FLAIR", "flair"], "must be distinct"),
        (("preparation", "source_modalities"), ["FLAIR"] * 17, "source_modalities"),
        (("preparation", "source_modalities"), ["FLAIR", "T2w"], "2 sources have 1 scales"),
        (("preparation", "spacing_mm"), [-2.0, 2.0, 2.0], "spacing_mm"),
        (("preparation", "spacing_mm"), [1.0, 1.0, 31.0], "spacing_mm"),
        (("preparation", "spacing_mm"), [math.nan, 1.0, 1.0], "spacing_mm"),
        (("preparation", "target_scale", "limits"), [5.0, 5.0], "first must be below the second"),
        (("preparation", "target_scale", "limits"), [0.0, math.inf], "limits"),
        (("preparation", "target_scale", "percentiles"), [99.0, 1.0], "percentiles"),
        (("preparation", "target_scale", "percentiles"), [-1.0, 101.0], "percentiles"),
        (("preparation", "source_scales", 0, "kind"), "squared", "kind"),
        (("preparation", "target_unit"), "a" * 65, "target_unit"),
        (("settings", "depth"), 1_000_000, "settings.depth: must be within"),
        (("settings", "width"), "16; rm", "width"),
        (("settings", "norm"), "other", "norm"),
        (("method",), "../../evil", "method"),
        (("method",), "teleport", "no method is called 'teleport'"),
        (("sha256",), "00", "sha256"),
        (("step",), -1, "step"),
        (("patch",), [16, 16, 0], "patch"),
        (("patch",), [16, 16, 100_000], "patch"),
        (("cohort", "train"), "sub-01", "cohort.train"),
        (("cohort", "source_sha256"), {"train": {"sub-01": ["x"]}}, "source_sha256"),
    ],
)
def test_a_field_out_of_bounds_is_refused_by_file_and_field(
    folder: Path, where: Path_, value: object, told: str
) -> None:
    with pytest.raises(ModelError, match=r"synthesizer\.json.*" + told.replace(".", r"\.")):
        read_description(changed(folder, where, value))


@pytest.mark.parametrize(
    ("where", "named"),
    [
        (("flavour",), "'flavour'"),
        (("preparation", "noise"), "preparation.'noise'"),
        (("preparation", "source_scales", 0, "gamma"), "preparation.source_scales.'gamma'"),
    ],
)
def test_a_field_of_a_later_version_is_refused_by_field_and_version(
    folder: Path, where: Path_, named: str
) -> None:
    changed(folder, where, 1)
    changed(folder, ("crossvox",), "9.9.0")
    with pytest.raises(ModelError) as refused:
        read_description(folder)
    told = str(refused.value)
    assert f"unknown field {named}" in told
    assert "written by crossvox 9.9.0, this is 0." in told


@pytest.mark.parametrize(
    "contents",
    [b"", b"[]", b"nothing", b"\xff\xfe", b"[" * 100_000, b'{"format": 1}', b'{"format": "?"}'],
)
def test_what_is_no_description_is_refused(folder: Path, contents: bytes) -> None:
    (folder / DESCRIPTION).write_bytes(contents)
    with pytest.raises(ModelError, match="is not a synthesizer"):
        read_description(folder)


def test_a_description_of_gigabytes_is_not_read(folder: Path) -> None:
    with (folder / DESCRIPTION).open("r+b") as file:
        file.truncate(10 << 30)  # sparse
    with pytest.raises(ModelError, match=r"its description has .* bytes"):
        read_description(folder)


def test_what_training_writes_is_within_bounds(
    folder: Path, refusing: Callable[[Path], bool]
) -> None:
    assert not refusing(folder)
    shas = {"train": {"sub-01": ["0" * 64]}, "validation": {}}
    assert not refusing(changed(folder, ("cohort", "source_sha256"), shas))
    assert not refusing(changed(folder, ("patch",), None))


@pytest.fixture
def refusing() -> Callable[[Path], bool]:
    """Whether a model does not load."""

    def is_refused(folder: Path) -> bool:
        try:
            load_synthesizer(folder)
        except CrossvoxError:
            return True
        return False

    return is_refused
