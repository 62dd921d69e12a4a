"""Prepare a cohort once for training, as memory-mapped arrays at network scale."""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from crossvox.cohort import Case
from crossvox.errors import CohortError, CrossvoxError, ResourceError, SettingsError
from crossvox.files import read_grid, read_mask, read_volume
from crossvox.files.atomic import write_atomically
from crossvox.preparation.intensity import IntensityScale, Limits, ScaleKind, fit_scale
from crossvox.preparation.loss_weight import LossRegion, loss_region
from crossvox.preparation.preparation import BACKGROUND, Preparation, shared_spacing
from crossvox.progress import QUIET, Progress
from crossvox.training.experiment import Experiment, PreparationSettings
from crossvox.training.intensities import THREADS, limits_in
from crossvox.training.prepared_file import is_whole, map_voxels, read_centers, write_prepared
from crossvox.training.scales import source_kinds, source_windows
from crossvox.volume.volume import Volume

STEPS_PER_UNIT = 32767  # int16 resolves [-1, 1] to 3e-5, a sixteenth of a 12-bit gray level
FORMAT = 2  # version of prepared arrays; increase it when preparation changes


@dataclass(frozen=True, kw_only=True)
class PreparedCase:
    """A case at network scale.

    Attributes:
        name: Name of the case.
        path: Path of a .npy file of (C + 2, X, Y, Z) int16, scaled by 32767: C sources, target,
            loss weight.
        masked: Whether the loss weight comes from a mask of the case.
    """

    name: str
    path: Path
    masked: bool = False

    def open(self) -> NDArray[np.int16]:
        """The array, memory-mapped from the file."""
        return map_voxels(self.path)

    def centers(self) -> NDArray[np.int16]:
        """Voxel indices (N, 3) in the head that patches are centered on."""
        return read_centers(self.path)


def fit_preparation(
    experiment: Experiment, cases: Sequence[Case], folder: Path, *, progress: Progress = QUIET
) -> Preparation:
    """Fit the preparation of a planned experiment to its training cases.

    The result is stored in `folder` and read from there the next time.

    Raises:
        CohortError: A volume cannot be scaled.
        SettingsError: A "window" scale has no limits.
    """
    path = folder / f"preparation-{_key(experiment, cases)}.json"
    fitted = _stored(path)
    if fitted is not None:
        return fitted
    settings, cohort = experiment.preparation, experiment.cohort
    sources = len(cohort.source)
    kinds = (*source_kinds(settings, sources=sources), settings.target_scale)
    windows = (*source_windows(settings, sources=sources), settings.target_limits)
    scales = [
        _fit(modality, kind or "volume", window, cases, settings=settings, progress=progress)
        for modality, kind, window in zip(
            (*cohort.source, cohort.target), kinds, windows, strict=True
        )
    ]
    preparation = Preparation(
        source_modalities=cohort.source,
        target_modality=cohort.target,
        target_unit=settings.target_unit or "arbitrary",
        spacing_mm=None if settings.spacing_mm == "own" else settings.spacing_mm,
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
    preparation: Preparation, cases: Sequence[Case], folder: Path, *, progress: Progress = QUIET
) -> tuple[PreparedCase, ...]:
    """Prepare every case in `folder`; complete files that are already there are kept.

    Raises:
        CohortError: Some cases cannot be prepared; the message names all of them.
        ResourceError: The disk is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    failed: dict[str, str] = {}

    def prepare(case: Case) -> PreparedCase:
        path = folder / _file_name(preparation, case)
        prepared = PreparedCase(name=case.name, path=path, masked=case.mask is not None)
        if not is_whole(path):
            try:
                _prepare_case(preparation, case, prepared.path)
            except ResourceError:
                raise
            except CrossvoxError as error:
                failed[case.name] = str(error)
        return prepared

    prepared_cases = []
    with ThreadPoolExecutor(THREADS) as threads:
        for prepared in threads.map(prepare, cases):
            prepared_cases.append(prepared)
            progress.stage("preparing", len(prepared_cases), len(cases))
    if failed:
        listed = "; ".join(f"{name}: {why}" for name, why in sorted(failed.items()))
        raise CohortError(f"{len(failed)} case(s) cannot be prepared: {listed}")
    return tuple(prepared_cases)


def _stored(path: Path) -> Preparation | None:
    """The preparation in a file; None if the file is missing or damaged."""
    try:
        return TypeAdapter(Preparation).validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _prepare_case(preparation: Preparation, case: Case, path: Path) -> None:
    sources = preparation.prepare_sources(
        [read_volume(case.images[name]) for name in preparation.source_modalities]
    )
    name = preparation.target_modality
    target = preparation.prepare_target(
        read_volume(case.images[name], modality=name), grid=sources[0].grid
    )
    region = _region(preparation, case, sources, target)
    channels = [*(source.voxels for source in sources), target.voxels, region.weight]
    voxels = np.empty((len(channels), *target.grid.shape), dtype=np.int16)
    for prepared, channel in zip(voxels, channels, strict=True):
        filled = np.nan_to_num(channel, nan=BACKGROUND)
        np.round(filled * STEPS_PER_UNIT, out=filled)
        prepared[...] = filled
    write_prepared(path, voxels, region.centers)


def _region(
    preparation: Preparation, case: Case, sources: Sequence[Volume], target: Volume
) -> LossRegion:
    if case.mask is None:
        return loss_region(sources, target, mask=None)
    mask = preparation.prepare_mask(read_mask(case.mask), grid=target.grid)
    try:
        return loss_region(sources, target, mask=mask)
    except CohortError as error:
        raise CohortError(f"{case.mask}: {error}") from None


def _fit(
    modality: str,
    kind: ScaleKind,
    window: Limits | None,
    cases: Sequence[Case],
    *,
    settings: PreparationSettings,
    progress: Progress,
) -> IntensityScale:
    if kind == "window":
        if window is None:
            raise SettingsError(
                f'{modality} has a "window" scale without limits;'
                " set preparation.source_limits or preparation.target_limits"
            )
        return IntensityScale(kind=kind, limits=window, percentiles=settings.percentiles)

    limits_of = partial(limits_in, modality=modality, percentiles=settings.percentiles)
    limits = []
    with ThreadPoolExecutor(THREADS) as threads:
        for pair in threads.map(limits_of, [case.images[modality] for case in cases]):
            limits.append(pair)
            progress.stage(f"scaling {modality}", len(limits), len(cases))
    return fit_scale(limits, kind=kind, percentiles=settings.percentiles)


def _key(experiment: Experiment, cases: Sequence[Case]) -> str:
    parts = [str(FORMAT), repr(experiment.cohort), repr(experiment.preparation)]
    parts += [_stamp(path) for case in cases for path in case.images.values()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _file_name(preparation: Preparation, case: Case) -> str:
    modalities = (*preparation.source_modalities, preparation.target_modality)
    files = [case.images[name] for name in modalities] + ([case.mask] if case.mask else [])
    text = "\n".join([str(FORMAT), repr(preparation), *(_stamp(path) for path in files)])
    return f"{case.name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.npy"


def _stamp(path: Path) -> str:
    status = path.stat()
    return f"{path.resolve()} {status.st_size} {status.st_mtime_ns}"
