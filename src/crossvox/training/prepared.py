"""The cohort at network scale, once, in memory-mapped arrays."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from pydantic import TypeAdapter

from crossvox.cohort import Case
from crossvox.errors import CohortError, CrossvoxError, ResourceError, SettingsError
from crossvox.files import read_grid, read_mask, read_volume
from crossvox.files.atomic import replacing, write_atomically
from crossvox.preparation.intensity import (
    IntensityScale,
    Limits,
    ScaleKind,
    fit_scale,
    foreground_limits,
)
from crossvox.preparation.preparation import Preparation, shared_spacing
from crossvox.training.experiment import Experiment, PreparationSettings
from crossvox.volume.volume import Volume

STEPS_PER_UNIT = 32767  # int16 holds [-1, 1] to 3e-5, a tenth of a grey level of 12 bits
THREADS = min(8, os.cpu_count() or 1)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class PreparedCase:
    """One case at network scale.

    Attributes:
        name: Of the case.
        path: .npy of (C + 2, X, Y, Z) int16: sources, target, mask; intensities times 32767.
    """

    name: str
    path: Path

    def open(self) -> NDArray[np.int16]:
        """The array, mapped from the file."""
        mapped: NDArray[np.int16] = np.load(self.path, mmap_mode="r")
        return mapped


def fit_preparation(
    experiment: Experiment, cases: Sequence[Case], folder: Path, *, progress: Progress
) -> Preparation:
    """The preparation of a planned experiment, fitted to its training cases once.

    It is kept in `folder` and read from there when the same experiment goes on.

    Raises:
        CohortError: A volume cannot be scaled.
        SettingsError: A "window" scale has no limits.
    """
    path = folder / f"preparation-{_key(experiment, cases)}.json"
    if path.is_file():
        return TypeAdapter(Preparation).validate_json(path.read_bytes())
    given, cohort = experiment.preparation, experiment.cohort
    kinds = [given.source_scale] * len(cohort.source) + [given.target_scale]
    windows = [given.source_limits] * len(cohort.source) + [given.target_limits]
    scales = [
        _fit(modality, kind or "volume", window, cases, given=given, progress=progress)
        for modality, kind, window in zip(
            (*cohort.source, cohort.target), kinds, windows, strict=True
        )
    ]
    preparation = Preparation(
        source_modalities=cohort.source,
        target_modality=cohort.target,
        target_unit=given.target_unit or "arbitrary",
        spacing_mm=None if given.spacing_mm == "own" else given.spacing_mm,
        source_scales=tuple(scales[:-1]),
        target_scale=scales[-1],
        trained_spacing_mm=shared_spacing(
            [read_grid(case.images[cohort.source[0]]) for case in cases]
        ),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(asdict(preparation), indent=2).encode())
    return preparation


def prepare_cohort(
    preparation: Preparation, cases: Sequence[Case], folder: Path, *, progress: Progress
) -> tuple[PreparedCase, ...]:
    """Every case at network scale, in `folder`; those that are there already are kept.

    Raises:
        CohortError: Some cases cannot be prepared; all of them are named.
        ResourceError: The disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    failed: dict[str, str] = {}

    def prepare(case: Case) -> PreparedCase:
        prepared = PreparedCase(name=case.name, path=folder / _file_name(preparation, case))
        if not prepared.path.is_file():
            try:
                _prepare_case(preparation, case, prepared.path)
            except ResourceError:
                raise
            except CrossvoxError as error:
                failed[case.name] = str(error)
        return prepared

    done = []
    with ThreadPoolExecutor(THREADS) as threads:
        for prepared in threads.map(prepare, cases):
            done.append(prepared)
            progress("preparing", len(done), len(cases))
    if failed:
        listed = "; ".join(f"{name}: {why}" for name, why in sorted(failed.items()))
        raise CohortError(f"{len(failed)} case(s) cannot be prepared: {listed}")
    return tuple(done)


def _prepare_case(preparation: Preparation, case: Case, path: Path) -> None:
    sources = [read_volume(case.images[name]) for name in preparation.source_modalities]
    channels = list(preparation.prepare_sources(sources))
    grid = channels[0].grid
    target = read_volume(case.images[preparation.target_modality])
    channels.append(preparation.prepare_target(target, grid=grid))
    voxels = [np.round(channel.voxels * STEPS_PER_UNIT) for channel in channels]
    voxels.append(_mask(preparation, case, channels[0]))
    array = np.ascontiguousarray(np.stack(voxels).astype(np.int16))
    with replacing(path) as temporary, temporary.open("wb") as file:
        # np.save would hide a full disk: the error of its tofile has no number.
        npy.write_array_header_1_0(file, npy.header_data_from_array_1_0(array))
        file.write(array.data)


def _mask(preparation: Preparation, case: Case, prepared: Volume) -> NDArray[np.float32]:
    if case.mask is None:
        return np.ones(prepared.grid.shape, dtype=np.float32)
    return preparation.prepare_mask(read_mask(case.mask), grid=prepared.grid).voxels


def _fit(
    modality: str,
    kind: ScaleKind,
    window: Limits | None,
    cases: Sequence[Case],
    *,
    given: PreparationSettings,
    progress: Progress,
) -> IntensityScale:
    if kind == "window":
        if window is None:
            raise SettingsError(
                f'{modality} has a "window" scale without limits:'
                " set preparation.source_limits or preparation.target_limits"
            )
        return IntensityScale(kind=kind, limits=window, percentiles=given.percentiles)

    def limits_of(case: Case) -> Limits:
        volume = read_volume(case.images[modality])
        try:
            return foreground_limits(volume.voxels, percentiles=given.percentiles)
        except SettingsError as error:
            raise CohortError(f"{case.images[modality]}: {error}") from None

    limits = []
    with ThreadPoolExecutor(THREADS) as threads:
        for one in threads.map(limits_of, cases):
            limits.append(one)
            progress(f"scaling {modality}", len(limits), len(cases))
    return fit_scale(limits, kind=kind, percentiles=given.percentiles)


def _key(experiment: Experiment, cases: Sequence[Case]) -> str:
    parts = [repr(experiment.cohort), repr(experiment.preparation)]
    parts += [_stamp(path) for case in cases for path in case.images.values()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _file_name(preparation: Preparation, case: Case) -> str:
    wanted = (*preparation.source_modalities, preparation.target_modality)
    files = [case.images[name] for name in wanted] + ([case.mask] if case.mask else [])
    text = "\n".join([repr(preparation), *(_stamp(path) for path in files)])
    return f"{case.name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.npy"


def _stamp(path: Path) -> str:
    status = path.stat()
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
