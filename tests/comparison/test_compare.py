"""Laws of a comparison, on files as methods leave them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.comparison import ComparisonSettings, Contestant, compare
from crossvox.errors import CohortError, SettingsError, SomeCasesFailedError
from crossvox.scoring.measures import COMPARED
from crossvox.volume import Grid
from heard import RecordedProgress

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]
QUICK = ComparisonSettings(shown=0)
Made = Callable[[str, float], Contestant]


def test_a_contestant_equal_to_the_reference_is_perfect_and_wins_everything(
    tmp_path: Path, made: Made
) -> None:
    settings = replace(QUICK, against="noisy")
    found = compare([made("noisy", 20), made("perfect", 0)], tmp_path, settings=settings)
    own = found.summary.intervals["perfect"]
    # the map is float32
    assert own["ssim"].mean == pytest.approx(1, abs=1e-6)
    assert own["mae"].mean == own["slice_consistency"].mean == 0
    assert found.summary.frechet_random3d["perfect"] == pytest.approx(0, abs=1e-6)
    assert {row.metric for row in found.summary.comparisons} == {m.name for m in COMPARED}
    assert {row.win_rate for row in found.summary.comparisons} == {1.0}
    assert {(row.method, row.against) for row in found.summary.comparisons} == {
        ("perfect", "noisy")
    }


def test_the_same_volumes_twice_differ_by_nothing(tmp_path: Path, made: Made) -> None:
    one = made("one", 20)
    found = compare([one, replace(one, name="again")], tmp_path, settings=QUICK)
    for row in (*found.summary.comparisons, *found.jitter):
        assert (row.difference.mean, row.difference.low, row.difference.high) == (0, 0, 0)
        assert row.win_rate == 0.5


def test_the_order_of_contestants_changes_no_number(tmp_path: Path, made: Made) -> None:
    settings = replace(QUICK, against="b")
    contestants = [made("a", 10), made("b", 20), made("c", 30)]
    found = compare(contestants, tmp_path / "there", settings=settings)
    back = compare(contestants[::-1], tmp_path / "back", settings=settings)
    assert found.summary.intervals == back.summary.intervals
    assert found.summary.frechet_random3d == back.summary.frechet_random3d
    assert set(found.summary.comparisons) == set(back.summary.comparisons)


def test_the_order_of_contestants_on_different_grids_changes_no_number(
    tmp_path: Path, made: Made, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    fine, other = made("fine", 10), made("perfect", 0)
    coarse = Grid((11, 12, 7), grid.affine @ np.diag([2.0, 2.0, 2.0, 1.0]))
    volume = write(tmp_path / "c.nii.gz", make_head(0)[::2, ::2, ::2], on=coarse)
    fine = replace(fine, pairs=fine.pairs[:1])
    blurred = replace(other, name="coarse", pairs=(replace(other.pairs[0], synthesized=volume),))
    settings = replace(QUICK, against="fine")
    there = compare([fine, blurred], tmp_path / "there", settings=settings).results[0]
    back = compare([blurred, fine], tmp_path / "back", settings=settings).results[0]
    assert there.scores == back.scores
    assert there.facts.grid == back.facts.grid == str(grid)
    # every second voxel of the reference itself is far from the reference between them
    assert there.scores["coarse"]["mae"] > there.scores["fine"]["mae"]


def test_a_case_that_one_lacks_is_left_out_for_all_and_named(tmp_path: Path, made: Made) -> None:
    one, other = made("a", 10), made("b", 20)
    lacking = replace(other, pairs=other.pairs[1:])
    found = compare([one, lacking], tmp_path, settings=QUICK)
    assert [result.pair.name for result in found.results] == [
        "sub-02",
        "sub-03_ses-1",
        "sub-03_ses-2",
    ]
    assert [left.name for left in found.left_out] == ["sub-01"]
    assert "sub-01 (b has no volume of it)" in found.page.read_text()
    both = [replace(one, pairs=one.pairs[1:]), lacking]
    assert compare(both, tmp_path, settings=QUICK).summary.comparisons == found.summary.comparisons


def test_a_volume_on_another_grid_is_resampled_onto_the_reference_and_said_to_be(
    tmp_path: Path, made: Made, write: Write, make_head: MakeHead, grid: Grid
) -> None:
    perfect, moved = made("perfect", 0), made("a", 10)
    affine = grid.affine.copy()
    affine[0, 3] += 2 * grid.spacing_mm[0]
    shifted = Grid(grid.shape, affine)
    # The same head from a field of view that begins two voxels further right.
    volume = write(tmp_path / "v.nii.gz", np.roll(make_head(0), -2, axis=0), on=shifted)
    one = replace(moved, name="moved", pairs=(replace(moved.pairs[0], synthesized=volume),))
    found = compare([perfect, one], tmp_path / "out", settings=QUICK)
    assert found.results[0].facts.resampled == ("moved",)
    # the two planes that it misses hold no head
    assert found.results[0].scores["moved"]["mae"] == pytest.approx(0, abs=1e-3)
    # the two planes that it misses begin beyond the mask
    assert found.results[0].facts.uncovered["moved"] == 0
    assert "on a different grid from the reference" in found.page.read_text()


def test_a_broken_volume_fails_its_case_alone(tmp_path: Path, made: Made) -> None:
    one, other = made("a", 10), made("b", 20)
    broken = tmp_path / "broken.nii"
    broken.write_bytes(b"no volume")
    first, *rest = other.pairs
    damaged = replace(other, pairs=(replace(first, synthesized=broken), *rest))
    with pytest.raises(SomeCasesFailedError, match=r"1 of 4 cases.*broken\.nii"):
        compare([one, damaged], tmp_path / "out", settings=QUICK)
    assert "broken.nii" in (tmp_path / "out/comparison.html").read_text()
    hopeless = replace(damaged, pairs=damaged.pairs[:1])
    with pytest.raises(CohortError, match="no case could be scored"):
        compare([one, hopeless], tmp_path / "none", settings=QUICK)
    assert not (tmp_path / "none").exists()


def test_methods_may_be_tested_against_a_baseline(tmp_path: Path, made: Made) -> None:
    settings = replace(QUICK, against="copied source")
    found = compare([made("a", 10)], tmp_path, settings=settings)
    assert {(row.method, row.against) for row in found.summary.comparisons} == {
        ("a", "copied source")
    }
    assert "Paired differences from copied source" in found.page.read_text()


def test_a_baseline_that_nobody_can_make_is_refused(tmp_path: Path, made: Made) -> None:
    settings = replace(QUICK, against="mean training target")
    with pytest.raises(
        SettingsError, match="the baseline mean training target is not available here"
    ):
        compare([made("a", 10)], tmp_path, settings=settings)


def test_progress_counts_cases_and_a_second_run_writes_the_same(tmp_path: Path, made: Made) -> None:
    seen = RecordedProgress()
    contestants = [made("a", 10), made("b", 20)]
    found = compare(contestants, tmp_path, settings=QUICK, progress=seen)
    assert seen.counts == [("comparing", done, 4) for done in (1, 2, 3, 4)]
    files = [path for path in found.files if path.suffix != ".html"]
    before = [path.read_bytes() for path in files]
    compare(contestants, tmp_path, settings=QUICK)
    assert [path.read_bytes() for path in files] == before


@pytest.mark.slow
def test_weights_of_inception_fill_fid_and_kid_for_all(
    tmp_path: Path, made: Made, inception_weights: Path
) -> None:
    contestants = [replace(one, pairs=one.pairs[:1]) for one in (made("a", 30), made("perfect", 0))]
    settings = replace(QUICK, inception=inception_weights)
    found = compare(contestants, tmp_path, settings=settings)
    assert found.summary.fid["perfect"] == pytest.approx(0, abs=1e-3 * found.summary.fid["a"])
    assert found.summary.fid["a"] > 0
    assert found.summary.kid["a"].standard_error > 0
    assert len(found.inception_sha256) == 64
    page = found.page.read_text()
    assert found.inception_sha256 in page
    assert "slices. With fewer than 2048 slices it is biased upwards" in page
    assert found.inception_sha256 in (tmp_path / "comparison.json").read_text()
