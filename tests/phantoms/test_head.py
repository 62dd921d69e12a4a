"""Positions of the parts of the head around the brain."""

import numpy as np
import pytest

from crossvox.phantoms.anatomy import compose
from crossvox.phantoms.head import head_layers, surfaces
from crossvox.phantoms.person import draw_person
from crossvox.phantoms.shapes import Triple
from crossvox.phantoms.tissues import AIR, FAT, MUSCLE, TISSUES, VITREOUS, Tissue

PERSON = draw_person(np.random.default_rng(0), tissue_variation=0.0)


def _share(position: Triple, tissue: Tissue) -> float:
    points = np.array(position, np.float32)[:, None]
    layers = head_layers(points, surfaces(points, PERSON), PERSON, cell_mm=0.5)
    return float(compose(layers, background=AIR)[TISSUES.index(tissue), 0])


@pytest.mark.parametrize(
    ("position", "tissue"),
    [
        ((31.0, 58.0, -32.0), VITREOUS),  # right eye
        ((-31.0, 58.0, -32.0), VITREOUS),  # left eye
        ((28.0, 36.0, -32.0), FAT),  # behind the right eye
        ((25.0, 48.0, -62.0), AIR),  # maxillary sinus
        ((0.0, 120.0, 0.0), AIR),  # in front of the forehead
    ],
)
def test_parts_are_in_place(position: Triple, tissue: Tissue) -> None:
    assert _share(position, tissue) > 0.9


def test_surfaces_are_nested() -> None:
    points = np.random.default_rng(0).uniform(-110, 110, (3, 5000)).astype(np.float32)
    surface = surfaces(points, PERSON)
    above_the_neck = points[2] > -60
    assert (surface.skull <= surface.cavity).all()
    assert (surface.skin <= surface.skull)[above_the_neck].all()


def test_the_skull_is_as_thick_as_the_person_has_it() -> None:
    points = np.array([[0.0], [0.0], [72.0]], np.float32)
    surface = surfaces(points, PERSON)
    assert surface.cavity[0] - surface.skull[0] == pytest.approx(PERSON.skull_mm, abs=0.5)


def test_from_outside_inwards_come_skin_and_fat() -> None:
    heights = np.linspace(70, 110, 400)
    skin = [_share((0.0, -10.0, float(height)), MUSCLE) > 0.5 for height in heights]
    fat = [_share((0.0, -10.0, float(height)), FAT) > 0.5 for height in heights]
    assert heights[fat].max() < heights[skin].max()
    assert np.ptp(heights[fat]) == pytest.approx(PERSON.fat_mm, abs=1.5)
