"""Every measure a report shows: what it is called, which way is better, how to read it."""

from dataclasses import dataclass
from typing import Literal

Better = Literal["lower", "higher", "near zero", "neither"]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One column of the scores.

    Attributes:
        name: As in `scores.csv`.
        title: As in the report.
        better: Which way is good.
        unit: "target" stands for the target volume's unit.
        digits: Behind the decimal point, or significant ones where the unit is the target's.
        reading: What it says, for a reader who meets it for the first time.
        compared: Whether it is tested against the baselines.
    """

    name: str
    title: str
    better: Better
    unit: str
    reading: str
    digits: int = 3
    compared: bool = False


MEASURES = (
    Measure(
        name="mae",
        title="MAE",
        better="lower",
        unit="target",
        reading="Mean absolute error inside the mask: by how much a voxel is wrong on average.",
        compared=True,
    ),
    Measure(
        name="rmse",
        title="RMSE",
        better="lower",
        unit="target",
        reading="Root mean square error inside the mask: as MAE, but few large errors weigh more.",
        compared=True,
    ),
    Measure(
        name="psnr",
        title="PSNR",
        better="higher",
        unit="dB",
        digits=2,
        reading="The stated range over RMSE, in decibels: 6 dB more is half the error.",
        compared=True,
    ),
    Measure(
        name="ssim",
        title="SSIM",
        better="higher",
        unit="",
        reading=(
            "Structural similarity inside the mask, 1 is perfect: brightness, contrast and"
            " pattern around every voxel, in 3D."
        ),
        compared=True,
    ),
    Measure(
        name="mae_linear",
        title="MAE, linear fit",
        better="lower",
        unit="target",
        reading=(
            "MAE after the best linear fit of intensities to the reference (least squares inside"
            " the mask): what is left once brightness and contrast are right."
        ),
    ),
    Measure(
        name="psnr_linear",
        title="PSNR, linear fit",
        better="higher",
        unit="dB",
        digits=2,
        reading="PSNR after the same fit.",
    ),
    Measure(
        name="ssim_linear",
        title="SSIM, linear fit",
        better="higher",
        unit="",
        reading="SSIM after the same fit.",
    ),
    Measure(
        name="ssim_full",
        title="SSIM, whole volume",
        better="higher",
        unit="",
        reading=(
            "The same map averaged over everything. Empty background is easy and lifts it;"
            " compare it only with papers that measure so."
        ),
    ),
    Measure(
        name="bias",
        title="Bias",
        better="near zero",
        unit="target",
        reading="Mean of synthesized minus reference: positive is too bright on the whole.",
    ),
    Measure(
        name="nmae",
        title="Normalised MAE",
        better="lower",
        unit="of range",
        reading="MAE as a fraction of the stated range, to compare scanners.",
    ),
    Measure(
        name="nrmse",
        title="Normalised RMSE",
        better="lower",
        unit="of range",
        reading="RMSE as a fraction of the stated range.",
    ),
    Measure(
        name="ssim_slice",
        title="SSIM, slice by slice",
        better="higher",
        unit="",
        reading="Mean 2D SSIM of whole slices through the head, as slice-wise papers report it.",
    ),
    Measure(
        name="slice_consistency",
        title="Slice consistency",
        better="lower",
        unit="target per mm",
        reading=(
            "Mean absolute difference of the through-plane derivatives: 0 if the volume changes"
            " from slice to slice exactly as the reference does."
        ),
        compared=True,
    ),
    Measure(
        name="slice_mean_std",
        title="Slice brightness jitter",
        better="lower",
        unit="target",
        reading=(
            "Standard deviation over slices of the mean error of each slice: 0 if no slice is"
            " brighter or darker than its neighbours without reason."
        ),
    ),
    Measure(
        name="nmi_source",
        title="NMI with the source",
        better="neither",
        unit="",
        reading=(
            "Normalised mutual information with the source, 1 (none) to 2: a low value tells of"
            " anatomy that moved, without trusting the reference."
        ),
    ),
    Measure(
        name="ssim_skimage7",
        title="SSIM, recipe skimage7",
        better="higher",
        unit="",
        reading="Default of scikit-image: uniform window of 7 voxels, whole volume.",
    ),
    Measure(
        name="ssim_brasyn",
        title="SSIM, recipe brasyn",
        better="higher",
        unit="",
        reading=(
            "BraSyn challenge: each volume clipped to its own 0.5 to 99.5 percentiles and scaled,"
            " Gaussian window, whole volume. It forgives wrong brightness."
        ),
    ),
    Measure(
        name="mae_synthrad2023",
        title="MAE, recipe synthrad2023",
        better="lower",
        unit="HU",
        reading="SynthRAD2023 challenge: masked, in HU; n/a for any other unit.",
    ),
    Measure(
        name="ssim_synthrad2023",
        title="SSIM, recipe synthrad2023",
        better="higher",
        unit="",
        reading=(
            "SynthRAD2023 challenge: clipped to -1024 … 3000 HU, range 4024, uniform window of 7"
            " voxels, masked; n/a for any other unit."
        ),
    ),
)

MEASURE = {measure.name: measure for measure in MEASURES}
NAMES = tuple(measure.name for measure in MEASURES)
COMPARED = tuple(measure for measure in MEASURES if measure.compared)
LINEAR = ("mae_linear", "psnr_linear", "ssim_linear")  # after the best linear fit
HOUNSFIELD = "HU"
