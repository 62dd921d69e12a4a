"""A trained method as one file for other engines."""

from crossvox.engines.export import (
    Target,
    by_openvino,
    cached_engine,
    export_synthesizer,
    target_of,
)

__all__ = ["Target", "by_openvino", "cached_engine", "export_synthesizer", "target_of"]
