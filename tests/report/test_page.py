from crossvox.report.page import PAPER, inline, render


def test_the_frame_of_every_page_says_what_it_is_and_loads_nothing() -> None:
    text = render("page.html", {"title": "A & B"}, unit="HU")
    assert "A &amp; B" in text
    assert "not for diagnosis" in text
    assert "default-src 'none'" in text


def test_a_picture_becomes_an_address_that_holds_it() -> None:
    assert inline(b"abc", "webp") == "data:image/webp;base64,YWJj"


def test_the_paper_s_numbers_are_those_of_its_table() -> None:
    # its Table 1: SSIM, FID, MAE, RMSE
    assert PAPER[1] == ("Pix2Pix", ".9359", "15.68", "33.13", "76.83")
    assert [len(row) for row in PAPER] == [5, 5, 5]
