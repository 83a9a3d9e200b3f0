"""What every reader of a resource needs: the knowledge, the day, and whom the record is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from service.amounts import Span
from service.fhir.record import Kept
from service.fhir.views import CodeableConcept, Coding, NotReadable, View, view
from service.findings import Unreadable
from service.knowledge import Knowledge
from service.knowledge.codes import on_side
from service.statements import Place

V = TypeVar("V", bound=View)


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

    def _views(self, kept: Iterable[Kept], kind: type[V]) -> Iterator[tuple[str, V]]:
        for source, resource in kept:
            try:
                yield source, view(kind, resource)
            except NotReadable as reason:
                self.set_aside(source, str(reason))

    def set_aside(self, source: str, reason: str) -> None:
        """Note that a resource, or a part of it, could not be read."""
        self.unreadable.append(Unreadable(source, reason))

    def known(self, concept: CodeableConcept | None) -> Iterator[tuple[str, Coding]]:
        """The codings of systems that we know, with our short name of the system."""
        for coding in (concept.coding or ()) if concept else ():
            system = self.knowledge.systems.get(coding.system or "")
            if system and coding.code:
                yield system, coding

    def places(self, concept: CodeableConcept | None) -> tuple[Place, ...]:
        """Where a body site is, its side from the code or a qualifier beside it; both sides: two places."""
        codes = [(system, coding.code or "") for system, coding in self.known(concept)]
        found = [place for system, code in codes for place in self.knowledge.places.find(system, code)]
        if not found:
            return ()
        place = max(found, key=lambda p: (p.site is not None, p.side is not None))
        sides = {self.knowledge.sides[code] for system, code in codes if code in self.knowledge.sides}
        if place.side or not sides:
            return (place,)
        both = ("left", "right") if "both" in sides or len(sides) > 1 else tuple(sides)
        return tuple(on_side(place, side) for side in both)
