"""Two processes in one folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from crossvox.errors import FileError, SettingsError
from crossvox.training.lock import LOCK, locked

HOLDING = """
import sys, time
from pathlib import Path
from crossvox.training.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    """Another process that holds the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_refused_at_once_with_the_number_of_the_first(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=f"trained by process {holder.pid};"), locked(tmp_path):
        pass
    assert (tmp_path / LOCK).is_file()
    holder.kill()
    holder.communicate()


def test_what_a_killed_process_held_is_free(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    holder.kill()
    holder.communicate()
    assert (tmp_path / LOCK).is_file()
    with locked(tmp_path):
        assert (tmp_path / LOCK).is_file()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_made_and_what_is_written_in_it_stays(tmp_path: Path) -> None:
    with locked(tmp_path / "a/run"):
        (tmp_path / "a/run/file").write_text("")
    assert [path.name for path in (tmp_path / "a/run").iterdir()] == ["file"]


def test_a_folder_that_nothing_is_written_in_is_gone_again(tmp_path: Path) -> None:
    with locked(tmp_path / "run"):
        assert (tmp_path / "run").is_dir()
    assert not (tmp_path / "run").exists()


def test_it_is_given_back_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "run"):
        _ = 1 / int("0")
    with locked(tmp_path / "run"):
        pass


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written"), locked(tmp_path / "file"):
        pass
