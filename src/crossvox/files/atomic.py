"""Atomic writing: files are written under a temporary name, then renamed."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crossvox.errors import CrossvoxError, FileError, ResourceError

FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
LONGEST_NAME = 255  # bytes, on every usual file system


def write_atomically(path: Path, payload: bytes) -> None:
    """Write `payload` to `path` durably; after an error, `path` is unchanged.

    Raises:
        ResourceError: The disk or the quota is full.
        FileError: The folder cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(payload)


def write_together(
    path: Path, payload: bytes, *, companion: Path, companion_payload: bytes
) -> None:
    """Write a file and its companion, which never describes an older payload.

    Both are complete on disk before either is renamed. The old file at `path` is removed first,
    so that a process killed between the two renames leaves only a companion.

    Raises:
        ResourceError: The disk or the quota is full; both files are unchanged.
        FileError: The folder cannot be written; both files are unchanged.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(payload)
        _flush(temporary)
        with replacing(companion) as temporary_companion:
            temporary_companion.write_bytes(companion_payload)
            _flush(temporary_companion)
            path.unlink(missing_ok=True)
        temporary.touch()  # the payload must not be older than its companion


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Temporary path beside `path`, renamed to `path` when the block succeeds.

    The folder is created if missing. If the block fails, `path` is unchanged.

    Raises:
        ResourceError: The disk or the quota is full.
        FileError: The folder or the temporary file cannot be written.
    """
    temporary = path.parent / _temporary_name(path.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        if not _is_write_error(error, temporary, path):
            raise
        raise _refusal(error, path) from error
    finally:
        # Usually there is nothing to remove; an error here must not hide an error of the block.
        with suppress(OSError):
            temporary.unlink()


def _temporary_name(name: str) -> str:
    """Hidden file name unique to this process, within the longest name allowed."""
    prefix = f".{os.getpid()}-{secrets.token_hex(4)}"
    temporary = f"{prefix}-{name}"
    return temporary if len(os.fsencode(temporary)) <= LONGEST_NAME else prefix


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_write_error(error: OSError, temporary: Path, path: Path) -> bool:
    """Whether writing `path` failed, rather than something else in the block."""
    if error.filename is None:  # set by a failed open or mkdir, but not by a failed write
        return error.errno is not None
    return str(error.filename) in map(str, (temporary, path, *path.parents))


def _refusal(error: OSError, path: Path) -> CrossvoxError:
    if error.errno in FULL_DISK:
        return ResourceError(
            f"{path}: disk, quota or file size limit is full; free some space and run again"
        )
    if error.errno == errno.ENAMETOOLONG:
        return FileError(f"{path}: the name is too long for this file system; choose a shorter one")
    return FileError(f"{path}: cannot be written ({error.strerror}); choose another folder")
