"""Files that are whole or absent: written beside their final name, then moved onto it."""

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
    """`payload` at `path`, durable, or an error and what was there before.

    Raises:
        ResourceError: The disk or the quota is full.
        FileError: The folder cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(payload)


def write_together(path: Path, payload: bytes, *, companion: Path, said: bytes) -> None:
    """`payload` at `path`, and `said` at `companion`, which is never there for an older payload.

    Both are complete on disk before either takes its name; what was at `path` goes first, so
    that a process killed between the two leaves a companion alone, which describes nothing.

    Raises:
        ResourceError: The disk or the quota is full; both files are as they were.
        FileError: The folder cannot be written; both files are as they were.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(payload)
        _flush(temporary)
        with replacing(companion) as beside:
            beside.write_bytes(said)
            _flush(beside)
            path.unlink(missing_ok=True)
        temporary.touch()  # no older than its companion


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of `path` that takes its name once the block ends well.

    The folder is made where it is missing. A block that fails leaves `path` as it was.

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
        if not _is_ours(error, temporary, path):
            raise
        raise _refusal(error, path) from error
    finally:
        # Usually nothing is there to remove; where it cannot be, the block's own error is told.
        with suppress(OSError):
            temporary.unlink()


def _temporary_name(name: str) -> str:
    """A hidden name of this process alone, no longer than a name may be."""
    own = f".{os.getpid()}-{secrets.token_hex(4)}"
    whole = f"{own}-{name}"
    return whole if len(os.fsencode(whole)) <= LONGEST_NAME else own


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_ours(error: OSError, temporary: Path, path: Path) -> bool:
    """Whether writing failed, rather than something else that the block did."""
    if error.filename is None:  # as of a write; those that open or make something name it
        return error.errno is not None
    return str(error.filename) in map(str, (temporary, path, *path.parents))


def _refusal(error: OSError, path: Path) -> CrossvoxError:
    if error.errno in FULL_DISK:
        return ResourceError(
            f"{path}: disk, quota or file size limit is full; make room, run again"
        )
    if error.errno == errno.ENAMETOOLONG:
        return FileError(f"{path}: the name is too long for this file system; choose a shorter one")
    return FileError(f"{path}: cannot be written ({error.strerror}); choose another folder")
