"""Bounds of the settings that methods share, checked when settings are created.

The upper bounds are far above practical values and low enough that nothing hangs: the settings of a
model from another source are checked against them before its networks are built.
"""

from dataclasses import fields
from typing import Annotated, Any, ClassVar, Protocol, get_type_hints

from pydantic import Field, TypeAdapter, ValidationError

from crossvox.errors import SettingsError

Width = Annotated[int, Field(ge=1, le=512)]  # channels of the first level
Levels = Annotated[int, Field(ge=1, le=8)]  # number of halvings; 8 reduce 256 voxels to one
BlocksPerLevel = Annotated[
    tuple[Annotated[int, Field(ge=1, le=64)], ...], Field(min_length=1, max_length=9)
]
Steps = Annotated[int, Field(ge=1, le=100_000)]  # number of diffusion steps
Rate = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Beta = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]  # decay rate of a moment in Adam
Decay = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]  # weight decay
LossWeight = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


class Dataclass(Protocol):
    """Any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


def refuse_out_of_bounds(settings: Dataclass, *, section: str) -> None:
    """Check each field against the type and bounds of its annotation.

    Args:
        settings: Dataclass instance with annotated fields.
        section: Section of the settings, for error messages.

    Raises:
        SettingsError: A field has the wrong type or is out of bounds.
    """
    hints = get_type_hints(type(settings), include_extras=True)
    for field in fields(settings):
        value = getattr(settings, field.name)
        try:
            TypeAdapter(hints[field.name]).validate_python(value, strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            message = f"{section}.{field.name}: {first['msg']}, got {first['input']!r}"
            raise SettingsError(message) from None
