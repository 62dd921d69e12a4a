"""Variants in turn."""

from functools import partial

import pytest

from crossvox.errors import SettingsError
from crossvox.measuring.process import TURN_WORKS, Measurement
from crossvox.measuring.rounds import Outcome, in_rounds, started
from crossvox.variants.ceilings import CEILINGS, convolution
from crossvox.variants.variant import Setting, Variant
from heard import RecordedProgress

BROKEN = Variant(
    name="broken", group="ours", load=partial(convolution, channels=-1), pages="returned"
)


@pytest.mark.slow
def test_each_variant_is_measured_each_round_and_a_broken_one_is_left_out(small: Setting) -> None:
    told = RecordedProgress()
    with started((CEILINGS[0], BROKEN), small, progress=told) as processes:
        outcomes = in_rounds(processes, rounds=3, progress=told)
        assert [one.alive for one in processes] == [True, False]
    assert [one.alive for one in processes] == [False, False]
    assert [[len(turn) for turn in one.turns] for one in outcomes] == [[TURN_WORKS] * 3, []]
    assert "negative dimension" in outcomes[1].failure
    assert told.counts == [("loading", n, 2) for n in (1, 2)] + [
        ("rounds", n, 3) for n in (1, 2, 3)
    ]


def test_an_outcome_is_the_median_round_and_the_height_of_memory() -> None:
    measurements = tuple(
        Measurement(seconds=seconds, page_faults=faults, peak_bytes=peak)
        for seconds, faults, peak in ((3.0, 30, 5), (1.0, 10, 6), (2.0, 20, 7))
    )
    outcome = Outcome(variant=CEILINGS[0], turns=(measurements[:1], measurements[1:]))
    assert (outcome.seconds, outcome.page_faults, outcome.peak_bytes) == (2.0, 20, 7)


def test_what_no_one_counts_is_none() -> None:
    uncounted = Measurement(seconds=1.0, page_faults=None, peak_bytes=None)
    outcome = Outcome(variant=CEILINGS[0], turns=((uncounted,),))
    assert (outcome.page_faults, outcome.peak_bytes) == (None, None)


def test_a_failed_variant_has_no_seconds() -> None:
    with pytest.raises(SettingsError, match="broken was not measured: no memory"):
        _ = Outcome(variant=BROKEN, failure="no memory").seconds
