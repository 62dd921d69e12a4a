"""Sizes declared by a header."""

from pathlib import Path

import pytest

from crossvox.errors import FileError
from crossvox.files.layout import three_sizes

PATH = Path("volume.nii")


@pytest.mark.parametrize(
    ("sizes", "shape", "volumes"),
    [
        ([4, 5, 6], (4, 5, 6), 1),
        ([4, 5, 6, 1], (4, 5, 6), 1),
        ([4, 5, 6, 7], (4, 5, 6), 7),
        ([4, 5, 6, 7, 1, 1, 1], (4, 5, 6), 7),
    ],
)
def test_the_first_three_sizes_are_the_shape_and_the_fourth_counts_volumes(
    sizes: list[int], shape: tuple[int, int, int], volumes: int
) -> None:
    assert three_sizes(sizes, PATH) == (shape, volumes)


@pytest.mark.parametrize("sizes", [[5], [4, 5], [1, 5, 6], [4, 5, 1, 9]])
def test_fewer_than_three_dimensions_are_refused(sizes: list[int]) -> None:
    with pytest.raises(FileError, match="two-dimensional"):
        three_sizes(sizes, PATH)


def test_vectors_are_refused() -> None:
    with pytest.raises(FileError, match="vectors"):
        three_sizes([4, 5, 6, 1, 3], PATH)
