"""Signal equations compared with closed forms and a simulated spin."""

from dataclasses import replace
from math import cos, exp, log, radians, sin

import pytest

from crossvox.errors import SettingsError
from crossvox.phantoms.sequences import (
    Flair,
    Mprage,
    inversion_recovery,
    nulling_inversion_ms,
    sequence_of,
    spin_echo,
)
from crossvox.phantoms.tissues import AIR, CSF, GRAY_MATTER, LESION, TISSUES, WHITE_MATTER, Tissue

EXACT = 1e-12


def test_a_spin_echo_of_one_t1_and_one_t2_is_known() -> None:
    expected = WHITE_MATTER.proton_density * (1 - exp(-1)) * exp(-1)
    signal = spin_echo(WHITE_MATTER, repetition_ms=WHITE_MATTER.t1_ms, echo_ms=WHITE_MATTER.t2_ms)
    assert signal == pytest.approx(expected, abs=EXACT)


def test_inversion_recovery_with_endless_repetition_is_null_at_t1_times_log_two() -> None:
    signal = inversion_recovery(
        CSF, repetition_ms=1e9, inversion_ms=CSF.t1_ms * log(2), echo_ms=100.0
    )
    assert signal == pytest.approx(0, abs=EXACT)


@pytest.mark.parametrize("repetition_ms", [5000.0, 9000.0, 12000.0])
def test_the_nulling_time_nulls_the_full_equation(repetition_ms: float) -> None:
    inversion_ms = nulling_inversion_ms(CSF, repetition_ms=repetition_ms)
    signal = inversion_recovery(
        CSF, repetition_ms=repetition_ms, inversion_ms=inversion_ms, echo_ms=100.0
    )
    assert signal == pytest.approx(0, abs=EXACT)


def test_flair_nulls_fluid_also_where_its_t1_is_five_percent_off() -> None:
    fluid = replace(CSF, t1_ms=1.05 * CSF.t1_ms)
    # Residual CSF signal is visible due to its long T2; a quarter of white matter is still dark.
    assert abs(Flair().signal(CSF)) < 0.05 * Flair().signal(WHITE_MATTER)
    assert abs(Flair().signal(fluid)) < 0.25 * Flair().signal(WHITE_MATTER)


@pytest.mark.parametrize("tissue", [WHITE_MATTER, GRAY_MATTER, CSF], ids=lambda t: t.name)
def test_mprage_is_what_a_simulated_spin_sends_in_the_steady_state(tissue: Tissue) -> None:
    expected = _simulated_mprage(tissue, Mprage(), cycles=60)
    assert Mprage().signal(tissue) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("modality", "t1w", "brighter", "darker"),
    [
        ("FLAIR", "mprage", GRAY_MATTER, WHITE_MATTER),
        ("FLAIR", "mprage", LESION, GRAY_MATTER),
        ("T1w", "mprage", WHITE_MATTER, GRAY_MATTER),
        ("T1w", "mprage", WHITE_MATTER, LESION),
        ("T1w", "spin_echo", WHITE_MATTER, GRAY_MATTER),
        ("T1w", "spin_echo", WHITE_MATTER, LESION),
        ("T2w", "mprage", GRAY_MATTER, WHITE_MATTER),
        ("T2w", "mprage", CSF, GRAY_MATTER),
        ("PDw", "mprage", GRAY_MATTER, WHITE_MATTER),
    ],
)
def test_contrast_has_its_sign(modality: str, t1w: str, brighter: Tissue, darker: Tissue) -> None:
    sequence = sequence_of(modality, t1w=t1w)
    assert sequence.signal(brighter) > sequence.signal(darker)


@pytest.mark.parametrize("modality", ["FLAIR", "T1w", "T2w", "PDw"])
def test_no_tissue_sends_more_than_water_and_air_sends_nothing(modality: str) -> None:
    sequence = sequence_of(modality, t1w="mprage")
    assert sequence.signal(AIR) == 0
    assert all(abs(sequence.signal(tissue)) < 1 for tissue in TISSUES)


@pytest.mark.parametrize("modality", ["FLAIR", "T1w", "T2w", "PDw"])
def test_sidecars_give_times_in_seconds(modality: str) -> None:
    sidecar = sequence_of(modality, t1w="spin_echo").sidecar()
    assert 0 < float(str(sidecar["EchoTime"])) < 1


def test_a_modality_without_sequence_is_refused() -> None:
    with pytest.raises(SettingsError, match="'CT' is not an MR modality"):
        sequence_of("CT", t1w="mprage")


def test_another_way_to_make_t1w_is_refused() -> None:
    with pytest.raises(SettingsError, match="got 'flash'"):
        sequence_of("T1w", t1w="flash")


def _simulated_mprage(tissue: Tissue, sequence: Mprage, *, cycles: int) -> float:
    """Simulate the longitudinal magnetization excitation by excitation."""
    flip = radians(sequence.flip_degrees)
    half = sequence.echoes // 2
    train_ms = half * sequence.echo_spacing_ms
    longitudinal, seen = 1.0, 0.0

    def recover(magnetization: float, duration_ms: float) -> float:
        return 1 + (magnetization - 1) * exp(-duration_ms / tissue.t1_ms)

    for _cycle in range(cycles):
        longitudinal = recover(-longitudinal, sequence.inversion_ms - train_ms)
        for excitation in range(2 * half):
            if excitation == half:
                seen = longitudinal * sin(flip)
            longitudinal = recover(longitudinal * cos(flip), sequence.echo_spacing_ms)
        rest_ms = sequence.repetition_ms - sequence.inversion_ms - train_ms
        longitudinal = recover(longitudinal, rest_ms)
    return tissue.proton_density * seen * exp(-sequence.echo_ms / tissue.t2_ms)
