from crossvox.report.page import inline, render


def test_the_frame_of_every_page_says_what_it_is_and_loads_nothing() -> None:
    text = render("page.html", {"title": "A & B"}, unit="HU")
    assert "A &amp; B" in text
    assert "not for diagnosis" in text
    assert "default-src 'none'" in text


def test_a_picture_becomes_an_address_that_holds_it() -> None:
    assert inline(b"abc", "webp") == "data:image/webp;base64,YWJj"
