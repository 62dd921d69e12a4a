"""Admission of pairs to scoring: excludes people known to the model and synthetic references."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossvox.errors import CohortError
from crossvox.files import is_synthetic, read_sidecar
from crossvox.scoring.pairs import Failure, Pair

STATUS_KEY = "SubjectInModel"  # in the sidecar of a synthesized volume
KNOWN = {
    "train": "people that the model was trained on",
    "validation": "people that the model's weights were chosen on",
}
KNOWN_BY_NAME = {f"{status} by name": people for status, people in KNOWN.items()}
UNRECORDED = "unrecorded"  # status of a volume by crossvox whose sidecar records none
INCLUDE_OPTION, ALLOW_OPTION = "--include-trained", "--allow-synthetic"
MOST_NAMES = 20  # listed in a note


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Exceptions that admit cases with misleading scores.

    Attributes:
        include_trained: Whether to score people that the model was trained or its weights chosen
            on.
        allow_synthetic: Whether to score against references that are themselves synthesized.
    """

    include_trained: bool = False
    allow_synthetic: bool = False


STRICT = Admission()


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """Pairs to score, and notes on them for the report.

    Attributes:
        pairs: Admitted pairs, in their original order.
        left_out: Rejected pairs with the reason for each.
        notes: Sentences about the references and the rejected pairs, for the top of a report.
    """

    pairs: tuple[Pair, ...]
    left_out: tuple[Failure, ...]
    notes: tuple[str, ...]


def status_in_model(sidecar: Mapping[str, object]) -> str:
    """Status of the person in the model from the sidecar; empty if not synthesized by crossvox."""
    return str(sidecar.get(STATUS_KEY, UNRECORDED if "ModelSHA256" in sidecar else ""))


def admit(pairs: Sequence[Pair], admission: Admission) -> Admitted:
    """Select the pairs whose scores are valid for people that the model never saw.

    Args:
        pairs: Candidate pairs.
        admission: Exceptions to admit.

    Raises:
        CohortError: No pair is left, or references and synthesized volumes are swapped.
    """
    synthetic = {pair.name for pair in pairs if is_synthetic(pair.reference)}
    status = {pair.name: status_in_model(read_sidecar(pair.synthesized)) for pair in pairs}
    reasons: dict[str, str] = {}
    if not admission.include_trained:
        reasons = {name: _reason(KNOWN[known]) for name, known in status.items() if known in KNOWN}
    if not admission.allow_synthetic:
        _refuse_swapped(pairs, synthetic)
        reasons |= dict.fromkeys(synthetic, "its reference is itself synthesized")
    kept = tuple(pair for pair in pairs if pair.name not in reasons)
    notes = (*_on_references(synthetic, admission), *_on_left_out(reasons))
    if pairs and not kept:
        raise CohortError(f"no case is left to score. {' '.join(notes)}")
    left_out = (
        Failure(name=pair.name, reason=reasons[pair.name]) for pair in pairs if pair.name in reasons
    )
    return Admitted(pairs=kept, left_out=tuple(left_out), notes=notes)


def notes_on_scored(status: Mapping[str, str]) -> tuple[str, ...]:
    """Cautions about scored cases of people that the model knows or may know.

    Args:
        status: `status_in_model` of each scored case.
    """
    notes = []
    for known, people in KNOWN.items():
        names = _with_status(status, known)
        if names:
            notes.append(
                f"The scores include {_counted(names)} of {people}: {_listed(names)}."
                " Such scores say nothing about new people."
            )
    for known, people in KNOWN_BY_NAME.items():
        names = _with_status(status, known)
        if names:
            notes.append(
                f"Some cases have the names of {people}, but other scans: {_listed(names)}. If they"
                " are the same people, their scores say nothing about new people."
            )
    unrecorded = _with_status(status, UNRECORDED)
    if unrecorded:
        notes.append(
            f"The model behind {_counted(unrecorded)} does not record which people it was trained"
            f" on: {_listed(unrecorded)}. Make sure that it never saw these people."
        )
    return tuple(notes)


def _with_status(status: Mapping[str, str], known: str) -> set[str]:
    return {name for name, recorded in status.items() if recorded == known}


def _reason(people: str) -> str:
    return f"belongs to {people}"


def _refuse_swapped(pairs: Sequence[Pair], synthetic: set[str]) -> None:
    if len(synthetic) < len(pairs):
        return
    for pair in pairs:
        if not is_synthetic(pair.synthesized):
            raise CohortError(
                f"{pair.reference} is synthetic and {pair.synthesized} is not: the arguments are"
                " swapped; give the synthesized volumes first and the references second"
            )


def _on_references(synthetic: set[str], admission: Admission) -> list[str]:
    if not synthetic:
        return []
    if admission.allow_synthetic:
        return [
            f"The reference is another synthesized volume, not a scan, in {_counted(synthetic)}:"
            f" {_listed(synthetic)}."
        ]
    return [
        f"Left out: {_counted(synthetic)} with a reference that is itself synthesized:"
        f" {_listed(synthetic)}. Use {ALLOW_OPTION} to score them."
    ]


def _on_left_out(reasons: Mapping[str, str]) -> list[str]:
    notes = []
    for people in KNOWN.values():
        names = {name for name, reason in reasons.items() if reason == _reason(people)}
        if names:
            notes.append(
                f"Left out: {_counted(names)} of {people}: {_listed(names)}."
                f" Use {INCLUDE_OPTION} to score them."
            )
    return notes


def _counted(names: set[str]) -> str:
    return f"{len(names)} case" if len(names) == 1 else f"{len(names)} cases"


def _listed(names: set[str]) -> str:
    more = ", …" if len(names) > MOST_NAMES else ""
    return ", ".join(sorted(names)[:MOST_NAMES]) + more
