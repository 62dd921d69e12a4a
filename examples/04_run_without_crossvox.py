"""Predict without crossvox: python examples/04_run_without_crossvox.py MODEL.onnx OUT SOURCE."""

import json
import sys
from typing import Any

import nibabel as nib
import numpy as np
import onnxruntime
from nibabel.orientations import apply_orientation, io_orientation, ornt_transform
from numpy.typing import NDArray


def main(model: str, out: str, *sources: str) -> None:
    """Synthesize the target from `sources`, on one grid and in the order of the model."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    constants = json.loads(session.get_modelmeta().custom_metadata_map["crossvox"])
    preparation = constants["preparation"]
    images: list[Any] = [nib.load(path) for path in sources]
    turned = [nib.as_closest_canonical(image) for image in images]  # axes to the nearest RAS+
    spacing = np.linalg.norm(turned[0].affine[:3, :3], axis=0)
    expected, tolerance = preparation["spacing_mm"], 0.001
    if not expected:
        expected, tolerance = preparation["trained_spacing_mm"], 0.1
    if expected and np.abs(spacing / expected - 1).max() > tolerance:
        sys.exit(f"voxels are {spacing} mm, but the model needs {expected} mm: resample first")

    pairs = zip(turned, preparation["source_scales"], strict=True)
    source = np.stack([scaled(image.get_fdata(dtype=np.float32), scale) for image, scale in pairs])
    growth = [-size % constants["multiple"] for size in source.shape[1:]]
    pads = [(0, 0), *((extra // 2, extra - extra // 2) for extra in growth)]
    padded = session.run(None, {"source": np.pad(source, pads, mode="edge")[None]})[0][0, 0]
    inner = (slice(before, before + n) for (before, _), n in zip(pads, source.shape, strict=True))
    low, high = preparation["target_scale"]["limits"]
    restored = (padded[tuple(inner)[1:]] + 1) * np.float32((high - low) / 2) + np.float32(low)
    back = ornt_transform(io_orientation(turned[0].affine), io_orientation(images[0].affine))
    image = nib.Nifti1Image(apply_orientation(restored, back), images[0].affine)
    image.header["descrip"] = constants["notice"]
    nib.save(image, out)


def scaled(voxels: NDArray[np.float32], scale: dict[str, Any]) -> NDArray[np.float32]:
    """Scale voxels to [-1, 1] by fixed limits, or by their percentiles above Otsu's threshold."""
    low, high = scale["limits"]
    if scale["kind"] == "volume":
        counts, edges = np.histogram(np.minimum(voxels, np.percentile(voxels, 99.5)), bins=256)
        below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * (edges[:-1] + edges[1:]) / 2)
        above = voxels.size - below
        apart = sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
        between = below * above * apart**2
        best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
        low, high = np.percentile(voxels[voxels > edges[1 + best].mean()], scale["percentiles"])
        low = min(low, np.percentile(voxels, scale["percentiles"][0]))
    return np.asarray(np.clip((voxels - low) * (2 / (high - low)) - 1, -1, 1), dtype=np.float32)


if __name__ == "__main__":
    main(*sys.argv[1:])
