"""Positions of the parts of the brain."""

import numpy as np
import pytest

from crossvox.phantoms.anatomy import compose
from crossvox.phantoms.brain import brain_layers, brainstem, cerebellum, cerebrum
from crossvox.phantoms.person import draw_person
from crossvox.phantoms.shapes import Triple
from crossvox.phantoms.tissues import CSF, DEEP_GRAY, LESION, TISSUES, WHITE_MATTER, Tissue

PERSON = draw_person(np.random.default_rng(0), tissue_variation=0.0)


def _share(position: Triple, tissue: Tissue) -> float:
    points = np.array(position, np.float32)[:, None]
    layers, _hull = brain_layers(points, PERSON, cell_mm=0.5)
    return float(compose(layers, background=CSF)[TISSUES.index(tissue), 0])


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(
    ("position", "tissue"),
    [
        ((12.0, -20.0, 21.0), CSF),  # body of the lateral ventricle
        ((11.0, -16.0, 3.0), DEEP_GRAY),  # thalamus
        ((26.0, 2.0, 2.0), DEEP_GRAY),  # putamen
    ],
)
def test_deep_structures_are_in_place_on_both_sides(
    side: int, position: Triple, tissue: Tissue
) -> None:
    x, y, z = position
    assert _share((side * x, y, z), tissue) > 0.9


def test_the_third_ventricle_is_in_the_middle() -> None:
    assert _share((0.0, -8.0, -2.0), CSF) == pytest.approx(1)


def test_the_middle_of_a_lesion_is_a_lesion() -> None:
    shares = [_share(lesion.center, LESION) for lesion in PERSON.lesions]
    # Cortex and ventricles hide some lesions.
    assert np.median(shares) > 0.5


def test_the_outermost_millimeter_is_not_white() -> None:
    ring = np.random.default_rng(0).normal(size=(3, 4000))
    points = (70 * ring / np.linalg.norm(ring, axis=0)).astype(np.float32)
    layers, hull = brain_layers(points, PERSON, cell_mm=0.5)
    rim = (np.abs(hull + 0.5) < 0.4) & (cerebellum(points) > 4) & (brainstem(points) > 4)
    white = compose(layers, background=CSF)[TISSUES.index(WHITE_MATTER)]
    assert rim.sum() > 10
    assert white[rim].max() == 0


def test_the_hull_holds_cerebrum_cerebellum_and_brainstem() -> None:
    points = np.random.default_rng(0).uniform(-90, 90, (3, 4000)).astype(np.float32)
    _layers, hull = brain_layers(points, PERSON, cell_mm=2.0)
    parts = (cerebrum(points) < 0) | (cerebellum(points) < 0) | (brainstem(points) < 0)
    inside = hull < 0
    assert not (inside & ~parts).any()
    # Only the tentorium is inside the cerebrum's hull but in no part of the brain.
    assert (parts & ~inside).sum() < 0.03 * parts.sum()
