"""Atomic writes: files are complete or absent."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from crossvox.errors import FileError, ResourceError
from crossvox.files import replacing, write_atomically, write_together


def test_payload_is_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new" / "file.bin", b"abc")
    assert (tmp_path / "new" / "file.bin").read_bytes() == b"abc"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file.bin"]


def test_temporary_file_is_hidden_lies_beside_and_carries_the_process(tmp_path: Path) -> None:
    with replacing(tmp_path / "file.nii.gz") as temporary:
        temporary.write_bytes(b"abc")
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(f".{os.getpid()}-")
        assert temporary.name.endswith("file.nii.gz")


def test_two_writers_of_one_file_do_not_share_a_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with replacing(path) as first, replacing(path) as second:
        assert first != second
        first.write_bytes(b"1")
        second.write_bytes(b"2")
    assert path.read_bytes() == b"1"


def test_failure_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def write_half() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_is_lack_of_resources_and_names_the_file(tmp_path: Path, number: int) -> None:
    with (
        pytest.raises(ResourceError, match=r"file\.bin: disk, quota .* full"),
        replacing(tmp_path / "file.bin"),
    ):
        raise OSError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder is wanted")
    with pytest.raises(FileError, match=r"file\.bin: cannot be written"):
        write_atomically(tmp_path / "taken" / "file.bin", b"abc")


def test_other_failures_of_the_block_pass_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "file"):
        (tmp_path / "absent").read_bytes()


def test_file_larger_than_the_process_may_write_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    script = (
        "import signal, sys; from pathlib import Path; from crossvox.files import write_atomically;"
        "from crossvox.errors import CrossvoxError; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try: write_atomically(Path(sys.argv[1]), bytes(1 << 20))\n"
        "except CrossvoxError as error: print(error)"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))

    done = subprocess.run(
        [sys.executable, "-B", "-c", script, str(path)],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "file.bin: disk, quota or file size limit is full" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [230, 255])
def test_any_name_that_the_file_system_takes_can_be_written(tmp_path: Path, length: int) -> None:
    path = tmp_path / ("s" * (length - 7) + ".nii.gz")
    write_atomically(path, b"abc")
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_name_that_is_too_long_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"the name is too long for this file system; .* shorter"):
        write_atomically(tmp_path / ("s" * 256), b"abc")
    with pytest.raises(FileError, match="too long"):
        write_atomically(tmp_path / ("s" * 256) / "a.nii", b"abc")
    assert list(tmp_path.iterdir()) == []


def test_two_files_come_together_and_the_companion_is_not_the_younger_one(tmp_path: Path) -> None:
    volume, sidecar = tmp_path / "a.nii", tmp_path / "a.json"
    write_together(volume, b"voxels", companion=sidecar, companion_payload=b"{}")
    assert (volume.read_bytes(), sidecar.read_bytes()) == (b"voxels", b"{}")
    assert sidecar.stat().st_mtime_ns <= volume.stat().st_mtime_ns
    assert sorted(tmp_path.iterdir()) == [sidecar, volume]


def test_two_files_stay_as_they_were_where_the_second_cannot_be_written(tmp_path: Path) -> None:
    sidecar = tmp_path / "a.json"
    sidecar.write_bytes(b"old")
    with pytest.raises(FileError):
        write_together(
            tmp_path / ("a" * 256), b"voxels", companion=sidecar, companion_payload=b"{}"
        )
    assert sidecar.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [sidecar]


def test_a_process_that_dies_between_two_files_leaves_no_older_one_under_new_words(
    tmp_path: Path,
) -> None:
    volume, sidecar = tmp_path / "a.nii", tmp_path / "a.json"
    write_together(volume, b"old", companion=sidecar, companion_payload=b"old")
    script = (
        "import os, sys; from pathlib import Path; from crossvox.files import write_together\n"
        "audit = lambda event, args: os._exit(9) if event == 'os.rename' and"
        " str(args[1]).endswith('.nii') else None\n"
        "sys.addaudithook(audit)\n"
        "path, companion = map(Path, sys.argv[1:])\n"
        "write_together(path, b'new', companion=companion, companion_payload=b'new')"
    )
    command = [sys.executable, "-B", "-c", script, str(volume), str(sidecar)]
    assert subprocess.run(command, check=False).returncode == 9
    assert sidecar.read_bytes() == b"new"
    assert not volume.exists()
