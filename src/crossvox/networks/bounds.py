"""Bounds of the settings that methods share, kept by whatever builds the settings.

The upper bounds are far above what anybody trains and low enough that nothing hangs: a model from
somewhere else has its settings checked by the same bounds before a network is built.
"""

from dataclasses import fields
from typing import Annotated, Any, ClassVar, Protocol, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from crossvox.errors import SettingsError

Width = Annotated[int, Field(ge=1, le=512)]  # channels of a first level
Levels = Annotated[int, Field(ge=1, le=8)]  # halvings: 256 voxels become one
BlocksPerLevel = Annotated[
    tuple[Annotated[int, Field(ge=1, le=64)], ...], Field(min_length=1, max_length=9)
]
Steps = Annotated[int, Field(ge=1, le=100_000)]  # of a diffusion
Rate = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Beta = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]  # of Adam
Decay = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]  # of weights
LossWeight = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class Dataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


def refuse_out_of_bounds(settings: Dataclass, *, section: str) -> None:
    """Check each field against the type and bounds of its annotation.

    Args:
        settings: A dataclass.
        section: Named in errors.

    Raises:
        SettingsError: A field is of another type, or out of bounds.
    """
    hints = get_type_hints(type(settings), include_extras=True)
    for one in fields(settings):
        value = getattr(settings, one.name)
        try:
            TypeAdapter(hints[one.name]).validate_python(value, strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            message = f"{section}.{one.name}: {first['msg']}, got {first['input']!r}"
            raise SettingsError(message) from None
