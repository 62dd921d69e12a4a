"""What a reader must know of the machine."""

import re

import torch

from crossvox import __version__
from crossvox.measuring.facts import SHOWN_OPERATIONS, machine_facts, profiled
from crossvox.variants.ceilings import CEILINGS
from crossvox.variants.variant import Setting


def test_the_machine_is_told_with_all_that_makes_times_differ() -> None:
    facts = dict(machine_facts(lambda: None))
    assert f"torch {torch.__version__}" in facts["versions"]
    assert f"crossvox {__version__}" in facts["versions"]
    assert re.search(r"monai (not installed|\d)", facts["versions"])
    assert facts["threads of each process"] == str(torch.get_num_threads())
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", facts["date"])
    assert all(facts[name] for name in ("machine", "physical cores", "bfloat16", "C library"))


def test_a_profile_names_the_operation_that_takes_the_time(small: Setting) -> None:
    table = profiled(CEILINGS[0].load(small))
    assert "conv" in table
    assert "Self CPU" in table
    assert len(re.findall(r"^ +aten::", table, flags=re.MULTILINE)) <= SHOWN_OPERATIONS
