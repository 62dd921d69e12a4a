"""Files that are whole or absent: written beside their final name, then moved onto it."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crossvox.errors import CrossvoxError, FileError, ResourceError

FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


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
        # Nothing is there to remove where the folder could not be made.
        with suppress(FileNotFoundError, NotADirectoryError):
            temporary.unlink()


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
    return FileError(f"{path}: cannot be written ({error.strerror}); choose another folder")
