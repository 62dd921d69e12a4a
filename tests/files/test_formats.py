"""Recognizing and reading volume files by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from crossvox.files import is_volume, read_volume, stem_of


@pytest.mark.parametrize(
    "name", ["a.nii", "a.nii.gz", "A.NII.GZ", "a.mgz", "a.mgh", "a.hdr", "sub-01_T1w.nii.gz"]
)
def test_names_of_volumes_are_recognized(name: str) -> None:
    assert is_volume(Path("folder") / name)


@pytest.mark.parametrize("name", ["a.img", ".a.nii.gz", "a.json", "a.gz", "nii", "a.nii.gz.tmp"])
def test_other_names_halves_and_hidden_files_are_no_volumes(name: str) -> None:
    assert not is_volume(Path("folder") / name)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("sub-01_T1w.nii.gz", "sub-01_T1w"),
        ("a.b.nii", "a.b"),
        ("a.MGZ", "a"),
        ("a.img", "a"),
        ("a.json", "a"),
    ],
)
def test_stem_is_the_name_without_the_ending(name: str, stem: str) -> None:
    assert stem_of(Path("folder") / name) == stem


def test_a_volume_carries_the_modality_and_unit_it_was_read_as(
    write_nifti: Callable[..., Path],
) -> None:
    volume = read_volume(write_nifti(), modality="CT", unit="HU")
    assert (volume.modality, volume.unit, volume.stored_as) == ("CT", "HU", "int16")
