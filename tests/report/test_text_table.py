from crossvox.report.text_table import TextTable


def test_columns_are_aligned_and_second_lines_stand_below() -> None:
    table = TextTable(
        title="Means",
        columns=("measure", "a", "bb"),
        rows=(("MAE\nHU", "1.5\n1 to 2", "12.25"), ("SSIM", "0.9", "0.85")),
    )
    assert str(table).splitlines() == [
        "Means",
        "measure        a      bb",
        "MAE          1.5   12.25",
        "HU        1 to 2",
        "SSIM         0.9    0.85",
    ]
