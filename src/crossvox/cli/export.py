"""crossvox export."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


def export(
    model: Path,
    out: Path,
    /,
    *,
    to: Literal["onnx", "openvino"] | None = None,
    set_: Annotated[list[str] | None, Parameter(name="--set")] = None,
) -> None:
    """Write a model as one file for other engines, which need neither torch nor crossvox.

    Parameters
    ----------
    model
        Folder of a trained run, or its synthesizer folder.
    out
        A name that ends in .onnx, or in .xml for OpenVINO, which has a .bin beside it.
    to
        The kind of file; what the ending says unless given.
    set_
        method.key=value, over the model's settings; what training did not decide. May be
        repeated.
    """
    from crossvox.acceleration.compute import Compute
    from crossvox.export import export_synthesizer, target_of
    from crossvox.synthesis.store import load_synthesizer, read_description, with_settings

    description = with_settings(read_description(model), set_ or [])
    synthesizer = load_synthesizer(
        model, compute=Compute(device="cpu", bf16=False), settings=description.settings
    )
    export_synthesizer(synthesizer, description, out, to=to or target_of(out))
    print(out)
