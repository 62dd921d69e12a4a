"""Layout of a run's folder: which files a run writes there, and where the folder may be."""

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
EARLY_FILES = frozenset({LOCK, CHECK, COHORT})  # written before experiment.toml

# Regular expressions for the paths of all files that a run writes, relative to its folder. The
# experiment is removed last, so that a partly removed run is still recognized as a run.
WRITTEN_PATHS = (
    rf"{CHECKPOINT}/step-\d{{8}}\.(safetensors|json)",
    rf"{PREPARED}/(preparation-[0-9a-f]{{16}}\.json|.+-[0-9a-f]{{16}}\.npy)",
    rf"{SYNTHESIZER}/({re.escape(DESCRIPTION)}|{re.escape(WEIGHTS)}|{re.escape(PENDING)})",
    rf"{SYNTHESIZER}/engines/[0-9a-f]+\.(xml|bin)",
    rf"{EVALUATION}/(report\.html|comparison\.json|mean_[A-Za-z0-9]+\.nii\.gz)",
    rf"{EVALUATION}/(pairs|scores|baselines|regions)\.csv",
    rf"{EVALUATION}/synthesized/dataset_description\.json",
    *map(re.escape, (PROGRESS, CHECK, PREPARATION, COHORT, EXPERIMENT)),
)
TEMPORARY_PATH = re.compile(r"(.*/)?\.\d+-[0-9a-f]{8}-[^/]+")  # left by a killed process
SYNTHESIZED_PATH = re.compile(rf"{EVALUATION}/synthesized/.+_desc-synth_[A-Za-z0-9]+\.nii\.gz")


def refuse_foreign_folder(out: Path, cases: Sequence[Case]) -> None:
    """Refuse a run folder that holds images of its cohort or lies in the folder of a person.

    Raises:
        SettingsError: Images of `cases` are in or below `out`, or `out` is inside the folder of a
            person in the data.
    """
    place = out.resolve()
    for case in cases:
        for file in case.images.values():
            folder = file.parent.resolve()
            if place in (folder, *folder.parents):
                raise SettingsError(
                    f"{out} holds images of the cohort, such as {file}; choose a folder for the run"
                    " that holds none"
                )
            if _folder_of_person(folder, case) in (place, *place.parents):
                raise SettingsError(
                    f"{out} is inside the folder of {case.subject} in the data; choose a folder for"
                    " the run outside of it"
                )


def refuse_unknown_weights(out: Path) -> None:
    """Refuse a folder that has weights but no experiment.toml, so their training data are unknown.

    Raises:
        SettingsError: The folder has weights.
    """
    weights = [*(out / CHECKPOINT).glob("step-*"), *(out / SYNTHESIZER).glob(DESCRIPTION)]
    if weights:
        raise SettingsError(
            f"{out} holds {weights[0].relative_to(out)} but no {EXPERIMENT} that says what it was"
            " trained on; choose another folder"
        )


def remove_run(out: Path) -> None:
    """Remove the files that a run wrote in its folder, and no others.

    Raises:
        SettingsError: `out` has files but no experiment.toml, so it is not a run; or some of its
            subfolders are links.
        FileError: A file cannot be removed.
    """
    if not (out / EXPERIMENT).is_file():
        _refuse_no_run(out)
        return
    subfolders = (CHECKPOINT, PREPARED, SYNTHESIZER, EVALUATION)
    linked = [name for name in subfolders if (out / name).is_symlink()]
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
            f"{error.filename} cannot be removed ({error.strerror}); choose another folder"
        ) from None


def holds_synthesizer(out: Path) -> bool:
    """Whether the run's synthesizer is complete and undamaged."""
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
    """Topmost folder of the person whose image is in `folder`; None if the data are flat."""
    depth = len(case.folder.parts)
    if not depth or folder.parts[-depth:] != case.folder.parts:
        return None
    return Path(*folder.parts[: len(folder.parts) - depth + 1])


def _refuse_no_run(out: Path) -> None:
    foreign = [path.name for path in sorted(out.glob("*")) if path.name not in EARLY_FILES]
    if foreign:
        raise SettingsError(
            f"{out} is not a run (it has no {EXPERIMENT}) and holds {foreign[0]}; --fresh removes"
            " nothing there; choose another folder"
        )


def _written_below(out: Path) -> Iterator[Path]:
    files = [
        Path(folder, name) for folder, _, names in os.walk(out) for name in names if name != LOCK
    ]
    paths = {file.relative_to(out).as_posix(): file for file in files}
    for name, file in paths.items():
        if SYNTHESIZED_PATH.fullmatch(name) and not file.is_symlink() and is_synthetic(file):
            sidecar = sidecar_of(file)
            yield from (path for path in (file, sidecar) if path.is_file())
    for pattern in (TEMPORARY_PATH.pattern, *WRITTEN_PATHS):
        yield from (file for name, file in paths.items() if re.fullmatch(pattern, name))


def _remove_empty_folders(out: Path) -> None:
    for folder, _, _ in os.walk(out, topdown=False):
        with suppress(OSError):  # the folder is not empty
            if Path(folder) != out:
                Path(folder).rmdir()
