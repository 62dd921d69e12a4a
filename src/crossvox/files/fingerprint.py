"""SHA-256 of volume files, to tell whether two files hold the same bytes."""

import hashlib
from pathlib import Path

from crossvox.errors import FileError

PAIRED_SUFFIXES = ((".hdr", ".img"), (".HDR", ".IMG"))


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a volume file, or of both files of a .hdr/.img pair.

    Raises:
        FileError: The file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for file in _files_of(path):
            with file.open("rb") as stream:
                hashlib.file_digest(stream, lambda: digest)
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()


def _files_of(path: Path) -> tuple[Path, ...]:
    for header, voxels in PAIRED_SUFFIXES:
        pair = path.with_suffix(header), path.with_suffix(voxels)
        if path in pair and all(file.exists() for file in pair):
            return pair
    return (path,)
