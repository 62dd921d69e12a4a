"""The JSON file beside a synthesized volume."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.cohort import Case
from crossvox.files import read_sidecar, sidecar_of
from crossvox.synthesis.compute import Compute
from crossvox.synthesis.predict import find_cases, predict
from crossvox.synthesis.sidecar import up_to_date
from crossvox.synthesis.store import Description, load_synthesizer, read_description
from crossvox.training.train import Trained

EXACT = Compute(device="cpu", bf16=False)
MEBIBYTE = 2**20


@pytest.fixture
def made(trained: Trained, cohort_folder: Path, tmp_path: Path) -> tuple[Case, Path, Description]:
    """A case, what was synthesized of it, and by what."""
    description = read_description(trained.folder)
    flair = tmp_path / "anna_FLAIR.nii.gz"
    flair.write_bytes((cohort_folder / "sub-01/anat/sub-01_FLAIR.nii.gz").read_bytes())
    (case,) = find_cases(flair, description)
    path = tmp_path / "made.nii.gz"
    predict(load_synthesizer(trained.folder, compute=EXACT), description, [case], path)
    return case, path, description


def test_a_sidecar_says_what_the_volume_took(made: tuple[Case, Path, Description]) -> None:
    said = read_sidecar(made[1])
    assert said["SynthesisSeconds"] >= said["NetworkSeconds"] > 0
    assert said["NetworkPasses"] == 1
    assert said["Precision"] == "32-true"
    assert said["PeakMemoryBytes"] > 100 * MEBIBYTE  # Python with torch is more than that
    assert said["ModelSettings"]["width"] == 4


def test_a_volume_is_up_to_date_until_weights_settings_precision_or_source_change(
    made: tuple[Case, Path, Description],
) -> None:
    case, path, description = made
    assert up_to_date(case, path, description, compute=EXACT)
    others = (
        replace(description, sha256="other"),
        replace(description, settings={**description.settings, "l1_weight": 7.0}),
    )
    assert not any(up_to_date(case, path, other, compute=EXACT) for other in others)
    assert not up_to_date(case, path, description, compute=Compute(device="cpu", bf16=True))
    later = path.stat().st_mtime + 10
    os.utime(case.images["FLAIR"], (later, later))
    assert not up_to_date(case, path, description, compute=EXACT)


@pytest.mark.parametrize("content", ["", "[1]", '{"ModelSHA256": "'])
def test_a_damaged_sidecar_says_nothing(made: tuple[Case, Path, Description], content: str) -> None:
    case, path, description = made
    sidecar_of(path).write_text(content)
    assert read_sidecar(path) == {}
    assert not up_to_date(case, path, description, compute=EXACT)
