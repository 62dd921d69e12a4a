"""Exit codes and structure of the error tree."""

import re
from collections.abc import Iterator

import pytest

from crossvox import errors
from crossvox.errors import CrossvoxError

EXIT_CODES = {"ResourceError": 4, "SomeCasesFailedError": 3, "InterruptedRunError": 75}


def tree(kind: type[CrossvoxError]) -> Iterator[type[CrossvoxError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


@pytest.mark.parametrize("kind", list(tree(CrossvoxError)), ids=lambda kind: kind.__name__)
def test_every_error_has_the_exit_code_that_scripts_rely_on(kind: type[CrossvoxError]) -> None:
    assert kind.exit_code == EXIT_CODES.get(kind.__name__, 2)


def test_the_picture_of_the_tree_is_the_tree() -> None:
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__ or "")
    assert drawn == [kind.__name__ for kind in CrossvoxError.__subclasses__()]


def test_our_errors_are_not_those_that_others_catch() -> None:
    assert CrossvoxError.__bases__ == (Exception,)
