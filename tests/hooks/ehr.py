"""An EHR: records that somebody might have, and a FHIR server that answers our templates about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import strategies as st

from service.knowledge import Knowledge, load

Json = dict[str, Any]

ON = date(2026, 11, 23)
ME = {"reference": "Patient/p1"}
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1970-06-01"}
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LATELY = ("2026-11-20", "2026-10-02", "2026-08-15", "2025-12-24")
LONG_AGO = ("2024-01-31", "2022-06-30")


@cache
def knowledge() -> Knowledge:
    return load()


def concept(system: str, code: str, *, text: str | None = None) -> Json:
    coded: Json = {"coding": [{"system": knowledge().uris[system], "code": code}]}
    return {**coded, "text": text} if text else coded


@cache
def findings(*kinds: str) -> tuple[tuple[str, str], ...]:
    """The codes that state something, as (system, code); of the kinds, or of all."""
    concepts = [each for each in knowledge().concepts.values() if not kinds or each.kind in kinds]
    return tuple((s, c) for each in concepts for s, c, meaning in each.codes if meaning)


@cache
def measured() -> tuple[tuple[str, str, str], ...]:
    """What is measured, as (system, code, analyte)."""
    codes = knowledge().analyte_codes.entries
    return tuple((s, c, name) for s in codes for c, held in codes[s].items() for _, name in held)


@cache
def coded(index: str) -> tuple[tuple[str, str], ...]:
    entries = getattr(knowledge(), index).entries
    return tuple((system, code) for system in ("snomed", "loinc") for code in entries.get(system, ()))


@st.composite
def findings_coded(draw: st.DrawFn, *kinds: str) -> Json:
    return concept(*draw(st.sampled_from(findings(*kinds))))


@st.composite
def values(draw: st.DrawFn) -> tuple[Json, Json]:
    """A code of something measured, and a value for it."""
    system, code, name = draw(st.sampled_from(measured()))
    analyte = knowledge().analytes[name]
    unit = draw(st.sampled_from(sorted(analyte.units) or [analyte.unit]))
    number = draw(st.sampled_from([0, 1, 2.3, 4, 7.5, 12, 40, 88, 140, 400]))
    amount = {"value": number, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org"}
    value = draw(
        st.sampled_from([{"valueQuantity": amount}, {"valueQuantity": amount}, {}, {"valueString": "high"}])
    )
    return concept(system, code), value


@st.composite
def components(draw: st.DrawFn) -> Json:
    if draw(st.booleans()):
        code, value = draw(values())
        return {"code": code, **value}
    return {"code": draw(findings_coded("symptom", "twitch")), "valueBoolean": draw(st.booleans())}


@st.composite
def observations(draw: st.DrawFn, days: Sequence[str]) -> Json:
    shape = draw(st.sampled_from(["finding", "value", "value", "panel", "examination"]))
    if shape == "finding":
        said = draw(st.sampled_from([{}, {"valueBoolean": True}, {"valueBoolean": False}]))
        about: Json = {"code": draw(findings_coded()), **said}
        category = draw(st.sampled_from(["exam", "survey", "social-history"]))
    elif shape == "value":
        code, value = draw(values())
        about, category = {"code": code, **value}, draw(st.sampled_from(["laboratory", "vital-signs"]))
    else:
        panels = coded("panel_codes") if shape == "panel" else (("snomed", "84728005"),)
        parts = draw(st.lists(components(), min_size=1, max_size=4))
        about = {"code": concept(*draw(st.sampled_from(panels))), "component": parts}
        category = "laboratory" if shape == "panel" else "exam"
    return {
        "resourceType": "Observation",
        "status": draw(st.sampled_from(["final", "final", "amended", "preliminary", "entered-in-error"])),
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "effectiveDateTime": draw(st.sampled_from(days)),
        **about,
    }


@st.composite
def conditions(draw: st.DrawFn, *kinds: str) -> Json:
    day = draw(st.sampled_from([*LATELY, *LONG_AGO]))
    active = draw(st.sampled_from(["active", "active", "resolved"]))
    dated = draw(st.sampled_from(["recordedDate", "onsetDateTime"]))
    return {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": active}]},
        "code": draw(findings_coded(*kinds)),
        dated: day,
    }


@st.composite
def done(draw: st.DrawFn, days: Sequence[str]) -> Json:
    """A report, a procedure or an order."""
    code = concept(
        *draw(st.sampled_from(coded("panel_codes") + coded("test_codes") + coded("analyte_codes")))
    )
    day = draw(st.sampled_from(days))
    return draw(
        st.sampled_from(
            [
                {
                    "resourceType": "DiagnosticReport",
                    "status": "final",
                    "code": code,
                    "effectiveDateTime": day,
                },
                {"resourceType": "Procedure", "status": "completed", "code": code, "performedDateTime": day},
                {"resourceType": "ServiceRequest", "status": "active", "code": code, "authoredOn": day},
            ]
        )
    )


@st.composite
def medicines(draw: st.DrawFn) -> list[Json]:
    """A medicine by product, by class, or by its name alone; perhaps as a resource of its own."""
    rxnorm = sorted(knowledge().medicine_codes.entries["rxnorm"])
    by_code = st.sampled_from(rxnorm).map(lambda code: concept("rxnorm", code))
    by_name = st.sampled_from(["Lithium carbonate 400 mg", "Furosemide", "Prednisolon", "Paracetamol"])
    what = draw(st.one_of(by_code, by_name.map(lambda name: {"text": name})))
    kind, dated = draw(
        st.sampled_from([("MedicationRequest", "authoredOn"), ("MedicationStatement", "dateAsserted")])
    )
    taken: Json = {"resourceType": kind, "status": "active", dated: draw(st.sampled_from(LATELY))}
    if kind == "MedicationRequest":
        taken["intent"] = "order"
    if draw(st.booleans()):
        return [{**taken, "medicationCodeableConcept": what}]
    named = f"m{draw(st.integers(0, 10**6))}"
    return [
        {"resourceType": "Medication", "id": named, "code": what},
        {**taken, "medicationReference": {"reference": f"Medication/{named}"}},
    ]


@st.composite
def records(draw: st.DrawFn, days: Sequence[str] = (*LATELY, *LONG_AGO)) -> list[Json]:
    """A patient's resources, most often with a twitch among them."""
    twitch = draw(st.lists(st.one_of(conditions("twitch"), conditions("twitch", "look-alike")), max_size=2))
    more = draw(
        st.lists(st.one_of(observations(days), observations(days), conditions(), done(days)), max_size=8)
    )
    taken = [each for held in draw(st.lists(medicines(), max_size=2)) for each in held]
    named = [{"id": f"r{n}", **each} for n, each in enumerate([*twitch, *more, *taken])]
    return [
        PATIENT,
        *(each if each["resourceType"] == "Medication" else {**each, "subject": ME} for each in named),
    ]


def answered(templates: Mapping[str, str], resources: Sequence[Json]) -> dict[str, Json]:
    """The prefetch of these resources: what a FHIR server answers each template with."""
    return {
        key: _answer(text.replace("{{context.patientId}}", "p1"), resources)
        for key, text in templates.items()
    }


def _answer(query: str, resources: Sequence[Json]) -> Json:
    at = urlsplit(query)
    kind, _, read = at.path.partition("/")
    if read:
        return next(each for each in resources if each["resourceType"] == kind and each["id"] == read)
    asked = dict(parse_qsl(at.query))
    found = [each for each in resources if each["resourceType"] == kind and _matches(each, asked)]
    if "_include" in asked:
        named = {each.get("medicationReference", {}).get("reference") for each in found}
        found += [
            r for r in resources if r["resourceType"] == "Medication" and f"Medication/{r['id']}" in named
        ]
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in found]}


def _matches(resource: Json, asked: Mapping[str, str]) -> bool:
    for name, value in asked.items():
        if name == "patient":
            fits = resource["subject"] == {"reference": f"Patient/{value}"}
        elif name == "code":
            fits = not set(value.split(",")).isdisjoint(_tokens(resource["code"]))
        elif name == "category":
            fits = not set(value.split(",")).isdisjoint(_tokens(*resource["category"]))
        elif name == "date":
            fits = _day(resource) >= value.removeprefix("ge")
        else:
            fits = name in ("_sort", "_count", "_include")
        if not fits:
            return False
    return True


def _tokens(*concepts: Json) -> Iterator[str]:
    """What a search by token finds a concept by: its codes, and its systems as a whole."""
    for each in concepts:
        for coding in each.get("coding", ()):
            yield coding["code"]
            yield f"{coding['system']}|"


def _day(resource: Json) -> str:
    day: str = resource.get("effectiveDateTime") or resource["performedDateTime"]
    return day
