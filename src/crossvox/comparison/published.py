"""Published numbers to show below a table, for orientation only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Published = Literal["paper"]


@dataclass(frozen=True, kw_only=True)
class PublishedTable:
    """Published table with scores on another cohort.

    Attributes:
        title: Heading of the table.
        note: Reason why the numbers cannot be compared with those above.
        columns: Header of each column.
        rows: Cells of each row, as published.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


PUBLISHED: Mapping[Published, PublishedTable] = {
    "paper": PublishedTable(
        title="Published scores for FLAIR to T1w in another cohort",
        note=(
            "These numbers come from 100 test pairs of another cohort, in its own scanner units;"
            " the mask, window and range of the metrics are not stated. They are not to be compared"
            " with the numbers above."
        ),
        columns=("Method", "SSIM ↑", "FID ↓", "MAE ↓", "RMSE ↓"),
        rows=(
            ("DDPM", ".8679", "47.51", "88.77", "181.81"),
            ("Pix2Pix", ".9359", "15.68", "33.13", "76.83"),
            ("3D GAN", ".9413", "16.11", "32.59", "75.56"),
        ),
    ),
}
