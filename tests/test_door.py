"""`import crossvox` is fast and provides every public name."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version
from pkgutil import walk_packages

import pytest

import crossvox
from crossvox import api

HEAVY = ("torch", "numpy", "nibabel", "scipy", "pydantic", "rich")


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, crossvox; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert [name for name in HEAVY if name in loaded] == []


@pytest.fixture(scope="module", autouse=True)
def _everything_imported() -> None:
    """Import every module, as an imported subpackage can hide a function of the same name."""
    for module in walk_packages(crossvox.__path__, "crossvox."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


@pytest.mark.parametrize("name", crossvox.__all__)
def test_everything_that_is_promised_is_there(name: str) -> None:
    assert getattr(crossvox, name).__name__ == name
    assert name in dir(crossvox)


def test_the_public_functions_are_those_of_the_api() -> None:
    assert set(api.__all__) < set(crossvox.__all__)


def test_what_is_not_promised_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = crossvox.trian


def test_the_version_is_that_of_the_installed_package() -> None:
    assert crossvox.__version__ == version("crossvox")
