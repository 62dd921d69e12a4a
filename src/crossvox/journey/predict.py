"""From a model and files to files of synthesized volumes."""

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
    """Synthesize what lies below `sources`; see `crossvox.synthesis.predict.predict`.

    Args:
        description: Contents of the model's description; files are found by it alone.
        load: Loads the model, once it is known that there is something to do.
        sources: A volume, a folder of volumes, a BIDS folder or a manifest.
        out: A volume's name for a single one, else a folder.
        options: How a cohort is gone through.
        shard: Part of the cohort to do.
        progress: Told of each case.

    Raises:
        CohortError: Nothing there is a source, or all cases failed.
        SomeCasesFailedError: Some cases failed; its `result` is what became of the others.
    """
    found = find_sources(sources, description.preparation.source_modalities)
    cases = shard.of(found.cases)
    notes = [found.in_words()] if found.left_out else []
    if len(cases) < len(found.cases):
        part = f"part {shard.index + 1} of {shard.count}"
        notes.append(f"{part}: {len(cases)} of {len(found.cases)} cases")
    for note in notes:
        progress.say(note)
    model = load()
    predicted = predict(
        model.synthesizer, model.description, cases, out, options=options, progress=progress
    )
    predicted = replace(predicted, notes=tuple(notes))
    if predicted.failed:
        reasons = "; ".join(f"{name}: {why}" for name, why in predicted.failed.items())
        message = f"{len(predicted.failed)} of {len(cases)} failed: {reasons}"
        if len(predicted.failed) == len(cases):
            raise CohortError(message)
        raise SomeCasesFailedError(message, result=predicted)
    return predicted
