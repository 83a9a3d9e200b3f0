"""What every reader of a resource needs: the knowledge, the day, and whom the record is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeVar

from service.assessment import Unreadable
from service.facts.amounts import Span
from service.facts.places import Place
from service.facts.reasons import Reason
from service.fhir.read.record import Kept
from service.fhir.read.views import CodeableConcept, NotReadable, Observation, Valued, View, view
from service.knowledge import Knowledge
from service.knowledge.codes import on_side

V = TypeVar("V", bound=View)
T = TypeVar("T")
Codes = Sequence[tuple[str, str]]


class Part(NamedTuple):
    """An Observation or one of its components, with those codes of its `code` that we know."""

    valued: Valued
    codes: Codes


class Observed(NamedTuple):
    """An Observation that counts on the day; `parts` are itself and its components."""

    source: str
    observation: Observation
    day: Span | None
    parts: list[Part]


@dataclass
class Reading:
    """One pass over a record; collects what could not be read."""

    knowledge: Knowledge
    on: date
    born: Span | None = None
    unreadable: list[Unreadable] = field(default_factory=list)
    _seen: dict[type[View], list[tuple[str, Any]]] = field(default_factory=dict)

    def views(self, kept: Iterable[Kept], kind: type[V]) -> list[tuple[str, V]]:
        """Each resource of a type as its view; one that is not valid FHIR is set aside with the reason."""
        if kind not in self._seen:
            self._seen[kind] = list(self._views(kept, kind))
        return self._seen[kind]

    def each(self, kept: Iterable[Kept], kind: type[V], read: Callable[[str, V], Iterable[T]]) -> Iterator[T]:
        """What `read` finds in each resource of a type; one that it cannot read is set aside whole."""
        for source, seen in self.views(kept, kind):
            try:
                found = list(read(source, seen))
            except NotReadable as fault:
                self.set_aside(source, fault.why)
            else:
                yield from found

    def _views(self, kept: Iterable[Kept], kind: type[V]) -> Iterator[tuple[str, V]]:
        for source, resource in kept:
            try:
                yield source, view(kind, resource)
            except NotReadable as fault:
                self.set_aside(source, fault.why)

    def set_aside(self, source: str, why: Reason) -> None:
        """Note that a resource, or a part of it, could not be read."""
        self.unreadable.append(Unreadable(source, why))

    def known(self, concept: CodeableConcept | None) -> Codes:
        """The codes of systems that we know, each with our short name of the system."""
        if concept is None or concept.coding is None:
            return ()
        systems = self.knowledge.systems
        named = [(systems.get(coding.system or ""), coding.code) for coding in concept.coding]
        return [(system, code) for system, code in named if system and code]

    def places(self, concept: CodeableConcept | None) -> tuple[Place, ...]:
        """Where a body site is, its side from the code or a qualifier beside it; both sides: two places."""
        codes = self.known(concept)
        found = [place for system, code in codes for place in self.knowledge.places.find(system, code)]
        if not found:
            return ()
        place = max(found, key=lambda p: (p.site is not None, p.side is not None))
        sides = {self.knowledge.sides[code] for system, code in codes if code in self.knowledge.sides}
        if place.side or not sides:
            return (place,)
        both = ("left", "right") if "both" in sides or len(sides) > 1 else tuple(sides)
        return tuple(on_side(place, side) for side in both)
