"""What each tissue sends to each scanner: signal equations and the protocols that use them."""

from dataclasses import dataclass
from math import cos, exp, log, radians, sin
from typing import Protocol

from crossvox.errors import SettingsError
from crossvox.phantoms.tissues import CSF, Tissue

T1W_SEQUENCES = ("mprage", "spin_echo")


def spin_echo(tissue: Tissue, *, repetition_ms: float, echo_ms: float) -> float:
    """Signal of a spin echo with 90 degree excitation.

    Returns:
        Share of the magnetization of pure water.

    Source:
        Bernstein 2004, Handbook of MRI Pulse Sequences, section 14.3; echo << repetition
    """
    recovered = 1 - exp(-repetition_ms / tissue.t1_ms)
    return tissue.proton_density * recovered * exp(-echo_ms / tissue.t2_ms)


def inversion_recovery(
    tissue: Tissue, *, repetition_ms: float, inversion_ms: float, echo_ms: float
) -> float:
    """Signal of a spin echo prepared by an inversion; negative before its null.

    Source:
        Hajnal 1992, J Comput Assist Tomogr 16:841; echo << repetition
    """
    recovered = 1 - 2 * exp(-inversion_ms / tissue.t1_ms) + exp(-repetition_ms / tissue.t1_ms)
    return tissue.proton_density * recovered * exp(-echo_ms / tissue.t2_ms)


def nulling_inversion_ms(tissue: Tissue, *, repetition_ms: float) -> float:
    """Inversion time at which `inversion_recovery` of `tissue` vanishes."""
    return tissue.t1_ms * log(2 / (1 + exp(-repetition_ms / tissue.t1_ms)))


@dataclass(frozen=True, kw_only=True)
class Mprage:
    """Three-dimensional gradient echoes prepared by an inversion.

    Attributes:
        repetition_ms: From inversion to inversion.
        inversion_ms: From inversion to the center of the train of echoes.
        echo_spacing_ms: From excitation to excitation.
        echoes: Excitations in a train.
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

        Each stage (recovery, half a train) takes m to offset + factor * m; a whole cycle is such a
        map too, and its fixed point is the steady state.

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
        # From before the inversion (m) to the middle, then to the end and to the next inversion.
        to_middle = (limit * (1 - decay) + (1 - before) * decay, -before * decay)
        to_end = (limit * (1 - decay) + to_middle[0] * decay, to_middle[1] * decay)
        cycle = (1 - after + to_end[0] * after, to_end[1] * after)
        steady = cycle[0] / (1 - cycle[1])
        return to_middle[0] + to_middle[1] * steady


@dataclass(frozen=True, kw_only=True)
class SpinEcho:
    """Two-dimensional spin echo."""

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
    """Two-dimensional spin echo prepared by an inversion that nulls cerebrospinal fluid."""

    repetition_ms: float = 9000.0
    echo_ms: float = 95.0

    @property
    def inversion_ms(self) -> float:
        """Set from the tabulated fluid, not the person's own: a small rest remains."""
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
    """How a magnetic resonance scanner is played."""

    def signal(self, tissue: Tissue) -> float:
        """Signal of `tissue`, a share of the magnetization of pure water."""
        ...

    def sidecar(self) -> dict[str, object]:
        """Parameters in BIDS names and units."""
        ...


def sequence_of(modality: str, *, t1w: str) -> Sequence:
    """The sequence that images `modality`.

    Args:
        modality: "FLAIR", "T1w", "T2w" or "PDw".
        t1w: "mprage" or "spin_echo", how T1w is made.

    Raises:
        SettingsError: Another modality or another way to make T1w.
    """
    if t1w not in T1W_SEQUENCES:
        raise SettingsError(f"T1w is made by {' or '.join(T1W_SEQUENCES)}, got {t1w!r}")
    sequences: dict[str, Sequence] = {
        "FLAIR": Flair(),
        "T1w": Mprage() if t1w == "mprage" else SpinEcho(repetition_ms=600.0, echo_ms=10.0),
        "T2w": SpinEcho(repetition_ms=5000.0, echo_ms=100.0),
        "PDw": SpinEcho(repetition_ms=3000.0, echo_ms=15.0),
    }
    if modality not in sequences:
        raise SettingsError(
            f"{modality!r} is no MR modality of the phantom: {', '.join(sequences)}"
        )
    return sequences[modality]
