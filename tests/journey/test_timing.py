"""Synthesizers timed in processes of their own."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.acceleration.compute import Compute
from crossvox.acceleration.machine import describe_machine
from crossvox.errors import ModelError
from crossvox.files import read_sidecar
from crossvox.journey.timing import MANY_PASSES, Timing
from crossvox.synthesis.store import read_description


@pytest.fixture
def timing(finished: Path, cohort_folder: Path, tmp_path: Path) -> Timing:
    return Timing(
        run=finished,
        description=read_description(finished),
        sources={"FLAIR": cohort_folder / "sub-06/anat/sub-06_FLAIR.nii.gz"},
        passes=1,
        compute=Compute(device="cpu", bf16=False),
        folder=tmp_path / "timing/gan",
    )


@pytest.mark.slow
def test_a_person_is_synthesized_four_times_and_the_first_time_does_not_count(
    timing: Timing,
) -> None:
    costs = timing.costs(fresh=False)
    made = sorted(timing.folder.glob("*.nii.gz"))
    assert len(made) == 4
    seconds = [read_sidecar(path)["SynthesisSeconds"] for path in made]
    assert costs.seconds == sorted(seconds[1:])[1]
    assert costs.peak_memory_bytes == read_sidecar(made[-1])["PeakMemoryBytes"]


@pytest.mark.slow
def test_what_was_measured_is_kept_until_the_weights_are_others_or_it_is_asked_for(
    timing: Timing,
) -> None:
    few = replace(timing, passes=MANY_PASSES)
    few.costs(fresh=False)
    (made,) = timing.folder.glob("*.nii.gz")
    first = made.stat().st_mtime_ns
    few.costs(fresh=False)
    assert made.stat().st_mtime_ns == first
    few.costs(fresh=True)
    second = made.stat().st_mtime_ns
    assert second > first
    sidecar = next(timing.folder.glob("*.json"))
    sidecar.write_text(sidecar.read_text().replace(timing.description.sha256, "other"))
    few.costs(fresh=False)
    assert made.stat().st_mtime_ns > second


@pytest.mark.slow
def test_it_is_measured_again_on_another_machine(timing: Timing) -> None:
    few = replace(timing, passes=MANY_PASSES)
    costs = few.costs(fresh=False)
    assert costs.machine == describe_machine(timing.compute)
    (sidecar,) = timing.folder.glob("*.json")
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), "Machine": "a slow one"}))
    (made,) = timing.folder.glob("*.nii.gz")
    before = made.stat().st_mtime_ns
    few.costs(fresh=False)
    assert made.stat().st_mtime_ns > before


def test_a_volume_of_the_users_in_the_place_of_a_timed_one_stays(
    timing: Timing, cohort_folder: Path
) -> None:
    theirs = timing.folder / "time0_desc-synth_T1w.nii.gz"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes((cohort_folder / "sub-06/anat/sub-06_T1w.nii.gz").read_bytes())
    before = theirs.read_bytes()
    with pytest.raises(ModelError, match=r"time0_desc-synth_T1w\.nii\.gz was not written by"):
        replace(timing, passes=MANY_PASSES).costs(fresh=True)
    assert theirs.read_bytes() == before


def test_a_process_that_fails_says_why(timing: Timing, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"could not be timed: .*holds no synthesizer"):
        replace(timing, run=tmp_path).costs(fresh=False)
