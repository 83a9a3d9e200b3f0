"""Records made by chance: a twitch, and statements, results and medicines that we have codes for."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from service.knowledge import Knowledge, load

Json = dict[str, Any]
SUBJECT = {"reference": "Patient/p1"}
FIRST, LAST = date(2025, 6, 1), date(2026, 11, 23)
TWITCHING = ("fasciculation", "eyelid-twitch", "tongue-fasciculation", "hemifacial-spasm")


def made(count: int) -> list[Json]:
    """So many Bundles, the same ones each time."""
    found: list[Json] = []

    @settings(max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(bundles())
    def collect(bundle: Json) -> None:
        found.append(bundle)

    collect()
    return found


@st.composite
def bundles(draw: st.DrawFn) -> Json:
    """One patient's record."""
    known = knowledge()
    concepts = st.sampled_from(sorted(known.concepts))
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": draw(st.sampled_from(("1960", "2012-05")))}
    stated = [draw(st.sampled_from(TWITCHING)), *draw(st.lists(concepts, max_size=5))]
    measured = draw(st.lists(st.sampled_from(sorted(known.analytes)), max_size=3))
    taken = draw(st.lists(st.sampled_from(sorted(known.medicines)), max_size=2))
    resources = [patient, *(draw(statements(concept)) for concept in stated)]
    resources += [draw(results(analyte)) for analyte in measured]
    resources += [draw(medicines(medicine)) for medicine in taken]
    for number, resource in enumerate(resources[1:]):
        resource["id"] = f"r{number}"
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }


@st.composite
def statements(draw: st.DrawFn, concept: str) -> Json:
    """The concept as a problem or as an observation, of some day and place."""
    known = knowledge()
    codes = [(system, code) for system, code, meaning in known.concepts[concept].codes if meaning]
    system, code = draw(st.sampled_from(codes))
    said: Json = {"code": {"coding": [{"system": known.uris[system], "code": code}]}, "subject": SUBJECT}
    day = draw(days())
    if draw(st.booleans()):
        return {"resourceType": "Condition", **said, "recordedDate": day}
    site = draw(st.sampled_from(("85562004", "30021000", "80243003", None)))
    where = {"bodySite": {"coding": [{"system": known.uris["snomed"], "code": site}]}} if site else {}
    value = {"valueBoolean": draw(st.booleans())}
    return {
        "resourceType": "Observation",
        "status": "final",
        **said,
        "effectiveDateTime": day,
        **where,
        **value,
    }


@st.composite
def results(draw: st.DrawFn, analyte: str) -> Json:
    """A result of the analyte, in its own unit, often far from normal."""
    known = knowledge()
    codes = [(s, c) for s in known.analyte_codes.entries for c in known.analyte_codes.codes(s)]
    system, code = draw(
        st.sampled_from([pair for pair in codes if analyte in known.analyte_codes.find(*pair)])
    )
    unit = known.analytes[analyte].unit
    value = draw(st.sampled_from((0.2, 1, 2.4, 4, 6.7, 50, 130, 600)))
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": known.uris[system], "code": code}]},
        "subject": SUBJECT,
        "effectiveDateTime": draw(days()),
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }


@st.composite
def medicines(draw: st.DrawFn, medicine: str) -> Json:
    """A medicine of the class, in use."""
    index = knowledge().medicine_codes
    codes = [(s, c) for s in index.entries for c in index.codes(s) if medicine in index.find(s, c)]
    system, code = draw(st.sampled_from(codes))
    return {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"coding": [{"system": knowledge().uris[system], "code": code}]},
        "subject": SUBJECT,
    }


def days() -> st.SearchStrategy[str]:
    """A day, as often as not of the last weeks."""
    return (st.dates(FIRST, LAST) | st.dates(date(2026, 11, 1), LAST)).map(date.isoformat)


@cache
def knowledge() -> Knowledge:
    """The knowledge of the package."""
    return load()
