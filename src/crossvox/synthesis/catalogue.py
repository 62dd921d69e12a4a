"""Catalogue of methods: every file of `crossvox.methods` is one."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import crossvox.methods
from crossvox.contract import SynthesisMethod
from crossvox.errors import SettingsError
from crossvox.synthesis.settings import parse_settings


def method_names() -> tuple[str, ...]:
    """Sorted names of all methods."""
    return tuple(sorted(module.name for module in iter_modules(crossvox.methods.__path__)))


def method_settings(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a method: `settings`, and defaults for the rest.

    Raises:
        SettingsError: There is no such method, or a setting is unknown or of the wrong type.
    """
    config = parse_settings(_module(name).Config, settings, section="method")
    return asdict(config)


def build_method(name: str, settings: Mapping[str, Any], *, sources: int) -> SynthesisMethod:
    """Build an untrained method for `sources` channels, its weights drawn from torch's generator.

    Raises:
        SettingsError: There is no such method, or a setting is unknown or of the wrong type.
    """
    module = _module(name)
    config = parse_settings(module.Config, settings, section="method")
    method: SynthesisMethod = module.Method(config, sources=sources)
    return method


def free_settings(name: str) -> tuple[str, ...]:
    """Names of a method's settings that may change after training."""
    method: type[SynthesisMethod] = _module(name).Method
    return method.free_settings


def _module(name: str) -> ModuleType:
    if name not in method_names():
        raise SettingsError(f"no method is called {name!r}; there are: {', '.join(method_names())}")
    return import_module(f"crossvox.methods.{name}")
