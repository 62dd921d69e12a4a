"""Exceptions and warnings of crossvox, with the exit code of a command that ends with each.

CrossvoxError              (exit 2 unless noted)
├── FileError          a file is unreadable or not of the kind it claims to be
├── GridError          a grid is invalid, or grids do not match
├── CohortError        cases are missing, mixed up or split wrongly
├── SettingsError      a setting is unknown or has an impossible value
├── ModelError         a synthesizer or checkpoint folder is damaged or of another kind
├── ResourceError      not enough memory or disk space                    (exit 4)
├── SomeCasesFailedError   some cases failed, all others are done         (exit 3)
└── InterruptedRunError    stopped on request; the same command resumes   (exit 75)

FileWarning means that a file was read although something about it is wrong. CohortWarning means
that cases were left out, were interpreted differently from what is written, or look suspicious.
"""

from typing import ClassVar


class CrossvoxError(Exception):
    """Base of all errors; its one-line message states the problem, the bad value and the fix."""

    exit_code: ClassVar[int] = 2


class FileError(CrossvoxError):
    """A file is unreadable or not of the kind it claims to be."""


class GridError(CrossvoxError):
    """A grid is invalid, or grids do not match."""


class CohortError(CrossvoxError):
    """Cases are missing, mixed up or split wrongly."""


class SettingsError(CrossvoxError):
    """A setting is unknown or has an impossible value."""


class ModelError(CrossvoxError):
    """A synthesizer or checkpoint folder is damaged or of another kind."""


class ResourceError(CrossvoxError):
    """There is not enough memory or disk space."""

    exit_code: ClassVar[int] = 4


class SomeCasesFailedError(CrossvoxError):
    """Some cases of a cohort failed; all others are done.

    Attributes:
        result: Result for the cases that succeeded, if the function returns one.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, result: object = None) -> None:
        super().__init__(message)
        self.result = result


class InterruptedRunError(CrossvoxError):
    """Training was stopped on request after saving; the same command resumes it."""

    exit_code: ClassVar[int] = 75


class FileWarning(UserWarning):
    """A file was read although something about it is wrong."""


class CohortWarning(UserWarning):
    """Part of a cohort was left out, reinterpreted or looks suspicious."""
