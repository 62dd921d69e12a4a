"""Bounds of settings."""

from dataclasses import dataclass
from typing import Any

import pytest

from crossvox.errors import SettingsError
from crossvox.networks.bounds import (
    Beta,
    BlocksPerLevel,
    Levels,
    Rate,
    Width,
    refuse_out_of_bounds,
)


@dataclass(frozen=True, kw_only=True)
class Example:
    """Settings of every kind."""

    width: Width = 3
    depth: Levels = 4
    rate: Rate = 1e-3
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    blocks: BlocksPerLevel = (1, 2)

    def __post_init__(self) -> None:
        refuse_out_of_bounds(self, section="method")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", True),
        ("width", 0),
        ("width", 10**6),
        ("width", 2.5),
        ("depth", 10**6),
        ("rate", float("nan")),
        ("rate", float("inf")),
        ("rate", 0.0),
        ("rate", "0.1"),
        ("betas", (2, 0.9)),
        ("betas", (0.9, 1.0)),
        ("betas", (0.9,)),
        ("blocks", ()),
        ("blocks", (1, 0)),
        ("blocks", (1,) * 10),
    ],
)
def test_what_is_out_of_bounds_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=rf"^method\.{name}: "):
        Example(**{name: value})


def test_whole_numbers_are_rates_too() -> None:
    assert Example(rate=1, betas=(0, 0)).rate == 1
