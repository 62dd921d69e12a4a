"""Refusals and failures of whole commands: the exit code, one line on stderr, nothing half-made."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from crossvox.training.checkpoint import newest_checkpoint

pytestmark = pytest.mark.slow  # real processes; tests/cli has most of these refusals in-process
Command = Callable[..., CompletedProcess[str]]
NAMES = "--source FLAIR --target T1w --set cohort.check=false"


def refusal_of(ended: CompletedProcess[str], *, code: int) -> str:
    """The one line, which is the last on stderr where stages of work came before."""
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    *before, last = ended.stderr.splitlines()
    assert [line for line in before if line.startswith("crossvox:")] == []
    assert last.startswith("crossvox: ")
    return last


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("trian DATA OUT", 'Did you mean "train"?'),
        ("train DATA OUT", "cohort.source is not set; use --source FLAIR --target T1w"),
        (f"train DATA OUT {NAMES} --set method.widht=4", "method.widht; did you mean 'width'?"),
        (f"train DATA FILE {NAMES}", "choose another folder"),
        ("predict FILE DATA OUT", "give a trained run or its synthesizer folder"),
        ("predict RUN FILE OUT", "file: text; give NIfTI"),
        ("evaluate DATA nowhere OUT", "nowhere"),
        ("check FILE", "for a cohort of pairs, give a folder or a manifest"),
    ],
)
def test_bad_usage_and_bad_data_end_with_2(
    crossvox: Command, data: Path, run: Path, tmp_path: Path, words: str, told: str
) -> None:
    file = tmp_path / "file"
    file.write_text("anything\n")
    places = {"DATA": data, "RUN": run, "OUT": tmp_path / "out", "FILE": file}
    given = [str(places.get(word, word)) for word in words.split()]
    assert told in refusal_of(crossvox(*given), code=2)
    assert file.read_text() == "anything\n"
    assert not (tmp_path / "out").exists()


def with_one_broken_file(data: Path, folder: Path) -> Path:
    copy = Path(shutil.copytree(data, folder / "data"))
    broken = copy / "sub-02/anat/sub-02_FLAIR.nii.gz"
    broken.write_bytes(broken.read_bytes()[:500])
    return copy


def test_one_broken_file_of_several_ends_with_3_and_the_rest_is_written(
    crossvox: Command, data: Path, run: Path, tmp_path: Path
) -> None:
    broken = with_one_broken_file(data, tmp_path)
    told = refusal_of(crossvox("predict", run, broken, tmp_path / "out"), code=3)
    assert "1 of 6 cases failed: sub-02" in told
    assert "sub-02_FLAIR.nii.gz" in told
    assert len(list(tmp_path.glob("out/**/*.nii.gz"))) == 5
    assert list(tmp_path.glob("out/sub-02/**/*.nii.gz")) == []


def test_one_broken_volume_of_several_is_not_scored_and_the_rest_is(
    crossvox: Command, data: Path, predicted: Path, tmp_path: Path
) -> None:
    made = Path(shutil.copytree(predicted, tmp_path / "made"))
    broken = made / "sub-02/anat/sub-02_desc-synth_T1w.nii.gz"
    broken.write_bytes(broken.read_bytes()[:500])
    words = ("evaluate", made, data, tmp_path / "out", "--source-modality", "FLAIR")
    ended = crossvox(*words, "--include-trained")
    assert "1 of 6" in refusal_of(ended, code=3)
    assert (tmp_path / "out/scores.csv").read_text().count("sub-01") > 0
    assert (tmp_path / "out/report.html").is_file()


def assert_nothing_half_written(folder: Path) -> None:
    assert [path for path in folder.rglob(".*") if path.is_file() and path.name[1].isdigit()] == []


def test_a_full_disk_while_imaging_ends_with_4(
    crossvox: Command, crossvox_on_a_full_disk: Command, tmp_path: Path
) -> None:
    words = ("phantom", tmp_path / "data", "--cases", "1", "--size", "32")
    assert "full" in refusal_of(crossvox_on_a_full_disk(*words, largest_bytes=8192), code=4)
    assert list(tmp_path.rglob("*.nii.gz")) == []
    assert_nothing_half_written(tmp_path)
    assert crossvox(*words).returncode == 0


def test_a_full_disk_while_predicting_ends_with_4(
    crossvox_on_a_full_disk: Command, data: Path, run: Path, tmp_path: Path
) -> None:
    ended = crossvox_on_a_full_disk("predict", run, data, tmp_path, largest_bytes=8192)
    assert "sub-01_desc-synth_T1w.nii.gz" in refusal_of(ended, code=4)
    assert list(tmp_path.rglob("*.nii.gz")) == []
    assert_nothing_half_written(tmp_path)


def test_a_full_disk_while_preparing_ends_with_4(
    crossvox_on_a_full_disk: Command, data: Path, tmp_path: Path, tiny: Sequence[str]
) -> None:
    words = ("train", data, tmp_path, *tiny, "--set", "cohort.check=false")
    assert "full" in refusal_of(crossvox_on_a_full_disk(*words, largest_bytes=65536), code=4)
    assert list(tmp_path.rglob("*.npy")) == []
    assert_nothing_half_written(tmp_path)


def test_a_full_disk_while_saving_ends_with_4_and_leaves_the_save_before(
    crossvox_on_a_full_disk: Command, data: Path, run: Path, tmp_path: Path, tiny: Sequence[str]
) -> None:
    folder = Path(shutil.copytree(run, tmp_path / "run"))
    words = ("train", data, folder, *tiny, "--set", "training.steps=6")
    largest = next(folder.glob("checkpoint/*.safetensors")).stat().st_size // 2
    ended = crossvox_on_a_full_disk(*words, largest_bytes=largest)
    assert "step-00000006.safetensors" in refusal_of(ended, code=4)
    assert_nothing_half_written(folder)
    kept = newest_checkpoint(folder / "checkpoint")
    assert kept is not None
    assert kept.step == 4
