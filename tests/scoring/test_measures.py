"""Every measure says all that a report and the reference page need of it."""

from crossvox.scoring.measures import MEASURE, MEASURES


def test_names_and_titles_are_unique() -> None:
    assert len(MEASURE) == len({measure.title for measure in MEASURES}) == len(MEASURES)


def test_a_measure_is_described_without_its_function() -> None:
    for measure in MEASURES:
        said = measure.described()
        assert "function" not in said
        assert said["name"] == measure.name
        assert measure.definition
