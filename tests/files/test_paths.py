from pathlib import Path

import pytest

from crossvox.errors import SettingsError
from crossvox.files.paths import optional_path, path_of


def test_text_and_paths_are_paths() -> None:
    assert path_of("a/b", name="data") == path_of(Path("a/b"), name="data") == Path("a/b")
    assert optional_path(None, name="data") is None
    assert optional_path("a", name="data") == Path("a")


@pytest.mark.parametrize("given", [3, None, b"a", ""])
def test_anything_else_is_refused_by_the_name_of_its_argument(given: object) -> None:
    with pytest.raises(SettingsError, match="data must be a path"):
        path_of(given, name="data")
