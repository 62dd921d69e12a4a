"""crossvox predict."""

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
    import crossvox
    from crossvox.cli.shard import launched_shard

    with _printing_failed(), crossvox.Bars() as bars:
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
    _tell(predicted)


@contextmanager
def _printing_failed() -> Iterator[None]:
    """Print what became of the other cases where some failed."""
    from crossvox import Predicted, SomeCasesFailedError

    try:
        yield
    except SomeCasesFailedError as error:
        if isinstance(error.result, Predicted):
            _tell(error.result)
        raise


def _tell(predicted: "Predicted") -> None:
    for line in (*predicted.notes, *predicted.written):
        print(line)
    if predicted.skipped:
        print(f"{len(predicted.skipped)} there already (--overwrite makes them again)")
    for remark in predicted.remarks:
        print(remark)
