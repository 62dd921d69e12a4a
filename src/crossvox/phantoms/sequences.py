"""Signal equations of MR sequences, and the protocols that use them."""

from dataclasses import dataclass
from math import cos, exp, log, radians, sin
from typing import Protocol

from crossvox.errors import SettingsError
from crossvox.phantoms.tissues import CSF, Tissue

T1W_SEQUENCES = ("mprage", "spin_echo")


def spin_echo(tissue: Tissue, *, repetition_ms: float, echo_ms: float) -> float:
    """Signal of a spin echo with 90 degree excitation.

    Returns:
        Signal relative to the magnetization of pure water.

    Source:
        Bernstein 2004, Handbook of MRI Pulse Sequences, section 14.3; echo << repetition
    """
    recovered = 1 - exp(-repetition_ms / tissue.t1_ms)
    return tissue.proton_density * recovered * exp(-echo_ms / tissue.t2_ms)


def inversion_recovery(
    tissue: Tissue, *, repetition_ms: float, inversion_ms: float, echo_ms: float
) -> float:
    """Signal of an inversion-prepared spin echo; negative for inversion times before its null.

    Source:
        Hajnal 1992, J Comput Assist Tomogr 16:841; echo << repetition
    """
    recovered = 1 - 2 * exp(-inversion_ms / tissue.t1_ms) + exp(-repetition_ms / tissue.t1_ms)
    return tissue.proton_density * recovered * exp(-echo_ms / tissue.t2_ms)


def nulling_inversion_ms(tissue: Tissue, *, repetition_ms: float) -> float:
    """Inversion time in ms at which `inversion_recovery` of `tissue` vanishes."""
    return tissue.t1_ms * log(2 / (1 + exp(-repetition_ms / tissue.t1_ms)))


@dataclass(frozen=True, kw_only=True)
class Mprage:
    """Inversion-prepared 3D gradient-echo sequence (MPRAGE).

    Attributes:
        repetition_ms: Time between inversions in ms.
        inversion_ms: Time from inversion to the center of the echo train in ms.
        echo_ms: Echo time in ms.
        echo_spacing_ms: Time between excitations in ms.
        echoes: Number of excitations in an echo train.
        flip_degrees: Flip angle of each excitation.
    """

    repetition_ms: float = 2300.0
    inversion_ms: float = 900.0
    echo_ms: float = 3.0
    echo_spacing_ms: float = 7.0
    echoes: int = 160
    flip_degrees: float = 9.0

    def signal(self, tissue: Tissue) -> float:
        """Steady-state signal of `tissue` at the center of k-space."""
        center = self._center_magnetization(tissue.t1_ms)
        transverse = sin(radians(self.flip_degrees)) * exp(-self.echo_ms / tissue.t2_ms)
        return tissue.proton_density * center * transverse

    def sidecar(self) -> dict[str, object]:
        """Parameters in BIDS names and units."""
        return {
            "MRAcquisitionType": "3D",
            "SequenceName": "MPRAGE",
            "RepetitionTimePreparation": self.repetition_ms / 1000,
            "RepetitionTimeExcitation": self.echo_spacing_ms / 1000,
            "InversionTime": self.inversion_ms / 1000,
            "EchoTime": self.echo_ms / 1000,
            "FlipAngle": self.flip_degrees,
        }

    def _center_magnetization(self, t1_ms: float) -> float:
        """Longitudinal magnetization before the train's middle excitation, in the steady state.

        Each stage (recovery, half a train) maps m to offset + factor * m. So does the whole cycle,
        whose fixed point is the steady state.

        Source:
            Wang 2014, doi:10.1371/journal.pone.0096899: the same stages, solved in closed form
        """
        half = self.echoes // 2
        train_ms = half * self.echo_spacing_ms
        before = exp(-(self.inversion_ms - train_ms) / t1_ms)
        after = exp(-(self.repetition_ms - self.inversion_ms - train_ms) / t1_ms)
        step = exp(-self.echo_spacing_ms / t1_ms)
        decay = (cos(radians(self.flip_degrees)) * step) ** half
        limit = (1 - step) / (1 - cos(radians(self.flip_degrees)) * step)
        # Maps from before the inversion to the train's middle, its end, and the next inversion.
        to_middle = (limit * (1 - decay) + (1 - before) * decay, -before * decay)
        to_end = (limit * (1 - decay) + to_middle[0] * decay, to_middle[1] * decay)
        cycle = (1 - after + to_end[0] * after, to_end[1] * after)
        steady = cycle[0] / (1 - cycle[1])
        return to_middle[0] + to_middle[1] * steady


@dataclass(frozen=True, kw_only=True)
class SpinEcho:
    """2D spin-echo sequence."""

    repetition_ms: float
    echo_ms: float

    def signal(self, tissue: Tissue) -> float:
        """Signal of `tissue`."""
        return spin_echo(tissue, repetition_ms=self.repetition_ms, echo_ms=self.echo_ms)

    def sidecar(self) -> dict[str, object]:
        """Parameters in BIDS names and units."""
        return {
            "MRAcquisitionType": "2D",
            "SequenceName": "spin echo",
            "RepetitionTimeExcitation": self.repetition_ms / 1000,
            "EchoTime": self.echo_ms / 1000,
            "FlipAngle": 90,
        }


@dataclass(frozen=True, kw_only=True)
class Flair:
    """2D spin-echo sequence with an inversion that nulls cerebrospinal fluid."""

    repetition_ms: float = 9000.0
    echo_ms: float = 95.0

    @property
    def inversion_ms(self) -> float:
        """Inversion time in ms that nulls the tabulated CSF; a person's CSF keeps some signal."""
        return nulling_inversion_ms(CSF, repetition_ms=self.repetition_ms)

    def signal(self, tissue: Tissue) -> float:
        """Signal of `tissue`, with its sign."""
        return inversion_recovery(
            tissue,
            repetition_ms=self.repetition_ms,
            inversion_ms=self.inversion_ms,
            echo_ms=self.echo_ms,
        )

    def sidecar(self) -> dict[str, object]:
        """Parameters in BIDS names and units."""
        return {
            "MRAcquisitionType": "2D",
            "SequenceName": "FLAIR",
            "RepetitionTimeExcitation": self.repetition_ms / 1000,
            "InversionTime": self.inversion_ms / 1000,
            "EchoTime": self.echo_ms / 1000,
            "FlipAngle": 90,
        }


class Sequence(Protocol):
    """MR sequence with its signal and its parameters."""

    def signal(self, tissue: Tissue) -> float:
        """Signal of `tissue` relative to the magnetization of pure water."""
        ...

    def sidecar(self) -> dict[str, object]:
        """Parameters in BIDS names and units."""
        ...


def sequence_of(modality: str, *, t1w: str) -> Sequence:
    """Look up the sequence that images `modality`.

    Args:
        modality: "FLAIR", "T1w", "T2w" or "PDw".
        t1w: Sequence of T1w, "mprage" or "spin_echo".

    Raises:
        SettingsError: The modality or the sequence of T1w is unknown.
    """
    if t1w not in T1W_SEQUENCES:
        raise SettingsError(f"t1w must be {' or '.join(T1W_SEQUENCES)}, got {t1w!r}")
    sequences: dict[str, Sequence] = {
        "FLAIR": Flair(),
        "T1w": Mprage() if t1w == "mprage" else SpinEcho(repetition_ms=600.0, echo_ms=10.0),
        "T2w": SpinEcho(repetition_ms=5000.0, echo_ms=100.0),
        "PDw": SpinEcho(repetition_ms=3000.0, echo_ms=15.0),
    }
    if modality not in sequences:
        raise SettingsError(
            f"{modality!r} is not an MR modality of the phantom; use {', '.join(sequences)}"
        )
    return sequences[modality]
