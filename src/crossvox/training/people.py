"""Record the people of a run at its first start, and recognize them when it resumes."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from crossvox.cohort import Case
from crossvox.errors import CohortError, FileError, ModelError
from crossvox.files.atomic import write_atomically
from crossvox.files.fingerprint import sha256_of
from crossvox.progress import QUIET, Progress
from crossvox.training.run_folder import COHORT
from crossvox.version import __version__

FORMAT = 1  # version of cohort.json
MASK = "mask"  # name of the mask among the files of a case
MOST_NAMED = 5  # names listed in a message
THREADS = 4  # for hashing


@dataclass(frozen=True, kw_only=True)
class FileStamp:
    """A file as it was at the first start of a run.

    Attributes:
        path: Absolute path of the file.
        size: File size in bytes.
        modified_ns: Time of the last modification, in nanoseconds since 1970.
        sha256: SHA-256 of the file's bytes.
    """

    path: str
    size: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Member:
    """A case of a run.

    Attributes:
        subject: Label of the person.
        split: "train", "validation" or "test".
        files: Files by modality, and the "mask" if there is one.
    """

    subject: str
    split: str
    files: Mapping[str, FileStamp]


@dataclass(frozen=True, kw_only=True)
class People:
    """The people that a run is trained, validated and tested on.

    Attributes:
        format: Version of the layout of cohort.json.
        crossvox: Version of crossvox that wrote the file.
        cases: Cases by name.
    """

    format: int
    crossvox: str
    cases: Mapping[str, Member]


def write_people(folder: Path, cases: Sequence[Case], *, progress: Progress = QUIET) -> People:
    """Write cohort.json: the cases of a run, with their splits and a hash of every file.

    Raises:
        FileError: A file cannot be read, or `folder` cannot be written.
    """
    files = [(case.name, role, path) for case in cases for role, path in _files_of(case).items()]
    stamps: defaultdict[str, dict[str, FileStamp]] = defaultdict(dict)
    with ThreadPoolExecutor(THREADS) as threads:
        hashed = threads.map(_stamp, (path for _, _, path in files))
        for done, ((name, role, _), stamp) in enumerate(zip(files, hashed, strict=True), start=1):
            stamps[name][role] = stamp
            progress.stage("hashing", done, len(files))
    members = {
        case.name: Member(subject=case.subject, split=case.split or "", files=stamps[case.name])
        for case in cases
    }
    people = People(format=FORMAT, crossvox=__version__, cases=members)
    write_atomically(folder / COHORT, json.dumps(asdict(people), indent=2).encode())
    return people


def read_people(folder: Path) -> People:
    """Read the cohort.json of an existing run.

    Raises:
        ModelError: The file is missing, damaged or of another layout.
    """
    path = folder / COHORT
    if not path.is_file():
        raise ModelError(
            f"{folder} has no {COHORT}: an earlier version of crossvox began the run and did not"
            " record its people; finish it with that version, or start again with --fresh"
        )
    try:
        people = TypeAdapter(People).validate_json(path.read_bytes())
    except ValidationError as error:
        raise ModelError(
            f"{path} is damaged ({error.errors()[0]['msg']}); restore it, or start again with"
            " --fresh"
        ) from None
    if people.format != FORMAT:
        raise ModelError(f"{path} has layout {people.format}; this crossvox reads {FORMAT}")
    return people


def recognized(people: People, cases: Sequence[Case], *, folder: Path) -> tuple[Case, ...]:
    """Give `cases` the splits of the run in `folder`, if they are its people.

    Files may have moved as long as their contents are the same.

    Raises:
        CohortError: People, files or splits differ; the message names them.
        FileError: A file cannot be read.
    """
    changes = list(_changes(people, cases))
    if changes:
        members = people.cases.values()
        trained = sorted({member.subject for member in members if member.split == "train"})
        raise CohortError(
            f"{folder} was trained on {_listed(trained, ', ')}, and the cohort has changed:"
            f" {_listed(changes, ', ')}; --fresh starts again, another folder keeps both"
        )
    return tuple(replace(case, split=people.cases[case.name].split) for case in cases)


def source_hashes(people: People, *, source: str) -> dict[str, dict[str, list[str]]]:
    """SHA-256 of the `source` images of the training and validation cases.

    Returns:
        Sorted hashes by split and subject.
    """
    hashes: dict[str, dict[str, list[str]]] = {"train": {}, "validation": {}}
    for member in people.cases.values():
        if member.split in hashes:
            hashes[member.split].setdefault(member.subject, []).append(member.files[source].sha256)
    return {
        split: {subject: sorted(values) for subject, values in sorted(by_subject.items())}
        for split, by_subject in hashes.items()
    }


def _files_of(case: Case) -> dict[str, Path]:
    return {**case.images, MASK: case.mask} if case.mask else dict(case.images)


def _stamp(path: Path) -> FileStamp:
    try:
        status = path.stat()
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror})") from None
    return FileStamp(
        path=str(path.absolute()),
        size=status.st_size,
        modified_ns=status.st_mtime_ns,
        sha256=sha256_of(path),
    )


def _changes(people: People, cases: Sequence[Case]) -> Iterator[str]:
    now = {case.name: case for case in cases}
    yield from (f"{name} is missing" for name in people.cases if name not in now)
    yield from (f"{name} is new" for name in now if name not in people.cases)
    for name, case in now.items():
        if name in people.cases:
            yield from _changes_of(people.cases[name], case)


def _changes_of(member: Member, case: Case) -> Iterator[str]:
    if case.subject != member.subject:
        yield f"{case.name} belonged to {member.subject} and now to {case.subject}"
    if case.split not in (None, member.split):
        yield f"{case.name} was for {member.split} and is for {case.split}"
    files = _files_of(case)
    yield from (f"{case.name}'s {role} is missing" for role in member.files if role not in files)
    for role, path in files.items():
        if role not in member.files:
            yield f"{case.name}'s {role} is new"
        elif not _is_unchanged(member.files[role], path):
            yield f"{case.name}'s {role} changed"


def _is_unchanged(stamp: FileStamp, path: Path) -> bool:
    try:
        status = path.stat()
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror})") from None
    if status.st_size != stamp.size:
        return False
    untouched = (str(path.absolute()), status.st_mtime_ns) == (stamp.path, stamp.modified_ns)
    return untouched or _stamp(path).sha256 == stamp.sha256


def _listed(words: Sequence[str], separator: str) -> str:
    named = separator.join(words[:MOST_NAMED])
    return f"{named} and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else named
