"""What a hook's context carries and the record does not hold yet: draft orders and new problems.

Whatever stands there is somebody's unfinished work, in all the shapes that clients give it:
nothing here raises, and what cannot be read is passed over as no business of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.fhir.read.record import Entry
from service.fhir.references import normal
from service.knowledge import REFERRAL, Knowledge

# An order that is one of these will not be carried out.
OVER = ("revoked", "completed", "entered-in-error")
PRIORITIES = ("routine", "urgent", "asap", "stat")


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that is about to be signed, or was chosen: `tests` are the ids of what it orders.

    `names` are the references that may stand for it, its own first. `priority` is R4's, and
    "routine" where none is stated; None for one that R4 does not know.
    """

    tests: tuple[str, ...]
    names: tuple[str, ...]
    priority: str | None
    resource: Mapping[str, Any]

    @property
    def can_be_changed(self) -> bool:
        """Whether a client can find it again; without an id it cannot."""
        return isinstance(self.resource.get("id"), str)


def carried(value: Any) -> list[Entry]:
    """The resources of a Bundle, also of a bare list or of a single resource."""
    if isinstance(value, dict) and "entry" in value:
        value = value["entry"]
    listed = value if isinstance(value, list) else [value]
    return [entry for entry in map(_entry, listed) if entry]


def reference_of(resource: Mapping[str, Any]) -> str | None:
    """The resource as Type/id; None without an id."""
    kind, name = resource.get("resourceType"), resource.get("id")
    return f"{kind}/{name}" if isinstance(kind, str) and isinstance(name, str) else None


def drafts_among(orders: Any, knowledge: Knowledge) -> tuple[Draft, ...]:
    """The draft orders of tests and referrals that we know; medicines and everything else are passed over."""
    return tuple(draft for entry in carried(orders) if (draft := _draft(entry, knowledge)))


def chosen_of(drafts: tuple[Draft, ...], orders: Any, selections: Any) -> tuple[Draft, ...]:
    """Those that were just selected; `selections` are references, or bare ids, to what `orders` hold.

    An id, or a ServiceRequest, that names nothing among the orders does not tell which was meant: then
    each counts as chosen.
    """
    listed = selections if isinstance(selections, list) else []
    chosen = {normal(each) for each in listed if isinstance(each, str)}
    known = {form for entry in carried(orders) for form in _forms(_names(entry))}
    lost = chosen - known
    if any("/" not in each or each.startswith("ServiceRequest/") for each in lost):
        return drafts
    return tuple(draft for draft in drafts if not chosen.isdisjoint(_forms(draft.names)))


def _forms(names: Iterable[str]) -> set[str]:
    """References with their bare ids."""
    return {form for name in names for form in (name, name.rpartition("/")[2])}


def _entry(item: Any) -> Entry | None:
    if not isinstance(item, dict):
        return None
    resource, full_url = item.get("resource", item), item.get("fullUrl")
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return None
    return Entry(resource, full_url if isinstance(full_url, str) else None)


def _names(entry: Entry) -> tuple[str, ...]:
    """The references that may stand for it, its own first."""
    return tuple(normal(name) for name in (reference_of(entry.resource), entry.full_url) if name)


def _draft(entry: Entry, knowledge: Knowledge) -> Draft | None:
    order = entry.resource
    if order["resourceType"] != "ServiceRequest" or order.get("status") in OVER or order.get("doNotPerform"):
        return None
    tests = tuple(dict.fromkeys(_tests(order, knowledge)))
    if not tests:
        return None
    priority = order.get("priority") or "routine"
    return Draft(tests, _names(entry), priority if priority in PRIORITIES else None, order)


def _tests(order: Mapping[str, Any], knowledge: Knowledge) -> Iterator[str]:
    """What the order is for, by its codes; without a code that we know, by the text of our own orders."""
    codes = _codes(order.get("code"), knowledge)
    indexes = (knowledge.test_codes, knowledge.analyte_codes, knowledge.panel_codes)
    found = [test for system, code in codes for index in indexes for test in index.find(system, code)]
    if not knowledge.generic_referrals.isdisjoint(codes):
        specialties = _codes(order.get("performerType"), knowledge)
        found += [REFERRAL] * (not knowledge.neurology.isdisjoint(specialties))
    yield from found or _by_text(order.get("code"), knowledge)


def _codes(concept: Any, knowledge: Knowledge) -> list[tuple[str, str]]:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    if not isinstance(codings, list):
        return []
    pairs = [(each.get("system"), each.get("code")) for each in codings if isinstance(each, dict)]
    return [
        (knowledge.systems[system], code)
        for system, code in pairs
        if isinstance(system, str) and isinstance(code, str) and system in knowledge.systems
    ]


def _by_text(concept: Any, knowledge: Knowledge) -> Iterator[str]:
    """Nerve conduction studies have no verified order code, so what we suggested comes back as text."""
    text = concept.get("text") if isinstance(concept, dict) else None
    if not isinstance(text, str):
        return
    said = text.strip().casefold()
    yield from (test.id for test in knowledge.tests.values() if test.order_text.casefold() == said)
    yield from (analyte.id for analyte in knowledge.analytes.values() if analyte.words.casefold() == said)
