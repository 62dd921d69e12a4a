"""The command `crossvox export`."""

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
    """Export a model to one ONNX or OpenVINO file that needs neither torch nor crossvox.

    Parameters
    ----------
    model
        Folder of a trained run, or its synthesizer folder.
    out
        Output file: .onnx, or .xml for OpenVINO (its weights go into a .bin beside it).
    to
        File format (default: that of the output file's ending).
    set_
        Setting of the method to override, as method.key=value, if training did not fix it. Can
        be repeated.
    """
    import crossvox

    print(crossvox.export(model, out, to=to, settings=set_ or []))
