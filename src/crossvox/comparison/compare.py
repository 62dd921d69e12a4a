"""Score several methods on the same cases, test their differences and write the results."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crossvox.comparison.contest import (
    Comparison,
    ComparisonSettings,
    Contest,
    Contestant,
    Costs,
    chosen_opponent,
    match_cases,
)
from crossvox.comparison.files import FILES, write_files
from crossvox.comparison.page import FIGURES, PAGE, write_page
from crossvox.comparison.sentences import cautions_of, perfect_sentences
from crossvox.errors import CohortError, CrossvoxError, SettingsError, SomeCasesFailedError
from crossvox.progress import QUIET, Progress
from crossvox.scoring.admission import status_in_model
from crossvox.scoring.baselines import (
    BASELINES,
    baselines_of,
    read_mean_target,
    uncovered_of,
)
from crossvox.scoring.case_scores import score_volumes
from crossvox.scoring.inception_features import InceptionFeatures, load_inception
from crossvox.scoring.loading import LoadedCase, load_case
from crossvox.scoring.measures import MEASURE
from crossvox.scoring.pairs import Failure, Pair
from crossvox.scoring.perfect_network import perfect_scores
from crossvox.scoring.results import CaseFacts, CaseResult
from crossvox.scoring.summary import difference_between, summarize
from crossvox.volume import Volume

__all__ = ["Comparison", "ComparisonSettings", "Contestant", "Costs", "compare"]

DEFAULTS = ComparisonSettings()
JITTER_MEASURE = "slice_mean_std"


def compare(
    contestants: Sequence[Contestant],
    out: Path,
    *,
    settings: ComparisonSettings = DEFAULTS,
    progress: Progress = QUIET,
) -> Comparison:
    """Score every contestant on the cases that all share; write tables, figure and page.

    The grid of a case is that of its reference; volumes on another grid are resampled to it, and
    the page reports this.

    Args:
        contestants: Contestants in the order of the table; the scores of the first determine the
            cases of the figure.
        out: Path of the output folder, created if missing.
        settings: Settings of the comparison, shown on the page.
        progress: Receiver of the progress over cases.

    Raises:
        SettingsError: Names are not unique, or `against` is not among them or not available.
        CohortError: The contestants share no case, references differ, or no case could be scored;
            nothing is written.
        SomeCasesFailedError: Some cases could not be scored; all files are written for the rest.
        FileError: The mean training target cannot be read, or the output folder cannot be written.
        ModelError: The weights of Inception-v3 are missing or wrong.
    """
    against = chosen_opponent(contestants, settings.against)
    contest = match_cases(contestants)
    scorer = _Scorer(
        names=tuple(contestant.name for contestant in contestants),
        settings=settings,
        mean_target=read_mean_target(settings.mean_target),
        inception=None if settings.inception is None else load_inception(settings.inception),
    )
    results, failures = _scored(contest, scorer, progress)
    if not any(against in result.scores for result in results):
        raise SettingsError(
            f"the baseline {against} is not available here; give its sources or a mean target, or"
            " compare with another name"
        )
    contrasts = [(name, against) for name in scorer.names if name != against]
    comparison = Comparison(
        contestants=tuple(contestants),
        against=against,
        results=results,
        left_out=contest.left_out,
        failures=failures,
        summary=summarize(
            results, seed=settings.seed, methods=(*scorer.names, *BASELINES), contrasts=contrasts
        ),
        jitter=tuple(
            difference_between(results, contrast, MEASURE[JITTER_MEASURE], seed=settings.seed)
            for contrast in contrasts
        ),
        inception_sha256="" if scorer.inception is None else scorer.inception.sha256,
        page=out / PAGE,
        files=tuple(out / name for name in (*FILES, *FIGURES[: 2 * settings.shown], PAGE)),
    )
    comparison = replace(
        comparison, notes=(*cautions_of(comparison), *perfect_sentences(comparison))
    )
    write_files(comparison, out, settings=settings)
    write_page(comparison, out, settings=settings)
    if failures:
        raise SomeCasesFailedError(_failed(comparison), result=comparison)
    return comparison


@dataclass(frozen=True, kw_only=True)
class _Scorer:
    """Settings and volumes for scoring every case."""

    names: tuple[str, ...]
    settings: ComparisonSettings
    mean_target: Volume | None
    inception: InceptionFeatures | None

    def score(self, pairs: Sequence[Pair]) -> CaseResult:
        """Score one case for all contestants and the available baselines."""
        loaded_case = load_case(pairs, data_range=self.settings.data_range)
        loaded = loaded_case.loaded
        volumes = dict(zip(self.names, loaded_case.volumes, strict=True))
        volumes |= baselines_of(loaded, mean_target=self.mean_target)
        result = score_volumes(
            loaded, volumes, window=self.settings.window, inception=self.inception
        )
        return replace(result, facts=self._facts(loaded_case, result.facts))

    def _facts(self, loaded_case: LoadedCase, facts: CaseFacts) -> CaseFacts:
        """Add the facts that differ between contestants."""
        loaded = loaded_case.loaded
        placed = dict(zip(self.names, loaded_case.placed, strict=True))
        moved = [name for name, volume in placed.items() if volume.moved]
        uncovered = {name: volume.uncovered_share(loaded.mask) for name, volume in placed.items()}
        return replace(
            facts,
            resampled=(*loaded.partners_moved, *moved),
            uncovered={**uncovered, **uncovered_of(loaded)},
            known={
                name: status_in_model(sidecar)
                for name, sidecar in zip(self.names, loaded_case.sidecars, strict=True)
            },
            perfect={
                name: perfect_scores(loaded, sidecar, window=self.settings.window)
                for name, sidecar in zip(self.names, loaded_case.sidecars, strict=True)
            },
        )


def _scored(
    contest: Contest, scorer: _Scorer, progress: Progress
) -> tuple[tuple[CaseResult, ...], tuple[Failure, ...]]:
    results: list[CaseResult] = []
    failures: list[Failure] = []
    for count, pairs in enumerate(contest.cases, start=1):
        try:
            results.append(scorer.score(pairs))
        except CrossvoxError as error:
            failures.append(Failure(name=pairs[0].name, reason=str(error)))
        progress.stage("comparing", count, len(contest.cases))
    if not results:
        raise CohortError(f"no case could be scored; the first failed with: {failures[0].reason}")
    return tuple(results), tuple(failures)


def _failed(comparison: Comparison) -> str:
    total = len(comparison.results) + len(comparison.failures)
    reasons = "; ".join(failure.reason for failure in comparison.failures)
    return (
        f"{len(comparison.failures)} of {total} cases could not be scored ({reasons});"
        f" the scores of the others are in {comparison.page}"
    )
