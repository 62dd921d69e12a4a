"""Lock a run's folder, so that only one process at a time works in it."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from crossvox.errors import FileError, SettingsError

LOCK = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock `folder`, created if missing, until the block ends or the process dies.

    The operating system, or the NFS server, releases the lock however the process ends. A killed
    process leaves the file behind, which locks nothing. A folder created for the block and
    left empty is removed.

    Raises:
        SettingsError: Another process holds the lock.
        FileError: The folder cannot be written.
    """
    path, existed = folder / LOCK, folder.is_dir()
    with _taken(path):
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()
                if not existed:
                    folder.rmdir()  # fails if the folder is not empty


@contextmanager
def _taken(path: Path) -> Iterator[None]:
    while True:
        with _opened(path) as file:
            _take(file, path)
            if not _is_at(file, path):  # the previous holder removed the file after it was opened
                continue
            file.seek(0)
            file.truncate()
            file.write(f"{os.getpid()} {socket.gethostname()}")
            file.flush()
            yield
            return


def _opened(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+")
    except OSError as error:
        raise FileError(
            f"{path.parent} cannot be written ({error.strerror}); choose another folder"
        ) from None


def _take(file: IO[str], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        process, _, machine = path.read_text().partition(" ")
        where = f" on {machine}" if machine != socket.gethostname() else ""
        raise SettingsError(
            f"{path.parent} is being trained by process {process or 'unknown'}{where}; wait for"
            " it, or choose another folder"
        ) from None
    except OSError as error:
        raise FileError(
            f"{path} cannot be locked ({error.strerror}); choose a folder on a file system that"
            " supports locks"
        ) from None


def _is_at(file: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
