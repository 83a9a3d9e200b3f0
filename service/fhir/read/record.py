"""One patient's resources, sorted by what they speak of, before anything is validated.

Most resources of a record concern no rule. They are passed over by their codes alone;
only what some rule asks about is kept and, later, validated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from service.assessment import Unreadable
from service.errors import NotABundle, PatientNotInBundle, SeveralPatients
from service.facts.reasons import Reason
from service.fhir.references import normal
from service.knowledge import Knowledge

_DIGITS = re.compile(r"(?<=\D)(?=\d)|(?<=\d)(?=\D)")
BUNDLE_TYPES = (
    "collection",
    "searchset",
    "batch-response",
    "transaction-response",
    "transaction",
    "batch",
    "document",
)


class Entry(NamedTuple):
    """A resource with the address that its Bundle gives it."""

    resource: Any
    full_url: str | None = None


class Kept(NamedTuple):
    """A relevant resource with the reference that names it ("Condition/w1")."""

    source: str
    resource: Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """One patient's relevant resources by type, and what had to be set aside.

    `read` counts the resources that came, `relevant` those that a rule asks about,
    `other_subjects` those about somebody else. `incomplete` names prefetch keys that
    could not be had in full.
    """

    resources: Mapping[str, tuple[Kept, ...]] = field(default_factory=dict)
    patient: str | None = None
    unreadable: tuple[Unreadable, ...] = ()
    other_subjects: int = 0
    read: int = 0
    relevant: int = 0
    incomplete: tuple[str, ...] = ()
    medications: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, resource_type: str) -> tuple[Kept, ...]:
        """The relevant resources of a type."""
        return self.resources.get(resource_type, ())

    @property
    def is_about_others(self) -> bool:
        """Whether all that came is about others than the patient; the own Patient resource says nothing."""
        return self.other_subjects > 0 and self.other_subjects + len(self.of("Patient")) == self.read


def entries(bundle: Any) -> list[Entry]:
    """The resources of a Bundle with their addresses.

    Raises:
        NotABundle: it is no Bundle, or of a type whose entries are no record.
    """
    if isinstance(bundle, list):
        raise NotABundle(
            "Expected a FHIR Bundle, not an array: wrap the resources in a Bundle of type collection."
        )
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise NotABundle("Expected a FHIR Bundle: resourceType must be Bundle.", where="resourceType")
    if bundle.get("type") not in BUNDLE_TYPES:
        allowed = ", ".join(BUNDLE_TYPES)
        raise NotABundle(f"Bundle.type must be one of {allowed}.", where="Bundle.type")
    listed = bundle.get("entry", [])
    if not isinstance(listed, list):
        raise NotABundle("Bundle.entry must be an array.", where="Bundle.entry")
    return [_entry(item) for item in listed if not _without_resource(item)]


def record_in(bundle: Any, knowledge: Knowledge, *, patient: str | None = None) -> Record:
    """The record of the one patient whom a Bundle is about, or of `patient` where it is about several.

    Raises:
        NotABundle, SeveralPatients: see `entries` and `record_of`.
        PatientNotInBundle: all of it is about others.
    """
    record = record_of(entries(bundle), knowledge, patient=patient)
    if patient and record.patient and record.is_about_others and not record.of("Patient"):
        raise PatientNotInBundle(record.patient)
    return record


def record_of(
    resources: Iterable[Any],
    knowledge: Knowledge,
    *,
    patient: str | None = None,
    incomplete: tuple[str, ...] = (),
    passed_over: Mapping[str | None, int] = MappingProxyType({}),
) -> Record:
    """The record of one patient from raw resources (dicts, or the `entries` of a Bundle).

    `passed_over` counts resources that no rule asks about, by the reference to whom they are about.
    `patient` is the id (or reference) of the one to assess. Without it the only Patient
    resource, else the only subject, is meant.

    Raises:
        SeveralPatients: the resources are about more than one person, and nothing says whom to assess.
    """
    listed = [item if isinstance(item, Entry) else Entry(item) for item in resources]
    aliases: dict[str, str | None] = {
        e.full_url: _own_reference(e.resource) for e in listed if e.full_url and _is(e.resource, "Patient")
    }
    subjects = [_subject(e, aliases) for e in listed]
    passed = {about: normal(about, aliases) for about in passed_over if about}
    whom = _whom(listed, [*subjects, *passed.values()], patient, aliases)
    sorter = _Sorter(knowledge)
    others = sum(passed_over[about] for about, subject in passed.items() if _is_other(subject, whom))
    for index, (entry, subject) in enumerate(zip(listed, subjects, strict=True)):
        if _is_other(subject, whom):
            others += 1
        else:
            sorter.take(entry, index)
    read = len(listed) + sum(passed_over.values())
    return sorter.record(whom, other_subjects=others, read=read, incomplete=incomplete)


class _Sorter:
    """Puts each resource where it belongs: kept for a rule, passed over, or not readable."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knows = knowledge
        self.kept: dict[str, list[Kept]] = {}
        self.unreadable: list[Unreadable] = []
        self.medications: dict[str, Mapping[str, Any]] = {}

    def take(self, entry: Entry, index: int) -> None:
        resource = entry.resource
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(kind, str):
            self.unreadable.append(Unreadable(f"entry {index}", Reason("no-resource-type")))
        elif kind == "Medication":
            for name in filter(None, (_own_reference(resource), entry.full_url)):
                self.medications[name] = resource
        elif kind in _RELEVANT and _RELEVANT[kind](self, resource):
            self.kept.setdefault(kind, []).append(Kept(_name(resource, entry, index), resource))

    def record(self, patient: str | None, **counted: Any) -> Record:
        """What was taken, as a record."""
        return Record(
            resources={kind: _ordered(kept) for kind, kept in self.kept.items()},
            patient=patient,
            unreadable=tuple(self.unreadable),
            relevant=sum(map(len, self.kept.values())),
            medications=self.medications,
            **counted,
        )

    def always(self, resource: Mapping[str, Any]) -> bool:
        return True

    def coded(self, resource: Mapping[str, Any]) -> bool:
        """A code that some rule asks about, or what is no code at all (to be set aside)."""
        code, kind = resource.get("code"), resource["resourceType"]
        if kind != "Condition":
            return self._speaks(code, optional=False)
        return self._speaks(code, optional=True) or self._mentions(code)

    def _mentions(self, concept: Any) -> bool:
        """Whether its text or a display names a twitch; what they say besides is for the reading to judge."""
        if not isinstance(concept, dict):
            return False
        codings = concept.get("coding")
        listed = codings if isinstance(codings, list) else []
        displays = (coding.get("display") for coding in listed if isinstance(coding, dict))
        return any(
            isinstance(text, str) and self._knows.twitch_words.name_one(text)
            for text in (concept.get("text"), *displays)
        )

    def observed(self, resource: Mapping[str, Any]) -> bool:
        if self._speaks(resource.get("code"), optional=False):
            return True
        if self._speaks(resource.get("valueCodeableConcept"), optional=True):
            return True
        components = resource.get("component")
        if not isinstance(components, list):
            return False
        return any(isinstance(c, dict) and self.observed({**c, "component": None}) for c in components)

    def ordered(self, resource: Mapping[str, Any]) -> bool:
        code, performer = resource.get("code"), resource.get("performerType")
        return self._speaks(code, optional=True) or self._speaks(performer, optional=True)

    def familial(self, resource: Mapping[str, Any]) -> bool:
        conditions = resource.get("condition", [])
        if not isinstance(conditions, list):
            return True
        return any(not isinstance(c, dict) or self._speaks(c.get("code"), optional=False) for c in conditions)

    def _speaks(self, concept: Any, *, optional: bool) -> bool:
        if concept is None:
            return not optional
        codings = concept.get("coding", ()) if isinstance(concept, dict) else None
        if not isinstance(codings, (list, tuple)):
            return True
        return any(self._known(coding) for coding in codings)

    def _known(self, coding: Any) -> bool:
        """Also what is no coding, or a code of ours whose system is of another type: to be set aside."""
        if not isinstance(coding, dict):
            return True
        system, code = coding.get("system"), coding.get("code")
        if system is not None and not isinstance(system, str):
            return any(self._knows.speaks(name, str(code)) for name in self._knows.uris)
        name = self._knows.systems.get(system or "")
        if name is None or code is None:
            return False
        return not isinstance(code, str) or self._knows.speaks(name, code)


_RELEVANT = {
    "Patient": _Sorter.always,
    "Condition": _Sorter.coded,
    "Observation": _Sorter.observed,
    "MedicationRequest": _Sorter.always,
    "MedicationStatement": _Sorter.always,
    "Procedure": _Sorter.ordered,
    "DiagnosticReport": _Sorter.ordered,
    "ServiceRequest": _Sorter.ordered,
    "FamilyMemberHistory": _Sorter.familial,
    "QuestionnaireResponse": _Sorter.always,
}
# The types that are taken at all, and those of them whose codes decide.
TAKEN = frozenset((*_RELEVANT, "Medication"))
CODED = frozenset(k for k, judge in _RELEVANT.items() if judge not in (_Sorter.always, _Sorter.familial))


def _entry(item: Any) -> Entry:
    if not isinstance(item, dict) or _is_bare(item):
        return Entry(item)
    full_url = item.get("fullUrl")
    return Entry(item.get("resource"), full_url if isinstance(full_url, str) else None)


def _is_bare(item: Mapping[str, Any]) -> bool:
    """A resource in the place of its entry, which is a common mistake and clear all the same."""
    return "resource" not in item and isinstance(item.get("resourceType"), str)


def _without_resource(item: Any) -> bool:
    """An entry that says what happened (a response, a deletion) and carries no resource."""
    if not isinstance(item, dict) or "resource" in item or _is_bare(item):
        return False
    return "response" in item or "request" in item


def _ordered(kept: list[Kept]) -> tuple[Kept, ...]:
    """By id, o2 before o10, so that the order in which resources came makes no difference.

    Several of one id are ordered by what they hold.
    """
    if len({one.source for one in kept}) < len(kept):
        kept = sorted(kept, key=lambda one: json.dumps(one.resource, sort_keys=True, default=str))
    return tuple(sorted(kept, key=_by_id))


def _by_id(kept: Kept) -> list[str | int]:
    return [int(part) if part.isdecimal() else part for part in _DIGITS.split(kept.source)]


def _is(resource: Any, kind: str) -> bool:
    return isinstance(resource, dict) and resource.get("resourceType") == kind


def _own_reference(resource: Mapping[str, Any]) -> str | None:
    name = resource.get("id")
    return f"{resource['resourceType']}/{name}" if isinstance(name, str) else None


def _name(resource: Mapping[str, Any], entry: Entry, index: int) -> str:
    return _own_reference(resource) or f"{resource['resourceType']} (entry {index})"


def _person(entry: Entry) -> str | None:
    """A Patient by its id, else by the address that a transaction gives one that has no id yet."""
    return _own_reference(entry.resource) or (normal(entry.full_url) if entry.full_url else None)


def _subject(entry: Entry, aliases: Mapping[str, str | None]) -> str | None:
    """Whom a resource is about, as Type/id; None where it does not say."""
    resource = entry.resource
    if not isinstance(resource, dict):
        return None
    if resource.get("resourceType") == "Patient":
        return _person(entry)
    about = resource.get("subject") or resource.get("patient")
    reference = about.get("reference") if isinstance(about, dict) else None
    return normal(reference, aliases) if isinstance(reference, str) else None


def _is_other(subject: str | None, whom: str | None) -> bool:
    return subject is not None and whom is not None and subject != whom


def _whom(
    listed: list[Entry], subjects: list[str | None], patient: str | None, aliases: Mapping[str, str | None]
) -> str | None:
    if patient:
        named = normal(patient, aliases)
        return named if "/" in named or named.startswith("urn:") else f"Patient/{named}"
    people = [_person(e) for e in listed if _is(e.resource, "Patient")]
    if len(people) == 1 and people[0]:
        return people[0]
    about = sorted(
        {s for s in (people if len(people) > 1 else subjects) if s and s.startswith(("Patient/", "urn:"))}
    )
    if len(about) > 1:
        raise SeveralPatients(about)
    return about[0] if about else None
