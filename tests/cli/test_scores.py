"""Scores on the terminal."""

import pytest

from crossvox.cli.scores import print_scores, printing_scores
from crossvox.errors import SomeCasesFailedError
from crossvox.evaluation import Evaluation


def test_notes_table_and_report_are_printed(
    evaluated: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    print_scores(evaluated)
    told = capsys.readouterr().out
    assert "Mean over 3 people, with 95 % confidence interval" in told
    assert "SSIM" in told
    assert told.splitlines()[-1] == str(evaluated.report)


def test_scores_of_the_others_are_printed_where_some_cases_failed(
    evaluated: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SomeCasesFailedError), printing_scores():
        raise SomeCasesFailedError("one failed", result=evaluated)
    assert str(evaluated.report) in capsys.readouterr().out
