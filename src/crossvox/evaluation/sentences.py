"""Sentences of an evaluation's report: the headline, the cautions and the score table."""

from crossvox.evaluation.results import Evaluation
from crossvox.report.cautions import MOST_LISTED, on_images, on_tests, on_uncovered
from crossvox.report.formatting import counted, measured, unit_of
from crossvox.report.rows import inception_words, people_known, score_rows
from crossvox.report.text_table import TextTable
from crossvox.scoring.measures import LINEAR, MEASURE, MEASURES
from crossvox.scoring.results import SYNTHESIZED
from crossvox.scoring.summary import per_subject


def headline(evaluation: Evaluation) -> str:
    """Compare the volumes with the strongest baseline, in a sentence or two."""
    summary, measure = evaluation.summary, MEASURE["ssim"]
    own = summary.intervals[SYNTHESIZED]["ssim"]
    start = (
        f"SSIM inside the mask is {measured(own.mean, measure)} on average over"
        f" {counted(summary.subjects, 'person', 'people')}"
    )
    baselines = {
        name: by_measure["ssim"]
        for name, by_measure in summary.intervals.items()
        if name != SYNTHESIZED
    }
    if not baselines:
        return f"{start}; no baseline could be computed for comparison."
    name = max(baselines, key=lambda baseline: baselines[baseline].mean)
    synthesized = per_subject(evaluation.results, SYNTHESIZED, "ssim")
    baseline = per_subject(evaluation.results, name, "ssim")
    shared = synthesized.keys() & baseline.keys()
    wins = sum(synthesized[subject] > baseline[subject] for subject in shared)
    return (
        f"{start}. The strongest baseline, the {name}, reaches"
        f" {measured(baselines[name].mean, measure)}; the synthesized volume is better for"
        f" {wins} of {counted(len(shared), 'person', 'people')}."
    )


def cautions(evaluation: Evaluation) -> list[str]:
    """Cautions that a reader needs before trusting the numbers."""
    results, sentences = evaluation.results, [*evaluation.notes]
    sentences += [
        f"{failure.name} was not scored: {failure.reason}." for failure in evaluation.failures
    ]
    if evaluation.unmatched:
        names = ", ".join(path.name for path in evaluation.unmatched[:MOST_LISTED])
        more = ", …" if len(evaluation.unmatched) > MOST_LISTED else ""
        count = counted(len(evaluation.unmatched), "reference has", "references have")
        sentences.append(f"{count} no synthesized volume and no score: {names}{more}.")
    moved = [result for result in results if result.facts.resampled]
    if moved:
        names = ", ".join(result.pair.name for result in moved[:MOST_LISTED])
        more = ", …" if len(moved) > MOST_LISTED else ""
        sentences.append(
            f"{counted(len(moved), 'case', 'cases')} had files on a different grid from the"
            f" reference; they were resampled onto it before scoring: {names}{more}."
        )
    sentences += on_uncovered(results, SYNTHESIZED)
    if all(result.pair.source is None for result in results):
        sentences.append("No case has a source, so two of the three baselines are missing.")
    if len({result.facts.unit for result in results}) > 1:
        sentences.append(
            f"Units differ between cases ({unit_of(results)}), so means over cases are meaningless."
        )
    return [*sentences, *on_images(evaluation.summary), *on_tests(evaluation.summary)]


def score_table(evaluation: Evaluation) -> TextTable:
    """Build the table of means and intervals of the main measures, one column per method."""
    summary, results = evaluation.summary, evaluation.results
    count = people_known(results)
    caution = f", {count} of them known to the model" if count else ""
    methods = list(summary.intervals)
    shown = {measure.title for measure in MEASURES if measure.compared or measure.name in LINEAR}
    rows = [
        (f"{row.title}\n{row.unit}", *(f"{cell.value}\n{cell.span}" for cell in row.cells))
        for row in score_rows(summary, unit=unit_of(results))
        if row.title in shown
    ]
    inception = inception_words(summary, methods, sha256=evaluation.inception_sha256)
    people = counted(summary.subjects, "person", "people")
    return TextTable(
        title=f"Mean over {people}{caution}, with 95 % confidence interval",
        columns=("measure", *methods),
        rows=(*rows, *((title, *cells) for title, cells in inception.rows)),
    )
