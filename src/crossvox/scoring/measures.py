"""The measures of a report; add a new measure as one more entry of `MEASURES`."""

import numpy as np

from crossvox import metrics
from crossvox.scoring.measure import Measure
from crossvox.scoring.recipes import (
    brasyn,
    mae_synthrad2023,
    nmi_source,
    skimage7,
    ssim_synthrad2023,
)

MEASURES = (
    Measure(
        name="mae",
        title="MAE",
        better="lower",
        unit="target",
        definition="mean of |s - r| in M",
        reading="Mean absolute error inside the mask: the average error of a voxel.",
        function=lambda v: metrics.mae(v.voxels, v.reference, mask=v.mask),
        compared=True,
    ),
    Measure(
        name="rmse",
        title="RMSE",
        better="lower",
        unit="target",
        definition="root of the mean of (s - r)² in M",
        reading="Root mean square error inside the mask: like MAE, but large errors weigh more.",
        function=lambda v: metrics.rmse(v.voxels, v.reference, mask=v.mask),
        compared=True,
    ),
    Measure(
        name="psnr",
        title="PSNR",
        better="higher",
        unit="dB",
        digits=2,
        definition='20 log₁₀(L / `rmse`); "inf (identical)" for identical volumes',
        reading="Ratio of the stated range to RMSE, in decibels: 6 dB more means half the error.",
        function=lambda v: metrics.psnr(
            v.voxels, v.reference, data_range=v.data_range, mask=v.mask
        ),
        compared=True,
    ),
    Measure(
        name="ssim",
        title="SSIM",
        better="higher",
        unit="",
        definition=(
            "mean in M of the SSIM map: 3D, Gaussian window, sigma 1.5, 11 voxels, K₁ = 0.01,"
            " K₂ = 0.03, population covariance"
        ),
        reading=(
            "Structural similarity inside the mask: agreement of brightness, contrast and pattern"
            " around every voxel, in 3D. 1 is perfect."
        ),
        function=lambda v: float(v.similarity[v.mask].mean(dtype=np.float64)),
        compared=True,
    ),
    Measure(
        name="mae_linear",
        title="MAE, linear fit",
        better="lower",
        unit="target",
        definition=(
            "`mae` after the best linear fit of intensities: a·s + b in place of s, a and b by"
            " least squares against r in M (a may be negative; a constant s becomes the mean of r)"
        ),
        reading=(
            "MAE after the best linear fit of intensities to the reference (least squares inside"
            " the mask): the error that remains once brightness and contrast are corrected."
        ),
        function=lambda v: metrics.mae(v.fitted, v.reference, mask=v.mask),
    ),
    Measure(
        name="psnr_linear",
        title="PSNR, linear fit",
        better="higher",
        unit="dB",
        digits=2,
        definition="`psnr` after the same fit",
        reading="PSNR after the same linear fit of intensities.",
        function=lambda v: metrics.psnr(
            v.fitted, v.reference, data_range=v.data_range, mask=v.mask
        ),
    ),
    Measure(
        name="ssim_linear",
        title="SSIM, linear fit",
        better="higher",
        unit="",
        definition="`ssim` after the same fit",
        reading="SSIM after the same linear fit of intensities.",
        function=lambda v: metrics.ssim(
            v.fitted, v.reference, data_range=v.data_range, mask=v.mask, window=v.window
        ),
    ),
    Measure(
        name="ssim_full",
        title="SSIM, whole volume",
        better="higher",
        unit="",
        definition="mean of the map of `ssim` over the whole volume, easy background included",
        reading=(
            "The SSIM map averaged over the whole volume. Empty background is easy and raises this"
            " score; compare it only with papers that also average over the whole volume."
        ),
        function=lambda v: float(v.similarity.mean(dtype=np.float64)),
    ),
    Measure(
        name="bias",
        title="Bias",
        better="near zero",
        unit="target",
        definition="mean of s - r in M",
        reading="Mean of synthesized minus reference: positive means too bright overall.",
        function=lambda v: metrics.bias(v.voxels, v.reference, mask=v.mask),
    ),
    Measure(
        name="nmae",
        title="Normalized MAE",
        better="lower",
        unit="of range",
        definition="`mae` / L",
        reading="MAE as a fraction of the stated range, to compare data from different scanners.",
        function=lambda v: metrics.nmae(
            v.voxels, v.reference, data_range=v.data_range, mask=v.mask
        ),
    ),
    Measure(
        name="nrmse",
        title="Normalized RMSE",
        better="lower",
        unit="of range",
        definition="`rmse` / L",
        reading="RMSE as a fraction of the stated range.",
        function=lambda v: metrics.nrmse(
            v.voxels, v.reference, data_range=v.data_range, mask=v.mask
        ),
    ),
    Measure(
        name="ssim_slice",
        title="SSIM, slice by slice",
        better="higher",
        unit="",
        definition=(
            "2D SSIM (same window, within the slice) of whole slices across the through-plane"
            " axis, mean over the slices that M touches"
        ),
        reading="Mean 2D SSIM of whole slices through the head, as papers on 2D methods report it.",
        function=lambda v: metrics.ssim_slice(
            v.voxels,
            v.reference,
            data_range=v.data_range,
            axis=v.axis,
            mask=v.mask,
            window=v.window,
        ),
    ),
    Measure(
        name="slice_consistency",
        title="Slice consistency",
        better="lower",
        unit="target per mm",
        definition=(
            "mean of |d(s - r)|, d being the difference of neighboring slices over their"
            " distance, where both voxels lie in M"
        ),
        reading=(
            "Mean absolute difference between the through-plane derivatives: 0 if the volume"
            " changes from slice to slice exactly as the reference does."
        ),
        function=lambda v: metrics.slice_consistency(
            v.voxels, v.reference, axis=v.axis, spacing_mm=v.step_mm, mask=v.mask
        ),
        compared=True,
    ),
    Measure(
        name="slice_mean_std",
        title="Slice brightness jitter",
        better="lower",
        unit="target",
        definition="standard deviation over slices of (mean of s - r in that slice, in M)",
        reading=(
            "Standard deviation over slices of the mean error of each slice: 0 if every slice has"
            " the same mean error, so that none is wrongly brighter or darker than its neighbors."
        ),
        function=lambda v: metrics.slice_mean_std(v.voxels, v.reference, axis=v.axis, mask=v.mask),
    ),
    Measure(
        name="nmi_source",
        title="NMI with the source",
        better="neither",
        unit="",
        definition=(
            "(H(s) + H(source)) / H(s, source) in M within the field of view of the source; 64 bins"
            " of equal width from lowest to highest value; 1 to 2"
        ),
        reading=(
            "Normalized mutual information with the source, from 1 (none) to 2: a low value"
            " indicates displaced anatomy, independently of the reference."
        ),
        function=nmi_source,
    ),
    Measure(
        name="ssim_skimage7",
        title="SSIM, recipe skimage7",
        better="higher",
        unit="",
        definition=(
            "uniform window of 7 voxels, sample covariance, whole volume without the 3 voxels at"
            " its borders, range L"
        ),
        reading="SSIM with scikit-image defaults: uniform window of 7 voxels, whole volume.",
        function=skimage7,
    ),
    Measure(
        name="ssim_brasyn",
        title="SSIM, recipe brasyn",
        better="higher",
        unit="",
        definition=(
            "negative values to 0, each volume clipped to its *own* 0.5 and 99.5 percentiles and"
            " scaled to [0, 1]; Gaussian SSIM with range 1 over the whole volume"
        ),
        reading=(
            "SSIM of the BraSyn challenge: each volume is clipped to its own 0.5 to 99.5"
            " percentiles and scaled; Gaussian window, whole volume. It ignores errors of overall"
            " brightness and contrast."
        ),
        function=brasyn,
    ),
    Measure(
        name="mae_synthrad2023",
        title="MAE, recipe synthrad2023",
        better="lower",
        unit="HU",
        definition="`mae`, for volumes in HU",
        reading="MAE of the SynthRAD2023 challenge: inside the mask, in HU; n/a for other units.",
        function=mae_synthrad2023,
    ),
    Measure(
        name="ssim_synthrad2023",
        title="SSIM, recipe synthrad2023",
        better="higher",
        unit="",
        definition=(
            "for volumes in HU: clipped to -1024 … 3000, set to -1024 outside M, uniform window of"
            " 7 voxels, range 4024, mean in M without the 3 voxels at the borders"
        ),
        reading=(
            "SSIM of the SynthRAD2023 challenge: volumes clipped to -1024 … 3000 HU, range 4024,"
            " uniform window of 7 voxels, inside the mask; n/a for other units."
        ),
        function=ssim_synthrad2023,
    ),
)

MEASURE = {measure.name: measure for measure in MEASURES}
NAMES = tuple(measure.name for measure in MEASURES)
COMPARED = tuple(measure for measure in MEASURES if measure.compared)
LINEAR = ("mae_linear", "psnr_linear", "ssim_linear")  # after the best linear fit
