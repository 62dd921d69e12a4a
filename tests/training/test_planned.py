"""Settings in which nothing is open."""

from dataclasses import asdict, replace

import pytest

from crossvox.errors import SettingsError
from crossvox.training.experiment import TrainingSettings
from crossvox.training.planned import planned_training

WHOLE = TrainingSettings(steps=7, batch=2, patch=(8, 8, 8), ema=0.9, validate_every=3)


def test_what_was_planned_is_what_was_set() -> None:
    planned = asdict(planned_training(WHOLE))
    assert planned == {name: getattr(WHOLE, name) for name in planned}
    assert None not in planned.values()


@pytest.mark.parametrize("name", ["steps", "batch", "patch", "ema", "validate_every"])
def test_an_open_setting_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=f"training.{name} must be"):
        planned_training(replace(WHOLE, **{name: None}))  # type: ignore[arg-type]  # one setting
