"""One person's images, and the list of them that is a cohort."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Split = str
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Case:
    """Images of one person taken together.

    Attributes:
        subject: The person; two cases of one person share it ("sub-01").
        name: Unique within the cohort ("sub-01_ses-2"); names files that are made of the case.
        images: File of each modality, by BIDS suffix ("FLAIR", "T1w").
        mask: File that is nonzero where losses and metrics count; whole volume where absent.
        split: "train", "validation" or "test" where the data say so.
        folder: Where the images lie below the cohort's root ("sub-01/ses-2/anat"); output
            mirrors it.
    """

    subject: str
    name: str
    images: Mapping[str, Path]
    mask: Path | None = None
    split: Split | None = None
    folder: Path = Path()


Cohort = Sequence[Case]
