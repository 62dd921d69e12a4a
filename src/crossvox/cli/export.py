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
    import crossvox

    print(crossvox.export(model, out, to=to, settings=set_ or []))
