"""Export of a trained method to one file for ONNX runtimes or OpenVINO."""

from crossvox.engines.export import (
    Target,
    by_openvino,
    cached_engine,
    export_synthesizer,
    target_of,
)

__all__ = ["Target", "by_openvino", "cached_engine", "export_synthesizer", "target_of"]
