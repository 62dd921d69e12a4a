"""Contents of a volume file, decompressed on demand and verified to the end."""

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
GZIP_ERRORS = (gzip.BadGzipFile, cast("type[Exception]", isal_zlib.error))
CHUNK_BYTES = 1 << 20
TRAILING_BYTES = 64 << 20  # more than any program appends after the voxels


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Open volume file, read as decompressed bytes.

    Attributes:
        path: Path of the file, for error messages.
        stream: Stream of decompressed bytes.
        holds_at_most: Upper bound of the decompressed size in bytes, known in advance.
        gzipped: Whether the file is compressed; if not, the bound is the exact size.
    """

    path: Path
    stream: BinaryIO
    holds_at_most: int
    gzipped: bool

    def take(self, count: int) -> bytes:
        """Read the next `count` bytes, or fewer at the end of the file."""
        with self._file_errors():
            return self.stream.read(count)

    def fill(self, target: memoryview) -> None:
        """Fill `target` with the next bytes.

        Raises:
            FileError: The file ends before `target` is full.
        """
        done = 0
        while done < target.nbytes:
            with self._file_errors():
                count = self.stream.readinto(target[done:])  # type: ignore[attr-defined]  # not in BinaryIO
            if not count:
                raise self._truncated()
            done += count

    def rewind(self) -> None:
        """Go back to the first byte."""
        self.stream.seek(0)

    def skip(self, count: int) -> None:
        """Skip the next `count` bytes."""
        if not self.gzipped:
            self.stream.seek(count, io.SEEK_CUR)
            return
        while count > 0:
            skipped = len(self.take(min(count, CHUNK_BYTES)))
            if not skipped:
                raise self._truncated()
            count -= skipped

    def finish(self) -> None:
        """Decompress the rest of the file, which verifies its checksum.

        Raises:
            FileError: The checksum is wrong, or far more data follows than the header declares.
        """
        allowed = TRAILING_BYTES if self.gzipped else 0
        while allowed > 0:
            count = len(self.take(CHUNK_BYTES))
            if not count:
                return
            allowed -= count
        if self.gzipped:
            raise FileError(
                f"{self.path}: inflates to far more than its header declares; not a plain volume"
            )

    def _truncated(self) -> FileError:
        return FileError(f"{self.path}: truncated, voxels are missing at its end; copy it again")

    @contextmanager
    def _file_errors(self) -> Iterator[None]:
        """Turn errors of reading and decompression into `FileError`."""
        try:
            yield
        except EOFError as error:
            raise FileError(f"{self.path}: the gzip stream is cut off; copy it again") from error
        except GZIP_ERRORS as error:
            raise FileError(
                f"{self.path}: the gzip stream is damaged ({error}); copy it again"
            ) from error
        except OSError as error:
            raise FileError(
                f"{self.path}: reading it failed ({error.strerror or error}); check the disk"
            ) from error


@contextmanager
def open_contents(path: Path) -> Iterator[Contents]:
    """Open the file `path`, gzipped or not, regardless of its name's ending.

    Raises:
        FileError: The file is missing, is empty or cannot be opened.
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
    mismatch = (
        "gzipped although its name does not say so"
        if gzipped
        else "not gzipped although its name says so"
    )
    warnings.warn(f"{path}: {mismatch}; read anyway", FileWarning, stacklevel=2)
