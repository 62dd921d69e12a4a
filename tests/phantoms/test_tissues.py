"""Properties of the tissue table."""

import pytest

from crossvox.phantoms.tissues import AIR, BONE, TISSUES, Tissue


@pytest.mark.parametrize("tissue", TISSUES, ids=lambda tissue: tissue.name)
def test_every_tissue_is_possible_and_says_where_its_numbers_come_from(tissue: Tissue) -> None:
    assert tissue.t1_ms >= tissue.t2_ms > 0
    assert 0 <= tissue.proton_density <= 1
    assert -1000 <= tissue.hu <= 3000
    assert tissue.uptake >= 0
    assert tissue.source


def test_the_background_is_label_zero() -> None:
    assert TISSUES.index(AIR) == 0


def test_air_and_bone_have_their_hounsfield_units() -> None:
    assert AIR.hu == -1000
    assert BONE.hu > 300
