"""Results of the cohort readers."""

from crossvox.cohort.layout import CohortLayout


def test_modalities_are_counted_over_the_cases() -> None:
    held = {"a": frozenset({"FLAIR", "T1w"}), "b": frozenset({"FLAIR"}), "c": frozenset[str]()}
    assert CohortLayout(cases=(), held=held).modalities == {"FLAIR": 2, "T1w": 1}
