"""The folder of a run: which files a run writes there, and where it may lie."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from crossvox.cohort import Case
from crossvox.errors import FileError, SettingsError
from crossvox.files import is_synthetic, sidecar_of
from crossvox.synthesis.store import DESCRIPTION, PENDING, WEIGHTS
from crossvox.training.faults import CHECK
from crossvox.training.lock import LOCK

EXPERIMENT, COHORT, PREPARATION = "experiment.toml", "cohort.json", "preparation.json"
PROGRESS = "progress.csv"
CHECKPOINT, SYNTHESIZER, PREPARED = "checkpoint", "synthesizer", "prepared"
EVALUATION = "evaluation"
BEFORE_A_RUN = frozenset({LOCK, CHECK, COHORT})  # written before experiment.toml makes it one

# All that a run writes, as regular expressions of paths below its folder. The experiment is the
# last that is removed: what is removed in part is a run still.
WRITTEN = (
    rf"{CHECKPOINT}/step-\d{{8}}\.(safetensors|json)",
    rf"{PREPARED}/(preparation-[0-9a-f]{{16}}\.json|.+-[0-9a-f]{{16}}\.npy)",
    rf"{SYNTHESIZER}/({re.escape(DESCRIPTION)}|{re.escape(WEIGHTS)}|{re.escape(PENDING)})",
    rf"{SYNTHESIZER}/engines/[0-9a-f]+\.(xml|bin)",
    rf"{EVALUATION}/(report\.html|comparison\.json|mean_[A-Za-z0-9]+\.nii\.gz)",
    rf"{EVALUATION}/(pairs|scores|baselines|regions)\.csv",
    rf"{EVALUATION}/synthesized/dataset_description\.json",
    *map(re.escape, (PROGRESS, CHECK, PREPARATION, COHORT, EXPERIMENT)),
)
TEMPORARY = re.compile(r"(.*/)?\.\d+-[0-9a-f]{8}-[^/]+")  # of a process that was killed
SYNTHESIZED = re.compile(rf"{EVALUATION}/synthesized/.+_desc-synth_[A-Za-z0-9]+\.nii\.gz")


def refuse_foreign_folder(out: Path, cases: Sequence[Case]) -> None:
    """A run has a folder of its own: not that of its data, above them, or of one of its people.

    Raises:
        SettingsError: Images of `cases` lie in `out`, or `out` lies among those of a person.
    """
    place = out.resolve()
    for case in cases:
        for file in case.images.values():
            folder = file.parent.resolve()
            if place in (folder, *folder.parents):
                raise SettingsError(
                    f"{out} holds images of the cohort, such as {file}; give the run a folder of"
                    " its own"
                )
            if _folder_of_person(folder, case) in (place, *place.parents):
                raise SettingsError(
                    f"{out} lies in the folder of {case.subject} in the data; give the run a folder"
                    " of its own"
                )


def refuse_unknown_weights(out: Path) -> None:
    """A folder without experiment.toml must not hold weights, of which nobody knows the people.

    Raises:
        SettingsError: It does.
    """
    weights = [*(out / CHECKPOINT).glob("step-*"), *(out / SYNTHESIZER).glob(DESCRIPTION)]
    if weights:
        raise SettingsError(
            f"{out} holds {weights[0].relative_to(out)} and no {EXPERIMENT} that says what it was"
            " trained on; choose another folder"
        )


def forget(out: Path) -> None:
    """Remove what a run wrote in its folder; other files stay.

    Raises:
        SettingsError: `out` holds files and no experiment.toml, so it is no run; or parts of it
            are links into other folders.
        FileError: Something cannot be removed.
    """
    if not (out / EXPERIMENT).is_file():
        _refuse_no_run(out)
        return
    linked = [n for n in (CHECKPOINT, PREPARED, SYNTHESIZER, EVALUATION) if (out / n).is_symlink()]
    if linked:
        raise SettingsError(
            f"{out / linked[0]} is a link into another folder, which --fresh does not empty;"
            " remove the link, or choose another folder"
        )
    try:
        for path in list(_written_below(out)):
            path.unlink()
        _remove_empty_folders(out)
    except OSError as error:
        raise FileError(
            f"{error.filename}: cannot be written ({error.strerror}); choose another folder"
        ) from None


def holds_synthesizer(out: Path) -> bool:
    """Whether the run's synthesizer is there, whole."""
    folder = out / SYNTHESIZER
    try:
        sha256 = json.loads((folder / DESCRIPTION).read_bytes())["sha256"]
        payloads = [
            path.read_bytes() for path in (folder / WEIGHTS, folder / PENDING) if path.is_file()
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return any(hashlib.sha256(payload).hexdigest() == sha256 for payload in payloads)


def _folder_of_person(folder: Path, case: Case) -> Path | None:
    """The uppermost folder that is one person's, of the `folder` of an image; None of flat data."""
    depth = len(case.folder.parts)
    if not depth or folder.parts[-depth:] != case.folder.parts:
        return None
    return Path(*folder.parts[: len(folder.parts) - depth + 1])


def _refuse_no_run(out: Path) -> None:
    foreign = [path.name for path in sorted(out.glob("*")) if path.name not in BEFORE_A_RUN]
    if foreign:
        raise SettingsError(
            f"{out} is no run (it has no {EXPERIMENT}) and holds {foreign[0]}; --fresh removes"
            " nothing there; choose another folder"
        )


def _written_below(out: Path) -> Iterator[Path]:
    files = [
        Path(folder, name) for folder, _, names in os.walk(out) for name in names if name != LOCK
    ]
    named = {file.relative_to(out).as_posix(): file for file in files}
    for name, file in named.items():
        if SYNTHESIZED.fullmatch(name) and not file.is_symlink() and is_synthetic(file):
            sidecar = sidecar_of(file)
            yield from (path for path in (file, sidecar) if path.is_file())
    for pattern in (TEMPORARY.pattern, *WRITTEN):
        yield from (file for name, file in named.items() if re.fullmatch(pattern, name))


def _remove_empty_folders(out: Path) -> None:
    for folder, _, _ in os.walk(out, topdown=False):
        with suppress(OSError):  # something is in it
            if Path(folder) != out:
                Path(folder).rmdir()
