"""The notice that marks a synthesized volume, in its sidecar and in its header."""

import json
from pathlib import Path

import numpy as np
import pytest

from crossvox.files import NOTICE, is_synthetic, read_sidecar, sidecar_of, write_volume
from crossvox.volume import Grid, Volume

GRID = Grid((3, 4, 5), np.diag([1.0, 1.0, 2.0, 1.0]))
VOLUME = Volume(np.arange(60, dtype=np.float32).reshape(3, 4, 5), GRID)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_volume_written_with_the_notice_is_synthetic_without_its_sidecar(
    tmp_path: Path, name: str
) -> None:
    write_volume(tmp_path / name, VOLUME, description=NOTICE)
    assert is_synthetic(tmp_path / name)


def test_a_sidecar_with_the_notice_marks_its_volume(tmp_path: Path) -> None:
    write_volume(tmp_path / "a.nii.gz", VOLUME)
    assert not is_synthetic(tmp_path / "a.nii.gz")
    sidecar_of(tmp_path / "a.nii.gz").write_text(json.dumps({"Notice": NOTICE}))
    assert is_synthetic(tmp_path / "a.nii.gz")


@pytest.mark.parametrize("text", ["not json", "[1, 2]"])
def test_a_sidecar_that_is_no_object_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.json").write_text(text)
    assert read_sidecar(tmp_path / "s.nii.gz") == {}


@pytest.mark.parametrize("content", [b"", b"abc", b"\x1f\x8b123"])
def test_a_file_that_cannot_be_read_is_not_called_synthetic(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.nii.gz").write_bytes(content)
    assert not is_synthetic(tmp_path / "a.nii.gz")
