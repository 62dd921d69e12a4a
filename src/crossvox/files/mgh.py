"""Header of FreeSurfer's MGH format (.mgz is the same, gzipped).

Source:
    https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat
"""

from pathlib import Path
from typing import Final

import numpy as np

from crossvox.files.affines import chosen_affine, warn_of_no_geometry
from crossvox.files.layout import Layout, three_sizes

HEADER: Final = np.dtype(
    [
        ("version", ">i4"),
        ("sizes", ">i4", (4,)),
        ("type", ">i4"),
        ("degrees_of_freedom", ">i4"),
        ("has_geometry", ">i2"),
        ("spacing", ">f4", (3,)),
        ("directions", ">f4", (3, 3)),
        ("center", ">f4", (3,)),
    ]
)
VOXELS_START = 284
TYPES: Final = {0: ">u1", 1: ">i4", 3: ">f4", 4: ">i2", 10: ">u2"}
WITHOUT_GEOMETRY: Final = ((-1, 0, 0), (0, 0, -1), (0, 1, 0))


def looks_like_mgh(start: bytes) -> bool:
    """Whether a file starts with an MGH header: version 1 and a known data type."""
    if len(start) < HEADER.itemsize:
        return False
    header = np.frombuffer(start[: HEADER.itemsize], HEADER)[0]
    return int(header["version"]) == 1 and int(header["type"]) in TYPES


def mgh_layout(start: bytes, path: Path) -> Layout:
    """Layout declared by the first bytes of an MGH file.

    Raises:
        FileError: The header is damaged or does not describe a volume.
    """
    header = np.frombuffer(start[: HEADER.itemsize], HEADER)[0]
    shape, volumes = three_sizes([int(size) for size in header["sizes"]], path)
    # The file stores directions column by column.
    steps = header["directions"].T.astype(np.float64) * header["spacing"].astype(np.float64)
    center = header["center"].astype(np.float64)
    if not header["has_geometry"]:
        warn_of_no_geometry(path)
        steps, center = np.array(WITHOUT_GEOMETRY, dtype=np.float64).T, np.zeros(3)
    affine = np.eye(4)
    affine[:3, :3] = steps
    affine[:3, 3] = center - steps @ (np.array(shape) / 2)
    return Layout(
        shape=shape,
        volumes=volumes,
        dtype=np.dtype(TYPES[int(header["type"])]),
        offset=VOXELS_START,
        voxel_path=path,
        affine=chosen_affine({"sform": affine}, path, shape=shape, prefer=None),
    )
