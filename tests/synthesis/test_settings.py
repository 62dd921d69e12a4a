"""Settings from plain values."""

from dataclasses import dataclass

import pytest

from crossvox.errors import SettingsError
from crossvox.synthesis.settings import parse_settings


@dataclass(frozen=True, kw_only=True)
class Example:
    """Two settings."""

    width: int = 3
    limits: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A setting that is true or false."""

    check: bool = True


def test_lists_of_toml_become_tuples() -> None:
    given = {"limits": [1, 2]}
    assert parse_settings(Example, given, section="method") == Example(limits=(1.0, 2.0))


def test_an_unknown_name_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(SettingsError, match=r"method\.widht; did you mean 'width'"):
        parse_settings(Example, {"widht": 1}, section="method")


def test_a_name_like_no_other_is_refused_with_all_known_ones() -> None:
    with pytest.raises(SettingsError, match="known settings: width, limits"):
        parse_settings(Example, {"zzz": 1}, section="method")


def test_a_wrong_value_is_refused_with_its_place() -> None:
    with pytest.raises(SettingsError, match=r"method\.width: .*got 'wide'"):
        parse_settings(Example, {"width": "wide"}, section="method")


@pytest.mark.parametrize("given", [{"width": True}, {"limits": [False, 1]}])
def test_a_truth_value_is_no_number(given: dict[str, object]) -> None:
    name = next(iter(given))
    with pytest.raises(SettingsError, match=rf"method\.{name} cannot be true or false"):
        parse_settings(Example, given, section="method")


def test_a_truth_value_is_taken_where_it_is_meant() -> None:
    assert parse_settings(Switch, {"check": False}, section="cohort") == Switch(check=False)
