"""The bytes of a volume file, inflated as they are asked for and checked to the last one."""

import gzip
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip, isal_zlib

from crossvox.errors import FileError, FileWarning

GZIP_MAGIC = b"\x1f\x8b"
GZIPPED_SUFFIXES = (".gz", ".mgz")
LARGEST_DEFLATE_RATIO = 1032  # 258 bytes from two bits, RFC 1951
# isal's stub declares its error as a value.
DAMAGED = (gzip.BadGzipFile, cast("type[Exception]", isal_zlib.error))
CHUNK_BYTES = 1 << 20
TRAILING_BYTES = 64 << 20  # more than any note that a program leaves behind its voxels


@dataclass(frozen=True, kw_only=True)
class Contents:
    """An open file.

    Attributes:
        path: Named in every refusal.
        stream: Inflated bytes, from where the last call stopped.
        holds_at_most: Upper bound of the inflated size, known without inflating.
        gzipped: Whether the bound is only a bound.
    """

    path: Path
    stream: BinaryIO
    holds_at_most: int
    gzipped: bool

    def take(self, count: int) -> bytes:
        """The next bytes, fewer than `count` only at the end of the file."""
        with self._named():
            return self.stream.read(count)

    def fill(self, target: memoryview) -> None:
        """The next bytes into all of `target`.

        Raises:
            FileError: The file ends earlier.
        """
        done = 0
        while done < target.nbytes:
            with self._named():
                count = self.stream.readinto(target[done:])  # type: ignore[attr-defined]  # not in BinaryIO
            if not count:
                raise self._truncated()
            done += count

    def rewind(self) -> None:
        """Stand at the first byte again."""
        self.stream.seek(0)

    def skip(self, count: int) -> None:
        """Pass over the next `count` bytes."""
        if not self.gzipped:
            self.stream.seek(count, io.SEEK_CUR)
            return
        while count > 0:
            passed = len(self.take(min(count, CHUNK_BYTES)))
            if not passed:
                raise self._truncated()
            count -= passed

    def finish(self) -> None:
        """Inflate what is left, so that the checksum is compared.

        Raises:
            FileError: The checksum is wrong, or far more follows than the header says.
        """
        left = TRAILING_BYTES if self.gzipped else 0
        while left > 0:
            passed = len(self.take(CHUNK_BYTES))
            if not passed:
                return
            left -= passed
        if self.gzipped:
            raise FileError(
                f"{self.path}: inflates to far more than its header declares; not a plain volume"
            )

    def _truncated(self) -> FileError:
        return FileError(f"{self.path}: truncated, voxels are missing at its end; copy it again")

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except EOFError as error:
            raise FileError(f"{self.path}: the gzip stream is cut off; copy it again") from error
        except DAMAGED as error:
            raise FileError(
                f"{self.path}: the gzip stream is damaged ({error}); copy it again"
            ) from error
        except OSError as error:
            raise FileError(
                f"{self.path}: reading it failed ({error.strerror or error}); see to the disk"
            ) from error


@contextmanager
def open_contents(path: Path) -> Iterator[Contents]:
    """The contents of `path`, gzipped or not, whatever its name says.

    Raises:
        FileError: There is no such file, or it is empty or cannot be opened.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise FileError(f"{path}: cannot be opened ({error.strerror})") from error
    with file:
        size = path.stat().st_size
        if size == 0:
            raise FileError(f"{path}: the file is empty; copy it again")
        gzipped = file.read(2) == GZIP_MAGIC
        file.seek(0)
        _warn_about_name(path, gzipped=gzipped)
        if not gzipped:
            yield Contents(path=path, stream=file, holds_at_most=size, gzipped=False)
            return
        # isal has no types for its functions.
        with igzip.open(file, "rb") as stream:  # type: ignore[no-untyped-call]
            bound = size * LARGEST_DEFLATE_RATIO
            yield Contents(path=path, stream=stream, holds_at_most=bound, gzipped=True)


def _warn_about_name(path: Path, *, gzipped: bool) -> None:
    if gzipped == path.name.lower().endswith(GZIPPED_SUFFIXES):
        return
    found = (
        "gzipped although its name does not say so" if gzipped else "not gzipped as its name says"
    )
    warnings.warn(f"{path}: {found}; read all the same", FileWarning, stacklevel=2)
