import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from numpy.typing import NDArray

from crossvox.errors import CohortError, FileError, ModelError, SomeCasesFailedError
from crossvox.evaluation import EvaluationSettings, evaluate
from crossvox.scoring import Pair, Pairing, find_pairs, read_pairs
from crossvox.volume import Grid
from heard import RecordedProgress

Write = Callable[..., Path]
MakeHead = Callable[[int], NDArray[np.float32]]
QUICK = EvaluationSettings(strips=0)


class Cohort(Protocol):
    synthesized: Path
    reference: Path


def test_everything_is_written_beside_the_report(tmp_path: Path, cohort: Cohort) -> None:
    pairing = find_pairs(cohort.synthesized, cohort.reference)
    seen = RecordedProgress()
    evaluate(pairing, tmp_path, settings=QUICK, progress=seen)
    names = {"scores.csv", "baselines.csv", "pairs.csv", "comparison.json", "report.html"}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert seen.counts == [("evaluating", done, 4) for done in (1, 2, 3, 4)]


def test_the_same_volumes_give_the_same_files(tmp_path: Path, cohort: Cohort) -> None:
    pairing = find_pairs(cohort.synthesized, cohort.reference, source_modality="FLAIR")
    for name in ("once", "again"):
        evaluate(pairing, tmp_path / name, settings=QUICK)
    for name in ("scores.csv", "baselines.csv", "comparison.json"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_broken_case_is_named_and_the_others_are_scored(tmp_path: Path, cohort: Cohort) -> None:
    pairing = find_pairs(cohort.synthesized, cohort.reference)
    broken = tmp_path / "broken.nii"
    broken.write_bytes(b"no volume")
    first, *others = pairing.pairs
    pairs = (replace(first, synthesized=broken), *others)
    with pytest.raises(SomeCasesFailedError, match=r"1 of 4 cases.*broken\.nii") as raised:
        evaluate(replace(pairing, pairs=pairs), tmp_path / "out", settings=QUICK)
    assert raised.value.exit_code == 3
    assert len((tmp_path / "out" / "scores.csv").read_text().splitlines()) == 1 + 3
    assert "broken.nii" in (tmp_path / "out" / "report.html").read_text()


def test_nothing_is_written_where_no_case_can_be_scored(tmp_path: Path) -> None:
    broken = tmp_path / "broken.nii"
    broken.write_bytes(b"no volume")
    pair = Pair(subject="a", name="a", synthesized=broken, reference=broken)
    with pytest.raises(CohortError, match="no case could be scored"):
        evaluate(Pairing(pairs=(pair,)), tmp_path / "out", settings=QUICK)
    assert not (tmp_path / "out").exists()


def test_identical_volumes_are_perfect_and_said_to_be(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    pair = Pair(subject="a", name="a", synthesized=real, reference=real)
    evaluation = evaluate(Pairing(pairs=(pair,)), tmp_path / "out", settings=QUICK)
    assert evaluation.results[0].own["mae"] == 0
    assert "inf (identical)" in evaluation.report.read_text()
    assert "inf (identical)" in (tmp_path / "out" / "comparison.json").read_text()


def test_regions_are_tabled_and_a_region_that_a_case_lacks_is_n_a(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    pairs = []
    for number, labels in enumerate(((1, 2), (1, 1))):
        regions = np.zeros((22, 24, 14), dtype=np.float32)
        regions[8:12, 8:12, 5:9], regions[13:15, 8:12, 5:9] = labels
        real = write(tmp_path / f"r{number}.nii.gz", make_head(number))
        pairs.append(
            Pair(
                subject=f"s{number}",
                name=f"s{number}",
                synthesized=real,
                reference=real,
                labels=write(tmp_path / f"l{number}.nii.gz", regions),
            )
        )
    evaluate(Pairing(pairs=tuple(pairs)), tmp_path / "out", settings=QUICK)
    lines = (tmp_path / "out" / "regions.csv").read_text().splitlines()
    assert lines[0] == "subject,case,label,voxels,mae,bias,ssim,unit"
    assert lines[-1] == "s1,s1,2,0,n/a,n/a,n/a,arbitrary"
    assert len(lines) == 1 + 4


def test_a_mean_target_that_is_missing_is_refused_before_scoring(
    tmp_path: Path, cohort: Cohort
) -> None:
    pairing = find_pairs(cohort.synthesized, cohort.reference)
    missing = EvaluationSettings(mean_target=tmp_path / "nowhere.nii.gz")
    with pytest.raises(FileError, match="nowhere"):
        evaluate(pairing, tmp_path / "out", settings=missing)


def test_a_resampled_case_says_so_in_scores_and_report(
    tmp_path: Path, write: Write, make_head: MakeHead
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    affine = np.diag([2.0, 2.0, 4.0, 1.0])
    affine[2, 3] = 2.0
    made = write(tmp_path / "s.nii.gz", make_head(0), on=Grid((22, 24, 14), affine))
    pair = Pair(subject="a", name="a", synthesized=made, reference=real)
    evaluation = evaluate(Pairing(pairs=(pair,)), tmp_path / "out", settings=QUICK)
    with (tmp_path / "out" / "scores.csv").open(newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert row["resampled"] == "synthesized"
    # shifted by half a slice: the first one is covered to its half
    assert float(row["uncovered"]) == 0
    assert "resampled onto it" in evaluation.report.read_text()


@pytest.mark.slow
def test_weights_of_inception_fill_fid_and_kid_in_report_and_json(
    tmp_path: Path, write: Write, make_head: MakeHead, inception_weights: Path
) -> None:
    real = write(tmp_path / "r.nii.gz", make_head(0))
    made = write(tmp_path / "s.nii.gz", make_head(1))
    pair = Pair(subject="a", name="a", synthesized=made, reference=real)
    settings = EvaluationSettings(strips=0, inception=inception_weights)
    evaluation = evaluate(Pairing(pairs=(pair,)), tmp_path / "out", settings=settings)
    found = json.loads((tmp_path / "out/comparison.json").read_text())
    assert found["fid"]["synthesized"] == pytest.approx(evaluation.summary.fid["synthesized"])
    assert found["kid"]["synthesized"]["standard_error"] > 0
    assert found["inception"] == {
        "sha256": hashlib.sha256(inception_weights.read_bytes()).hexdigest(),
        "images": evaluation.summary.images,
    }
    report = evaluation.report.read_text()
    assert evaluation.inception_sha256 in report
    assert "not those of published FIDs" in report
    assert f"FID is computed from {evaluation.summary.images} slices" in report


def test_weights_that_are_missing_are_refused_before_scoring(
    tmp_path: Path, cohort: Cohort
) -> None:
    pairing = find_pairs(cohort.synthesized, cohort.reference)
    settings = EvaluationSettings(inception=tmp_path / "nowhere.pth")
    with pytest.raises(ModelError, match="nowhere"):
        evaluate(pairing, tmp_path / "out", settings=settings)
    assert not (tmp_path / "out").exists()


def test_the_pairs_behind_the_scores_can_be_read_again(tmp_path: Path, cohort: Cohort) -> None:
    pairing = find_pairs(cohort.synthesized, cohort.reference)
    evaluate(pairing, tmp_path, settings=QUICK)
    assert read_pairs(tmp_path) == pairing.pairs
