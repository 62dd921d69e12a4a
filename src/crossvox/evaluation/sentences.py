"""Sentences of an evaluation's report: what comes out, and what to know before believing it."""

from crossvox.evaluation.results import Evaluation
from crossvox.report.cautions import LISTED, on_images, on_tests, on_uncovered
from crossvox.report.formatting import counted, measured, unit_of
from crossvox.report.rows import inception_words, people_known, score_rows
from crossvox.report.text_table import TextTable
from crossvox.scoring.measures import LINEAR, MEASURE, MEASURES
from crossvox.scoring.results import SYNTHESIZED
from crossvox.scoring.summary import per_subject


def headline(evaluation: Evaluation) -> str:
    """One sentence on how the volumes fare against the strongest baseline."""
    summary, measure = evaluation.summary, MEASURE["ssim"]
    own = summary.intervals[SYNTHESIZED]["ssim"]
    start = (
        f"SSIM inside the mask is {measured(own.mean, measure)} on average over"
        f" {counted(summary.subjects, 'person', 'people')}"
    )
    others = {name: found["ssim"] for name, found in summary.intervals.items()}
    rivals = {name: others[name] for name in others if name != SYNTHESIZED}
    if not rivals:
        return f"{start}; no baseline could be computed, so nothing says whether that is good."
    name = max(rivals, key=lambda rival: rivals[rival].mean)
    ours = per_subject(evaluation.results, SYNTHESIZED, "ssim")
    theirs = per_subject(evaluation.results, name, "ssim")
    shared = ours.keys() & theirs.keys()
    won = sum(ours[subject] > theirs[subject] for subject in shared)
    return (
        f"{start}. The strongest baseline, the {name}, reaches"
        f" {measured(rivals[name].mean, measure)}; the synthesized volume is better for"
        f" {won} of {counted(len(shared), 'person', 'people')}."
    )


def cautions(evaluation: Evaluation) -> list[str]:
    """What a reader must know before believing the numbers."""
    results, found = evaluation.results, [*evaluation.notes]
    found += [f"Not scored: {failure.name}. {failure.reason}" for failure in evaluation.failures]
    if evaluation.unanswered:
        names = ", ".join(path.name for path in evaluation.unanswered[:LISTED])
        more = ", …" if len(evaluation.unanswered) > LISTED else ""
        count = counted(len(evaluation.unanswered), "reference", "references")
        found.append(f"{count} without a synthesized counterpart, not part of this: {names}{more}")
    moved = [result for result in results if result.facts.resampled]
    if moved:
        names = ", ".join(result.pair.name for result in moved[:LISTED])
        found.append(
            f"{counted(len(moved), 'case', 'cases')} had files on another grid than the"
            f" reference; they were resampled onto it before scoring: {names}"
        )
    found += on_uncovered(results, SYNTHESIZED)
    if all(result.pair.source is None for result in results):
        found.append("Without sources two of the three baselines are missing.")
    if len({result.facts.unit for result in results}) > 1:
        found.append(f"Units differ between cases: {unit_of(results)}; means of them are void.")
    return [*found, *on_images(evaluation.summary), *on_tests(evaluation.summary)]


def score_table(evaluation: Evaluation) -> TextTable:
    """Means and intervals of the measures that are compared, a column for each method."""
    summary, results = evaluation.summary, evaluation.results
    known = people_known(results)
    caution = f", {known} of them known to the model" if known else ""
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
        title=f"Mean over {people}{caution}, 95 % interval",
        columns=("measure", *methods),
        rows=(*rows, *((title, *cells) for title, cells in inception.rows)),
    )
