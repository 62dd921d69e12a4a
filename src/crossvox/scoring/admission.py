"""Which pairs may be scored: nobody the model knows, no reference that was synthesized."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossvox.errors import CohortError
from crossvox.files import is_synthetic, read_sidecar
from crossvox.scoring.pairs import Failure, Pair

TOLD_BY = "SubjectInModel"  # in the sidecar of a synthesized volume
KNOWN = {
    "train": "people that the model was trained on",
    "validation": "people that chose the model's weights",
}
BY_NAME = {f"{known} by name": words for known, words in KNOWN.items()}
UNTOLD = "untold"  # a volume of ours that does not say
INCLUDE, ALLOW = "--include-trained", "--allow-synthetic"
LISTED = 20


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Cases that are scored although their scores mislead.

    Attributes:
        include_trained: People that the model was trained on, or that chose its weights.
        allow_synthetic: References that were synthesized themselves.
    """

    include_trained: bool = False
    allow_synthetic: bool = False


STRICT = Admission()


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """The pairs to score, and what must be said about them.

    Attributes:
        pairs: In the order given.
        left_out: The others, and why.
        notes: Sentences on the references and on what is left out, for the top of a report.
    """

    pairs: tuple[Pair, ...]
    left_out: tuple[Failure, ...]
    notes: tuple[str, ...]


def status_in_model(sidecar: Mapping[str, object]) -> str:
    """What a sidecar says of the person in its model; empty for a volume that is not ours."""
    return str(sidecar.get(TOLD_BY, UNTOLD if "ModelSHA256" in sidecar else ""))


def admit(pairs: Sequence[Pair], admission: Admission) -> Admitted:
    """The pairs whose scores say something about people that the model never saw.

    Args:
        pairs: Those that were found.
        admission: What is scored all the same.

    Raises:
        CohortError: No pair is left, or references and synthesized volumes are exchanged.
    """
    synthetic = {pair.name for pair in pairs if is_synthetic(pair.reference)}
    status = {pair.name: status_in_model(read_sidecar(pair.synthesized)) for pair in pairs}
    reasons: dict[str, str] = {}
    if not admission.include_trained:
        reasons = {name: f"of {KNOWN[said]}" for name, said in status.items() if said in KNOWN}
    if not admission.allow_synthetic:
        _refuse_exchanged(pairs, synthetic)
        reasons |= dict.fromkeys(synthetic, "its reference was synthesized itself")
    kept = tuple(pair for pair in pairs if pair.name not in reasons)
    notes = (*_on_references(synthetic, admission), *_on_left_out(reasons))
    if pairs and not kept:
        raise CohortError(f"no case is left to score. {' '.join(notes)}")
    left_out = (
        Failure(name=pair.name, reason=reasons[pair.name]) for pair in pairs if pair.name in reasons
    )
    return Admitted(pairs=kept, left_out=tuple(left_out), notes=notes)


def notes_on_scored(status: Mapping[str, str]) -> tuple[str, ...]:
    """Sentences on people whose scores are no scores of new people, or may not be.

    Args:
        status: `status_in_model` of each case that is scored.
    """
    notes = []
    for known, people in KNOWN.items():
        names = {name for name, said in status.items() if said == known}
        if names:
            notes.append(
                f"Scored all the same: {_counted(names)} of {people}: {_listed(names)}."
                " Such scores say nothing about new people."
            )
    for doubtful, people in BY_NAME.items():
        names = {name for name, said in status.items() if said == doubtful}
        if names:
            notes.append(
                f"Named like {people}, with other scans: {_listed(names)}. If they are the same"
                " people, their scores say nothing about new ones."
            )
    untold = {name for name, said in status.items() if said == UNTOLD}
    if untold:
        notes.append(
            f"{_counted(untold)} of a model that does not tell whom it was trained on:"
            f" {_listed(untold)}. Make sure that it never saw these people."
        )
    return tuple(notes)


def _refuse_exchanged(pairs: Sequence[Pair], synthetic: set[str]) -> None:
    if len(synthetic) < len(pairs):
        return
    for pair in pairs:
        if not is_synthetic(pair.synthesized):
            raise CohortError(
                f"{pair.reference} is synthetic and {pair.synthesized} is not: the arguments are"
                " exchanged; the synthesized volumes come first, the references second"
            )


def _on_references(synthetic: set[str], admission: Admission) -> list[str]:
    if not synthetic:
        return []
    cases = f"{_counted(synthetic)} whose reference was synthesized itself: {_listed(synthetic)}"
    if admission.allow_synthetic:
        return [f"Scored against another synthesized volume, not a scan: {cases}."]
    return [f"Left out: {cases}. {ALLOW} scores them."]


def _on_left_out(reasons: Mapping[str, str]) -> list[str]:
    notes = []
    for people in KNOWN.values():
        names = {name for name, reason in reasons.items() if reason == f"of {people}"}
        if names:
            notes.append(
                f"Left out: {_counted(names)} of {people}: {_listed(names)}. {INCLUDE} scores them."
            )
    return notes


def _counted(names: set[str]) -> str:
    return f"{len(names)} case" if len(names) == 1 else f"{len(names)} cases"


def _listed(names: set[str]) -> str:
    more = ", …" if len(names) > LISTED else ""
    return ", ".join(sorted(names)[:LISTED]) + more
