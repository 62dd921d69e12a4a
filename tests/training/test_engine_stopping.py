"""Runs that are asked to stop, or whose files are lost, and go on."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from crossvox.contract import Batch, Objective
from crossvox.errors import InterruptedRunError
from scalings import STOPPED, Pair, Train, table_of, weights_of


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5])
def test_the_rows_of_a_run_that_was_stopped_are_those_of_one_that_was_not(
    train: Train, tmp_path: Path, stop: int
) -> None:
    changes = ("report_every=5", "steps=10", "validate_every=100", "checkpoint_every=1")
    train("through", *changes)

    class Stopping(Pair):
        """Asks to stop in a step."""

        def objectives(self, batch: Batch) -> Iterator[Objective]:
            yield from super().objectives(batch)
            if len(self.noise) == stop:
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(InterruptedRunError, match=f"step {stop} of 10"):
        train("stopped", *changes, kind=Stopping)
    train("stopped", *changes)
    assert table_of(tmp_path / "stopped") == table_of(tmp_path / "through")


@pytest.mark.parametrize("stopped_in", [1, 2])
def test_a_validation_that_was_given_up_is_made_up_for(
    train: Train, tmp_path: Path, stopped_in: int
) -> None:
    scores = [0.5, 0.8]
    through, kept = train("through", "steps=4", scores=scores)
    before, after = scores[: stopped_in - 1], scores[stopped_in - 1 :]
    with pytest.raises(InterruptedRunError, match=f"step {2 * stopped_in} of 4"):
        train("stopped", "steps=4", scores=[*before, STOPPED])
    resumed, kept_after = train("stopped", "steps=4", scores=after)
    assert kept_after.steps == kept.steps[stopped_in - 1 :]
    assert table_of(tmp_path / "stopped") == table_of(tmp_path / "through")
    for one, other in zip(weights_of(resumed), weights_of(through), strict=True):
        assert torch.equal(one, other)
    _, again = train("stopped", "steps=4", scores=[])  # nothing is due any more
    assert again.steps == []


def test_a_run_whose_kept_weights_are_lost_keeps_its_present_ones(train: Train) -> None:
    train("run", "steps=4", scores=[0.9, 0.5])
    _, kept = train("run", "steps=6", scores=[0.5, 0.7], lost=True)
    assert kept.steps == [4, 6]
