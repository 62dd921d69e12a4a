"""The JSON file beside a synthesized volume."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from crossvox.acceleration.compute import Compute
from crossvox.cohort import Case
from crossvox.files import read_sidecar, read_volume, sidecar_of
from crossvox.synthesis.predict import find_cases, predict
from crossvox.synthesis.sidecar import origin_of, up_to_date
from crossvox.synthesis.store import Description, load_synthesizer, read_description
from crossvox.training.train import Trained

EXACT = Compute(device="cpu", bf16=False)
MEBIBYTE = 2**20
SHA, OTHER = "1" * 64, "2" * 64


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
    assert up_to_date(case, path, description, compute=EXACT)
    source = case.images["FLAIR"]
    contents, times = source.read_bytes(), source.stat()
    source.write_bytes(contents[:-1] + bytes([contents[-1] ^ 1]))
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))  # same size, same time
    assert not up_to_date(case, path, description, compute=EXACT)
    source.unlink()
    assert not up_to_date(case, path, description, compute=EXACT)


def test_a_sidecar_says_of_which_bytes_the_volume_was_made(
    made: tuple[Case, Path, Description],
) -> None:
    case, path, _ = made
    whole = hashlib.sha256(case.images["FLAIR"].read_bytes()).hexdigest()
    assert read_sidecar(path)["SourceSHA256"] == [whole]


@pytest.mark.parametrize(
    ("cohort", "subject", "said"),
    [
        ({"source_sha256": {"train": {"sub-07": [SHA]}, "validation": {}}}, "anna", "train"),
        ({"source_sha256": {"train": {}, "validation": {"x": [OTHER, SHA]}}}, "x", "validation"),
        (
            {"train": ["sub-01"], "source_sha256": {"train": {"sub-01": [OTHER]}}},
            "sub-01",
            "train by name",
        ),
        (
            {"validation": ["sub-01"], "source_sha256": {"train": {"sub-02": [OTHER]}}},
            "sub-01",
            "validation by name",
        ),
        ({"train": ["a"], "test": ["b"], "source_sha256": {"train": {"a": [OTHER]}}}, "b", "none"),
        ({"train": ["a"]}, "a", "train by name"),
        ({"train": ["a"]}, "b", None),
        ({}, "b", None),
    ],
)
def test_a_sidecar_says_whether_the_model_learned_from_the_person(
    made: tuple[Case, Path, Description],
    cohort: dict[str, object],
    subject: str,
    said: str | None,
) -> None:
    case, path, description = made
    origin = origin_of(
        read_volume(path),
        replace(case, subject=subject),
        replace(description, cohort=cohort),
        sources_sha256=[SHA],
    )
    assert origin.get("SubjectInModel") == said


@pytest.mark.parametrize("content", ["", "[1]", '{"ModelSHA256": "'])
def test_a_damaged_sidecar_says_nothing(made: tuple[Case, Path, Description], content: str) -> None:
    case, path, description = made
    sidecar_of(path).write_text(content)
    assert read_sidecar(path) == {}
    assert not up_to_date(case, path, description, compute=EXACT)
