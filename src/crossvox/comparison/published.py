"""Published numbers that may stand below a table, for orientation alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Published = Literal["paper"]


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """Another cohort's numbers.

    Attributes:
        title: Heading.
        note: Why they cannot be compared with the numbers above.
        columns: Header of each column.
        rows: Cells of each row, as published.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


PUBLISHED: Mapping[Published, PublishedTable] = {
    "paper": PublishedTable(
        title="Published: FLAIR to T1w of another cohort",
        note=(
            "100 test pairs of another cohort, in its own scanner units, with metrics whose mask,"
            " window and range are not stated; not to be compared with the numbers above."
        ),
        columns=("Method", "SSIM ↑", "FID ↓", "MAE ↓", "RMSE ↓"),
        rows=(
            ("DDPM", ".8679", "47.51", "88.77", "181.81"),
            ("Pix2Pix", ".9359", "15.68", "33.13", "76.83"),
            ("3D GAN", ".9413", "16.11", "32.59", "75.56"),
        ),
    ),
}
