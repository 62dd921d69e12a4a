"""Score synthesized volumes against their references; write tables and a report."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from crossvox.errors import CohortError, CrossvoxError, SomeCasesFailedError
from crossvox.evaluation.pictures import WorstPictures
from crossvox.evaluation.report import write_report
from crossvox.evaluation.results import Evaluation, EvaluationSettings
from crossvox.evaluation.sentences import score_table
from crossvox.evaluation.tables import write_tables
from crossvox.progress import QUIET, Progress
from crossvox.report.rows import perfect_sentence
from crossvox.scoring.admission import admit, notes_on_scored, status_in_model
from crossvox.scoring.baselines import baselines_of, read_mean_target, uncovered_of
from crossvox.scoring.case_scores import score_volumes
from crossvox.scoring.inception_features import InceptionFeatures, load_inception
from crossvox.scoring.loading import LoadedPair, load_pair
from crossvox.scoring.pairs import Failure, Pair, Pairing, write_pairs
from crossvox.scoring.perfect_network import perfect_scores
from crossvox.scoring.results import SYNTHESIZED, CaseResult
from crossvox.scoring.scores import score_regions
from crossvox.scoring.summary import summarize
from crossvox.volume import Volume

DEFAULTS = EvaluationSettings()


def evaluate(
    pairing: Pairing,
    out: Path,
    *,
    settings: EvaluationSettings = DEFAULTS,
    progress: Progress = QUIET,
) -> Evaluation:
    """Score every pair; write the tables, pairs.csv, comparison.json and report.html.

    Args:
        pairing: Result of `find_pairs`.
        out: Path of the output folder, created if missing.
        settings: Settings of the evaluation, shown in the report.
        progress: Receiver of the progress over cases.

    Raises:
        SomeCasesFailedError: Some cases could not be scored; all files are written for the rest.
        CohortError: No case could or may be scored, or references and synthesized volumes are
            swapped; nothing is written.
        FileError: The mean training target cannot be read, or the output folder cannot be written.
        ModelError: The weights of Inception-v3 are missing or wrong.
    """
    admitted = admit(pairing.pairs, settings.admission)
    mean_target = read_mean_target(settings.mean_target)
    inception = None if settings.inception is None else load_inception(settings.inception)
    results: list[CaseResult] = []
    worst = WorstPictures(settings.strips)
    failures = list(pairing.failures)
    for count, pair in enumerate(sorted(admitted.pairs, key=lambda pair: pair.name), start=1):
        try:
            loaded = load_pair(pair, data_range=settings.data_range)
            result = score_loaded(
                loaded, settings=settings, mean_target=mean_target, inception=inception
            )
            worst.offer(result, loaded)
            results.append(result)
        except CrossvoxError as error:
            failures.append(Failure(name=pair.name, reason=str(error)))
        progress.stage("evaluating", count, len(admitted.pairs))
    if not results:
        raise CohortError(f"no case could be scored; the first failed with: {failures[0].reason}")
    evaluation = Evaluation(
        results=tuple(results),
        failures=tuple(failures),
        unmatched=pairing.unmatched,
        summary=summarize(results, seed=settings.seed),
        report=out / "report.html",
        inception_sha256="" if inception is None else inception.sha256,
        left_out=admitted.left_out,
        notes=(*admitted.notes, *_on_scored(results), *pairing.notes),
        pictures=worst.pictures,
    )
    evaluation = replace(
        evaluation, table=score_table(evaluation), perfect=perfect_sentence(evaluation.summary)
    )
    write_tables(evaluation, out, settings=settings)
    write_pairs([result.pair for result in results], out)
    write_report(evaluation, settings=settings)
    if failures:
        raise SomeCasesFailedError(_failed(evaluation), result=evaluation)
    return evaluation


def score_pair(
    pair: Pair,
    *,
    settings: EvaluationSettings = DEFAULTS,
    mean_target: Volume | None = None,
    inception: InceptionFeatures | None = None,
) -> CaseResult:
    """Load and score one pair and the baselines that are available for it.

    Raises:
        FileError: A file is damaged.
        GridError: The mask is empty, the reference is constant inside it, or the synthesized
            volume covers none of it.
    """
    loaded = load_pair(pair, data_range=settings.data_range)
    return score_loaded(loaded, settings=settings, mean_target=mean_target, inception=inception)


def score_loaded(
    loaded: LoadedPair,
    *,
    settings: EvaluationSettings = DEFAULTS,
    mean_target: Volume | None = None,
    inception: InceptionFeatures | None = None,
) -> CaseResult:
    """Score a loaded pair and the baselines that are available for it."""
    volumes = {
        SYNTHESIZED: loaded.synthesized.voxels,
        **baselines_of(loaded, mean_target=mean_target),
    }
    result = score_volumes(loaded, volumes, window=settings.window, inception=inception)
    regions = score_regions(loaded.synthesized.voxels, loaded, window=settings.window)
    facts = replace(
        result.facts,
        uncovered={SYNTHESIZED: loaded.placed.uncovered_share(loaded.mask), **uncovered_of(loaded)},
        known={SYNTHESIZED: status_in_model(loaded.sidecar)},
        perfect={SYNTHESIZED: perfect_scores(loaded, loaded.sidecar, window=settings.window)},
    )
    return replace(result, regions=regions, facts=facts)


def _on_scored(results: Sequence[CaseResult]) -> tuple[str, ...]:
    return notes_on_scored({case.pair.name: case.facts.known[SYNTHESIZED] for case in results})


def _failed(evaluation: Evaluation) -> str:
    total = len(evaluation.results) + len(evaluation.failures)
    reasons = "; ".join(failure.reason for failure in evaluation.failures)
    return (
        f"{len(evaluation.failures)} of {total} cases could not be scored ({reasons});"
        f" the scores of the others are in {evaluation.report}"
    )
