from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.scoring.baselines import (
    BASELINES,
    COPIED,
    MATCHED,
    MEAN_TARGET,
    baselines_of,
    match_histogram,
    read_mean_target,
)
from crossvox.scoring.loading import load_pair
from crossvox.scoring.pairs import Pair
from crossvox.volume import Grid

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]


def test_matching_a_rising_change_of_contrast_undoes_it(make_head: MakeHead) -> None:
    reference = make_head(0)
    mask = reference > 100
    source = np.sqrt(reference) * 7 - 3
    matched = match_histogram(source, reference, mask=mask)
    # between two of 1025 quantiles the curve is a straight line
    np.testing.assert_allclose(matched[mask], reference[mask], atol=0.5)


def test_a_matched_source_has_the_mean_and_spread_of_the_reference(make_head: MakeHead) -> None:
    source, reference = make_head(1), make_head(2)
    mask = (source > 100) & (reference > 100)
    matched = match_histogram(700 - source, reference, mask=mask)[mask]
    assert matched.mean() == pytest.approx(reference[mask].mean(), rel=1e-3)
    assert matched.std() == pytest.approx(reference[mask].std(), rel=1e-2)


def test_a_source_of_few_levels_gets_the_mean_of_each_level() -> None:
    source = np.repeat(np.array([0, 1], dtype=np.float32), 500).reshape(10, 10, 10)
    reference = np.linspace(0, 100, 1000, dtype=np.float32).reshape(10, 10, 10)
    matched = match_histogram(source, reference, mask=np.ones(source.shape, dtype=bool))
    # halves of a ramp have means 25 and 75; the middle quantile lies between them
    np.testing.assert_allclose(np.unique(matched), [25, 75], atol=0.2)


def test_baselines_are_those_that_the_case_allows(
    tmp_path: Path, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    source = write(tmp_path / "f.nii.gz", 700 - make_head(0))
    mean = write(tmp_path / "mean.nii.gz", make_head(5))
    with_source = Pair(subject="a", name="a", synthesized=real, reference=real, source=source)
    loaded = load_pair(with_source)
    assert tuple(baselines_of(loaded, mean_target=read_mean_target(mean))) == BASELINES
    assert baselines_of(loaded, mean_target=None).keys() == {COPIED, MATCHED}
    alone = load_pair(Pair(subject="a", name="a", synthesized=real, reference=real))
    assert baselines_of(alone, mean_target=None) == {}
    other = Grid(grid.shape, np.diag([1.0, 1.0, 1.0, 1.0]))
    elsewhere = read_mean_target(write(tmp_path / "else.nii.gz", make_head(5), on=other))
    assert MEAN_TARGET not in baselines_of(alone, mean_target=elsewhere)
