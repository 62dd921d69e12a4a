"""Everything crossvox refuses or fails with, and the exit code each becomes.

CrossvoxError
├── FileError          a file cannot be read for what it claims to be
├── GridError          grids are broken or do not belong together
├── CohortError        cases are missing, mixed up or split wrongly
├── SettingsError      a setting is unknown or impossible
├── ModelError         a synthesizer or checkpoint folder is damaged or of another kind
├── ResourceError      memory or disk is not enough                       (exit 4)
├── SomeCasesFailedError   the rest of the cohort is done                 (exit 3)
└── InterruptedRunError    stopped on request; the same command continues (exit 75)

FileWarning is for what is read all the same, but not as the file says; CohortWarning for what
is left out of a cohort, understood otherwise than written, or suspicious in it.
"""

from typing import ClassVar


class CrossvoxError(Exception):
    """What is wrong, what was got and what to do, in one line."""

    exit_code: ClassVar[int] = 2


class FileError(CrossvoxError):
    """A file cannot be read for what it claims to be."""


class GridError(CrossvoxError):
    """Grids are broken or do not belong together."""


class CohortError(CrossvoxError):
    """Cases are missing, mixed up or split wrongly."""


class SettingsError(CrossvoxError):
    """A setting is unknown or impossible."""


class ModelError(CrossvoxError):
    """A synthesizer or checkpoint folder is damaged or of another kind."""


class ResourceError(CrossvoxError):
    """Memory or disk is not enough."""

    exit_code: ClassVar[int] = 4


class SomeCasesFailedError(CrossvoxError):
    """Some cases of a cohort failed; the others are done.

    Attributes:
        result: Result of the function for the cases that are done, where it has one.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, result: object = None) -> None:
        super().__init__(message)
        self.result = result


class InterruptedRunError(CrossvoxError):
    """Stopped on request after saving; the same command continues."""

    exit_code: ClassVar[int] = 75


class FileWarning(UserWarning):
    """A file is read all the same, but not as it says of itself."""


class CohortWarning(UserWarning):
    """A cohort is used, but not all of it, or not without suspicion."""
