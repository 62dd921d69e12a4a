"""Settings of a phantom: which are refused."""

import pytest

from crossvox.errors import SettingsError
from crossvox.phantoms.settings import PhantomSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 4},
        {"seed": -1},
        {"modalities": ("FLAIR", "FLAIR")},
        {"modalities": ("flair",)},
        {"modalities": ()},
        {"slice_thickness_factor": 3},
        {"slice_thickness_factor": 0},
        {"oblique_degrees": 60.0},
        {"oblique_degrees": float("nan")},
        {"misalignment_mm": float("inf")},
        {"misalignment_mm": -1.0},
        {"noise": float("nan")},
        {"mask": "skull"},
        {"t1w": "flash"},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="got"):
        PhantomSettings(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_modalities_may_be_joined_by_commas() -> None:
    settings = PhantomSettings(modalities=("FLAIR,T1w", "CT"))
    assert settings.modalities == ("FLAIR", "T1w", "CT")
