"""Public functions for trained models: load, predict, export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from crossvox.api.arguments import AnyPath, Shown, Sizes
from crossvox.files.paths import path_of
from crossvox.progress.protocol import as_progress

if TYPE_CHECKING:
    from pathlib import Path

    from crossvox.model import Model
    from crossvox.synthesis.predict import Predicted


def load(
    run: AnyPath,
    *,
    settings: Sequence[str] = (),
    window: Sizes | None = None,
    device: str | None = None,
    precise: bool = False,
    engine: str = "torch",
) -> Model:
    """Load the model of a run; `model(volume)` synthesizes its target modality.

    Args:
        run: Folder of a trained run, or its synthesizer folder.
        settings: Settings of the method to override, as "method.key=value", if training did not
            fix them.
        window: Size of the prediction windows in voxels; the whole volume, or what fits in
            memory, if None.
        device: "cpu" or "cuda"; the GPU if there is one, if None.
        precise: Compute in float32 even where bfloat16 is faster.
        engine: "torch", "openvino", or an .xml file that `export` wrote for this model.
    """
    from crossvox.model import load_model

    return load_model(
        path_of(run, name="run"),
        settings=settings,
        window=window,
        device=device,
        precise=precise,
        engine=engine,
    )


def predict(
    model: AnyPath | Model,
    sources: AnyPath,
    out: AnyPath,
    *,
    settings: Sequence[str] = (),
    window: Sizes | None = None,
    device: str | None = None,
    precise: bool = False,
    engine: str = "torch",
    overwrite: bool = False,
    overlap: Literal["stages", "nothing"] = "stages",
    shard: str | None = None,
    prefer: Literal["sform", "qform"] | None = None,
    max_voxels: int | None = None,
    volume: int | None = None,
    progress: Shown = None,
) -> Predicted:
    """Synthesize one volume, or every case of a cohort, each on its own grid, and write the files.

    If a case fails, `SomeCasesFailedError` is raised once the others are done; its `result` is
    their `Predicted`.

    Args:
        model: Folder of a trained run or synthesizer, or a `Model` from `load`.
        sources: Source volumes: a file, a folder of volumes, a BIDS folder, or a manifest.
        out: Output file for a single volume, otherwise a folder.
        settings: Settings of the method; see `load`. Ignored for a loaded `model`.
        window: Size of the prediction windows in voxels; see `load`.
        device: Device to run on; see `load`.
        precise: Whether to compute in float32 throughout; see `load`.
        engine: Inference engine; see `load`.
        overwrite: Synthesize all volumes again and replace any existing file.
        overlap: "stages" reads and writes volumes during inference; "nothing" processes one volume
            at a time, with less memory.
        shard: Part of the cohort to process, as "i/n" (the i-th of n parts).
        prefer: Affine to use where the sform and qform of a NIfTI file disagree.
        max_voxels: Largest number of voxels that a volume may have; set by free memory if None.
        volume: Index of the volume in a 4D file, counted from 0.
        progress: Receiver of progress; none is shown if None.
    """
    from crossvox.files import ReadOptions
    from crossvox.journey.predict import predict_files
    from crossvox.model import Model
    from crossvox.synthesis.predict import PredictOptions
    from crossvox.synthesis.shard import WHOLE, parse_shard
    from crossvox.synthesis.store import read_description, with_settings

    description = (
        model.description
        if isinstance(model, Model)
        else with_settings(read_description(path_of(model, name="model")), settings)
    )

    def loaded_model() -> Model:
        if isinstance(model, Model):
            return model
        return load(
            model,
            settings=settings,
            window=window,
            device=device,
            precise=precise,
            engine=engine,
        )

    return predict_files(
        description,
        loaded_model,
        path_of(sources, name="sources"),
        path_of(out, name="out"),
        options=PredictOptions(
            overwrite="always" if overwrite else "never",
            overlap=overlap,
            reading=ReadOptions(prefer=prefer, max_voxels=max_voxels, volume_index=volume),
        ),
        shard=WHOLE if shard is None else parse_shard(shard),
        progress=as_progress(progress),
    )


def export(
    model: AnyPath,
    out: AnyPath,
    *,
    to: Literal["onnx", "openvino"] | None = None,
    settings: Sequence[str] = (),
) -> Path:
    """Export a model to one ONNX or OpenVINO file that needs neither torch nor crossvox.

    Args:
        model: Folder of a trained run, or its synthesizer folder.
        out: Path of the file: .onnx, or .xml for OpenVINO (its weights go into a .bin beside it).
        to: File format; that of the file's ending if None.
        settings: Settings of the method to override, as "method.key=value", if training did not
            fix them.

    Returns:
        Path of the file.
    """
    from crossvox.engines import export_synthesizer, target_of

    path = path_of(out, name="out")
    trained = load(model, settings=settings, device="cpu", precise=True)
    export_synthesizer(trained.synthesizer, trained.description, path, to=to or target_of(path))
    return path
