"""Which methods there are."""

import pytest

from crossvox.errors import SettingsError
from crossvox.synthesis.catalogue import build_method, method_names, method_settings


def test_the_papers_method_is_there() -> None:
    assert "gan3d" in method_names()


def test_an_unknown_method_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="gan3d"):
        build_method("gan4d", {}, sources=1)


def test_settings_are_completed_with_the_defaults() -> None:
    settings = method_settings("gan3d", {"width": 8})
    assert settings["width"] == 8
    assert settings["learning_rate"] == 3e-4
