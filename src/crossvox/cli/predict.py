"""The command `crossvox predict`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from crossvox import Predicted


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
    """Synthesize the target modality from source volumes, each on its own grid.

    Running the same command again continues a cohort that was stopped. Exits with code 3 if some
    volumes fail; all others are written.

    Parameters
    ----------
    model
        Folder of a trained run, or its synthesizer folder.
    in_
        Source volumes: a file, a folder of volumes, a BIDS folder, or a CSV or JSON manifest.
    out
        Output file for a single volume, otherwise a folder; BIDS input gives BIDS derivatives.
    overwrite
        Synthesize all volumes again and replace any existing file. By default, a volume is
        synthesized again only if its source has changed, other volumes of this model are kept,
        and any other file in the way is an error.
    set_
        Setting of the method to override, as method.key=value, if training did not fix it, such
        as the sampling steps of a diffusion model. Can be repeated.
    window
        Size of the prediction windows in voxels (default: the whole volume, or what fits in
        memory).
    device
        Device to run on: cpu or cuda (default: the GPU if there is one).
    precise
        Compute in float32 throughout, even where bfloat16 is faster.
    engine
        Inference engine: torch, openvino (exports the model once), or an .xml file that crossvox
        export wrote for this model.
    overlap
        stages: read the next volume and write the previous one during inference. nothing:
        process one volume at a time, with less memory and undisturbed timings.
    shard
        Part of the cohort for this process, as i/n (the i-th of n parts). srun, SLURM arrays and
        torchrun set it automatically.
    prefer
        Affine to use where the sform and qform of a NIfTI file disagree.
    max_voxels
        Largest number of voxels that a volume may have (default: as many as fit in half of the
        free memory).
    volume
        Index of the volume to read from a 4D file, counted from 0.
    """
    import crossvox
    from crossvox.cli.shard import launched_shard

    with _printing_partial_result(), crossvox.Bars() as bars:
        predicted = crossvox.predict(
            model,
            in_,
            out,
            settings=set_ or [],
            window=window,
            device=device,
            precise=precise,
            engine=engine,
            overwrite=overwrite,
            overlap=overlap,
            shard=shard or launched_shard(),
            prefer=prefer,
            max_voxels=max_voxels,
            volume=volume,
            progress=bars,
        )
    _print_result(predicted)


@contextmanager
def _printing_partial_result() -> Iterator[None]:
    """Print the results of the other cases if some fail."""
    from crossvox import Predicted, SomeCasesFailedError

    try:
        yield
    except SomeCasesFailedError as error:
        if isinstance(error.result, Predicted):
            _print_result(error.result)
        raise


def _print_result(predicted: "Predicted") -> None:
    for line in (*predicted.notes, *predicted.written):
        print(line)
    if predicted.skipped:
        print(f"{len(predicted.skipped)} already there (--overwrite synthesizes them again)")
    for remark in predicted.remarks:
        print(remark)
