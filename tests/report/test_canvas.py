import io

import numpy as np
import pytest
from PIL import Image

from crossvox.report.canvas import DPI, Scale, new_sheet
from crossvox.report.slices import VIEWS


def test_a_box_is_where_its_millimeters_say() -> None:
    sheet = new_sheet(200, 100, inches_per_mm=0.01)
    white = Scale(low=-1, high=1)
    sheet.show(np.ones((4, 4)), (100, 25, 50, 50), view=VIEWS[0], scale=white)
    picture = np.asarray(Image.open(io.BytesIO(sheet.picture("png"))).convert("L"))
    assert picture.shape == (DPI, 2 * DPI)
    rows, columns = np.nonzero(picture > 200)
    # half a pixel of antialiasing at each edge
    assert rows.min() == pytest.approx(0.25 * DPI, abs=1)
    assert rows.max() == pytest.approx(0.75 * DPI, abs=1)
    assert columns.min() == pytest.approx(DPI, abs=1)
    assert columns.max() == pytest.approx(1.5 * DPI, abs=1)


def test_empty_paper_is_dark() -> None:
    sheet = new_sheet(20, 10, inches_per_mm=0.1)
    assert not np.asarray(Image.open(io.BytesIO(sheet.picture("png"))).convert("L")).any()
