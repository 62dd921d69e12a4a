"""Trained models: load one, synthesize files, write it for other engines."""

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
        settings: "method.key=value" over the model's settings, for what training did not decide.
        window: Voxels of prediction windows; the whole volume, or what memory holds, if None.
        device: "cpu" or "cuda"; the GPU where there is one, if None.
        precise: Compute in float32 even where bfloat16 is faster.
        engine: "torch", "openvino", or a file that `export` made of the model (.xml).
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
    """Synthesize files: a volume, or every source of a cohort, each on its own grid.

    A case that fails raises `SomeCasesFailedError` once the others are done; the error's `result`
    is theirs.

    Args:
        model: Folder of a trained run or synthesizer, or what `load` gave.
        sources: A volume, a folder of volumes, a BIDS folder, or a manifest.
        out: A volume's name for a single one, else a folder.
        settings: As for `load`.
        window: As for `load`.
        device: As for `load`.
        precise: As for `load`.
        engine: As for `load`.
        overwrite: Make again what is there, and replace whatever stands in its place.
        overlap: "stages" reads and writes while the network works; "nothing" takes one after the
            other, with less memory.
        shard: "i/n", the i-th of n parts of the cohort.
        prefer: Affine of a NIfTI file that counts where its two disagree.
        max_voxels: Size of the largest volume that is read.
        volume: Number of the volume of a 4D file, from 0.
        progress: Shown progress.
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

    def loaded() -> Model:
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
        loaded,
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
    """Write a model as one file for other engines, which need neither torch nor crossvox.

    Args:
        model: Folder of a trained run, or its synthesizer folder.
        out: A name that ends in .onnx, or in .xml for OpenVINO, which has a .bin beside it.
        to: Kind of file; that of the ending if None.
        settings: "method.key=value" over the model's settings, for what training did not decide.
    """
    from crossvox.engines import export_synthesizer, target_of

    path = path_of(out, name="out")
    loaded = load(model, settings=settings, device="cpu", precise=True)
    export_synthesizer(loaded.synthesizer, loaded.description, path, to=to or target_of(path))
    return path
