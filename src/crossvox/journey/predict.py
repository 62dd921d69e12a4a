"""Synthesize volumes from files with a model, and write them to files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from crossvox.errors import CohortError, SomeCasesFailedError
from crossvox.model import Model
from crossvox.progress import QUIET, Progress
from crossvox.synthesis.predict import DEFAULTS, Predicted, PredictOptions, predict
from crossvox.synthesis.shard import WHOLE, Shard
from crossvox.synthesis.sources import find_sources
from crossvox.synthesis.store import Description


def predict_files(
    description: Description,
    load: Callable[[], Model],
    sources: Path,
    out: Path,
    *,
    options: PredictOptions = DEFAULTS,
    shard: Shard = WHOLE,
    progress: Progress = QUIET,
) -> Predicted:
    """Synthesize volumes for all sources below a path, by `crossvox.synthesis.predict.predict`.

    Args:
        description: Contents of the model's description, sufficient to find the sources.
        load: Function that loads the model, called only if there are sources.
        sources: Path of a volume, a folder of volumes, a BIDS folder or a manifest.
        out: Path of the output volume for a single source, else of a folder.
        options: Options of the prediction.
        shard: Part of the cohort to predict.
        progress: Receiver of the progress over cases.

    Raises:
        CohortError: There are no sources, or all cases failed.
        SomeCasesFailedError: Some cases failed; its `result` has the others.
    """
    selection = find_sources(sources, description.preparation.source_modalities)
    cases = shard.of(selection.cases)
    notes = [selection.in_words()] if selection.left_out else []
    if len(cases) < len(selection.cases):
        part = f"part {shard.index + 1} of {shard.count}"
        notes.append(f"{part}: {len(cases)} of {len(selection.cases)} cases")
    for note in notes:
        progress.say(note)
    model = load()
    predicted = predict(
        model.synthesizer, model.description, cases, out, options=options, progress=progress
    )
    predicted = replace(predicted, notes=tuple(notes))
    if predicted.failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in predicted.failed.items())
        message = f"{len(predicted.failed)} of {len(cases)} cases failed: {reasons}"
        if len(predicted.failed) == len(cases):
            raise CohortError(message)
        raise SomeCasesFailedError(message, result=predicted)
    return predicted
