"""Properties of implicit shapes."""

import numpy as np
import pytest

from crossvox.phantoms.shapes import (
    Points,
    capsule,
    coverage,
    draw_waves,
    ellipsoid,
    intersection,
    mirrored,
    rotation,
    smooth_union,
    union,
)

FLOAT32 = 1e-4


def _points(count: int = 500, *, seed: int = 0) -> Points:
    points = np.random.default_rng(seed).uniform(-60, 60, size=(3, count))
    return points.astype(np.float32)


def test_an_ellipsoid_of_equal_radii_is_a_sphere_with_true_distances() -> None:
    points = _points()
    expected = np.linalg.norm(points, axis=0) - 30
    distance = ellipsoid(points, center=(0, 0, 0), radii=(30, 30, 30))
    np.testing.assert_allclose(distance, expected, atol=FLOAT32)


def test_the_slope_of_an_ellipsoid_is_one_at_its_surface() -> None:
    surface = np.array([[40.0], [0.0], [0.0]], np.float32)
    step = np.array([[0.1], [0.0], [0.0]], np.float32)
    outside = ellipsoid(surface + step, center=(0, 0, 0), radii=(40, 20, 10))
    # Curvature changes the distance by 1 % over 0.1 mm.
    assert outside[0] == pytest.approx(0.1, abs=0.002)


def test_the_center_of_an_ellipsoid_is_its_smallest_radius_deep() -> None:
    center = np.zeros((3, 1), np.float32)
    assert ellipsoid(center, center=(0, 0, 0), radii=(40, 20, 10))[0] == -10


def test_a_capsule_of_no_length_to_speak_of_is_a_sphere() -> None:
    points = _points()
    rod = capsule(points, ends=((0, 0, 0), (0, 0, 1e-3)), radii=(10, 10))
    np.testing.assert_allclose(rod, np.linalg.norm(points, axis=0) - 10, atol=2e-3)


def test_a_smooth_union_is_the_union_away_from_the_seam_and_never_smaller() -> None:
    points = _points()
    left = ellipsoid(points, center=(-20, 0, 0), radii=(25, 25, 25))
    right = ellipsoid(points, center=(20, 0, 0), radii=(25, 25, 25))
    sharp, smooth = union(left, right), smooth_union(left, right, blend_mm=8.0)
    far = np.abs(left - right) >= 8
    np.testing.assert_array_equal(smooth[far], sharp[far])
    assert (smooth <= sharp).all()


def test_an_intersection_is_inside_where_both_are() -> None:
    first, second = _points()[:2]
    joined = intersection(first, second)
    np.testing.assert_array_equal(joined < 0, (first < 0) & (second < 0))


def test_coverage_is_half_at_the_edge_and_whole_half_a_cell_inside() -> None:
    distance = np.array([-1.0, 0.0, 1.0], np.float32)
    np.testing.assert_array_equal(coverage(distance, width_mm=2.0), [1.0, 0.5, 0.0])


def test_waves_have_mean_zero_and_standard_deviation_one() -> None:
    waves = draw_waves(np.random.default_rng(0), count=12, shortest_mm=10, longest_mm=20)
    values = waves.at(_points(20_000))
    # 120 mm hold about 500 independent wavelengths, so the moments are known to a few hundredths.
    assert values.mean() == pytest.approx(0, abs=0.1)
    assert values.std() == pytest.approx(1, abs=0.1)


def test_the_distance_to_zero_is_zero_only_where_the_field_is() -> None:
    waves = draw_waves(np.random.default_rng(0), count=12, shortest_mm=10, longest_mm=20)
    points = _points()
    near = waves.distance_to_zero(points) < 0.05
    # A field with a slope of about 0.5 radians per mm changes little over 0.05 mm.
    assert np.abs(waves.at(points)[near]).max() < 0.2


def test_mirrored_points_lie_on_the_right() -> None:
    points = _points()
    assert (mirrored(points)[0] >= 0).all()
    np.testing.assert_array_equal(mirrored(points)[1:], points[1:])


def test_a_quarter_turn_about_the_superior_axis_takes_right_to_anterior() -> None:
    turned = rotation((0, 0, 1), degrees=90) @ np.array([1.0, 0.0, 0.0])
    np.testing.assert_allclose(turned, [0, 1, 0], atol=1e-12)
