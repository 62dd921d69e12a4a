"""Properties of randomly drawn people."""

from dataclasses import fields

import numpy as np
import pytest

from crossvox.phantoms.person import Person, draw_person
from crossvox.phantoms.shapes import Waves
from crossvox.phantoms.tissues import TISSUES


def _people(count: int = 60) -> list[Person]:
    return [
        draw_person(np.random.default_rng(seed), tissue_variation=0.02) for seed in range(count)
    ]


def test_the_same_generator_draws_the_same_person() -> None:
    first, again = (
        draw_person(np.random.default_rng(7), tissue_variation=0.02) for _time in range(2)
    )
    for field in fields(Person):
        value, other = getattr(first, field.name), getattr(again, field.name)
        if isinstance(value, Waves):
            np.testing.assert_array_equal(value.vectors, other.vectors)
        elif not isinstance(value, tuple) or not isinstance(value[0], Waves):
            assert value == other


def test_people_differ_in_size_by_about_a_tenth() -> None:
    scales = np.array([person.scale for person in _people()])
    assert np.all(np.ptp(scales, axis=0) > 0.08)
    assert 0.9 < scales.min() < scales.max() < 1.1


def test_age_widens_the_ventricles() -> None:
    people = _people()
    atrophy = [person.atrophy for person in people]
    width = [sum(person.ventricle_scale) for person in people]
    assert np.corrcoef(atrophy, width)[0, 1] > 0.7


def test_ventricles_differ_between_the_sides() -> None:
    assert all(left != right for left, right in (p.ventricle_scale for p in _people(5)))


def test_everybody_has_a_few_lesions_on_both_sides_of_the_middle() -> None:
    people = _people()
    assert all(2 <= len(person.lesions) < 40 for person in people)
    sides = {lesion.center[0] > 0 for person in people for lesion in person.lesions}
    assert sides == {False, True}


@pytest.mark.parametrize("variation", [0.0, 0.05])
def test_tissues_vary_as_much_as_asked(variation: float) -> None:
    people = [
        draw_person(np.random.default_rng(seed), tissue_variation=variation) for seed in range(60)
    ]
    logarithms = [
        np.log(own.t1_ms / tissue.t1_ms)
        for person in people
        for own, tissue in zip(person.tissues, TISSUES, strict=True)
    ]
    # The standard error of the standard deviation of 660 draws is 3 %.
    assert np.std(logarithms) == pytest.approx(variation, rel=0.1, abs=1e-12)
