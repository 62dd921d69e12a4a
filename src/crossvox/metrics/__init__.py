"""Measures on arrays, without files, networks or assumptions about data ranges."""

from crossvox.metrics.consistency import (
    slice_consistency,
    slice_mean_difference,
    slice_mean_std,
    through_plane_axis,
)
from crossvox.metrics.distribution import KernelDistance, frechet_distance, kid
from crossvox.metrics.information import nmi
from crossvox.metrics.linear_fit import linear_fit, linearly_fitted
from crossvox.metrics.recipes import brasyn, skimage7, synthrad2023
from crossvox.metrics.similarity import (
    GAUSSIAN,
    UNIFORM7,
    SsimWindow,
    bias,
    mae,
    nmae,
    nrmse,
    psnr,
    rmse,
    ssim,
    ssim_full,
    ssim_map,
    ssim_slice,
)

__all__ = [
    "GAUSSIAN",
    "UNIFORM7",
    "KernelDistance",
    "SsimWindow",
    "bias",
    "brasyn",
    "frechet_distance",
    "kid",
    "linear_fit",
    "linearly_fitted",
    "mae",
    "nmae",
    "nmi",
    "nrmse",
    "psnr",
    "rmse",
    "skimage7",
    "slice_consistency",
    "slice_mean_difference",
    "slice_mean_std",
    "ssim",
    "ssim_full",
    "ssim_map",
    "ssim_slice",
    "synthrad2023",
    "through_plane_axis",
]
