"""crossvox predict."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from crossvox.cohort import Case
    from crossvox.synthesis.predict import Predicted


def predict(
    model: Path,
    in_: Annotated[Path, Parameter(name="IN")],
    out: Path,
    /,
    *,
    overwrite: bool = False,
    set_: Annotated[list[str] | None, Parameter(name="--set")] = None,
    window: tuple[int, int, int] | None = None,
    device: str | None = None,
    precise: bool = False,
    engine: str = "torch",
    overlap: Literal["stages", "nothing"] = "stages",
    shard: str | None = None,
    prefer: Literal["sform", "qform"] | None = None,
    max_voxels: int | None = None,
    volume: int | None = None,
) -> None:
    """Synthesize the target modality of volumes, on their own grids.

    Parameters
    ----------
    model
        Folder of a trained run, or its synthesizer folder.
    in_
        A volume, a folder of volumes, a BIDS folder, or a CSV or JSON manifest.
    out
        A volume's name for a single one, else a folder; BIDS in gives BIDS derivatives out.
    overwrite
        Make again what is there, and replace whatever stands in its place. Without it volumes
        are made again only where their source has changed; others of this model are kept, and
        anything else in their place is refused.
    set_
        method.key=value, over the model's settings; what training did not decide, such as the
        sampling steps of a diffusion. May be repeated.
    window
        Voxels of prediction windows; the whole volume, or what memory holds, unless given.
    device
        cpu or cuda; the GPU where there is one.
    precise
        float32 everywhere, also where bfloat16 is faster.
    engine
        torch, or openvino, which the model is exported for once; or a file that crossvox export
        made of it (.xml).
    overlap
        stages reads the next volume and writes the last one while one is synthesized; nothing
        takes one after the other, with less memory and undisturbed seconds.
    shard
        i/n: this process does the i-th of n parts of the cohort. Under srun, a SLURM array or
        torchrun each process finds its own part by itself.
    prefer
        Which of a NIfTI file's two disagreeing affines counts.
    max_voxels
        Largest volume that is read.
    volume
        Which volume of a 4D file, from 0.
    """
    from crossvox.acceleration.compute import compute_at_hand
    from crossvox.cli.screen import Screen
    from crossvox.cli.shard import shard_of
    from crossvox.export import by_openvino
    from crossvox.files import ReadOptions
    from crossvox.synthesis.predict import PredictOptions
    from crossvox.synthesis.predict import predict as predict_cases
    from crossvox.synthesis.sources import find_sources
    from crossvox.synthesis.store import load_synthesizer, read_description, with_settings

    description = with_settings(read_description(model), set_ or [])
    sources = find_sources(in_, description.preparation.source_modalities)
    part = shard_of(shard)
    cases = part.of(sources.cases)
    if sources.left_out:
        print(sources.in_words())
    if len(cases) < len(sources.cases):
        print(f"part {part.index + 1} of {part.count}: {len(cases)} of {len(sources.cases)} cases")
    compute = compute_at_hand(device=device, precise=precise)
    settings = description.settings if set_ else None
    synthesizer = load_synthesizer(model, compute=compute, window=window, settings=settings)
    if engine != "torch":
        synthesizer = by_openvino(synthesizer, description, model, engine=engine)
    options = PredictOptions(
        overwrite="always" if overwrite else "never",
        overlap=overlap,
        reading=ReadOptions(prefer=prefer, max_voxels=max_voxels, volume_index=volume),
    )
    with Screen() as screen:
        predicted = predict_cases(
            synthesizer,
            description,
            cases,
            out,
            options=options,
            progress=screen,
        )
    _tell(predicted, cases)


def _tell(predicted: "Predicted", cases: "Sequence[Case]") -> None:
    from crossvox.errors import CohortError, SomeCasesFailedError

    for path in predicted.written:
        print(path)
    if predicted.skipped:
        print(f"{len(predicted.skipped)} there already (--overwrite makes them again)")
    for remark in predicted.remarks:
        print(remark)
    if predicted.failed:
        reasons = "; ".join(f"{name}: {why}" for name, why in predicted.failed.items())
        failure = CohortError if len(predicted.failed) == len(cases) else SomeCasesFailedError
        raise failure(f"{len(predicted.failed)} of {len(cases)} failed: {reasons}")
