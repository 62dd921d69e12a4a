"""Synthesis in a process of its own, which loads nothing but what synthesis needs.

Its peak memory is measured, so neither this module nor what it imports may load more.
"""

import json
import sys
from pathlib import Path

from crossvox.errors import CrossvoxError
from crossvox.journey.predict import predict_files
from crossvox.model import load_model
from crossvox.synthesis.predict import PredictOptions
from crossvox.synthesis.store import read_description


def synthesize() -> None:
    """Synthesize the volumes described by JSON on standard input, one after the other.

    Raises:
        SystemExit: A volume could not be synthesized; standard error has the reason.
    """
    arguments = json.load(sys.stdin)
    model = Path(arguments["model"])
    try:
        predict_files(
            read_description(model),
            lambda: load_model(model, device=arguments["device"], precise=arguments["precise"]),
            Path(arguments["sources"]),
            Path(arguments["out"]),
            options=PredictOptions(overlap="nothing"),
        )
    except CrossvoxError as error:
        sys.exit(str(error))
