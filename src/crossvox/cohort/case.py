"""Cases, each the images of one person, and cohorts, which are sequences of cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Split = str
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Images of one person from one session.

    Attributes:
        subject: Identifier of the person, shared by all of the person's cases ("sub-01").
        name: Identifier unique within the cohort ("sub-01_ses-2"), used in output file names.
        images: File of each modality, by BIDS suffix ("FLAIR", "T1w").
        mask: Mask file, nonzero where losses and metrics are computed; None for the whole volume.
        split: "train", "validation" or "test"; None if the data define no split.
        folder: Folder of the images relative to the cohort's root ("sub-01/ses-2/anat"), mirrored
            in the output.
    """

    subject: str
    name: str
    images: Mapping[str, Path]
    mask: Path | None = None
    split: Split | None = None
    folder: Path = Path()


Cohort = Sequence[Case]
