"""Files that are whole or absent: written beside their final name, then moved onto it."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crossvox.errors import CrossvoxError, FileError, ResourceError

FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})


def write_atomically(path: Path, payload: bytes) -> None:
    """`payload` at `path`, durable, or an error and what was there before.

    Raises:
        ResourceError: The disk or the quota is full.
        FileError: The folder cannot be written.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(payload)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of `path` that takes its name once the block ends well.

    The folder is made where it is missing. A block that fails leaves `path` as it was.

    Raises:
        ResourceError: The disk or the quota is full.
        FileError: The folder or the temporary file cannot be written.
    """
    temporary = path.parent / f".{os.getpid()}-{secrets.token_hex(4)}-{path.name}"
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
        temporary.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_ours(error: OSError, temporary: Path, path: Path) -> bool:
    """Whether writing failed, rather than something else that the block did."""
    ours = {str(temporary), str(path), *(str(folder) for folder in path.parents)}
    return error.errno in FULL_DISK or str(error.filename) in ours


def _refusal(error: OSError, path: Path) -> CrossvoxError:
    if error.errno in FULL_DISK:
        return ResourceError(f"{path}: the disk or the quota is full; make room and run again")
    return FileError(f"{path}: cannot be written ({error.strerror}); choose another folder")
