"""Raw FHIR resources, short to write, and what is read from them."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from service.facts import Facts
from service.fhir.read import Read, read_facts
from service.fhir.read.record import record_of
from service.knowledge import Knowledge, load

ON = date(2026, 11, 23)
Json = dict[str, Any]


@cache
def packaged() -> Knowledge:
    return load()


def uri(system: str) -> str:
    return packaged().uris[system]


def concept(system: str, code: str) -> Json:
    """A CodeableConcept of one coding, by our short name of its system."""
    return {"coding": [{"system": uri(system), "code": code}]}


def code_of(name: str, system: str = "snomed") -> Json:
    """The CodeableConcept of a concept of codes.toml, by its first code of the system."""
    codes = [c for s, c, m in packaged().concepts[name].codes if s == system and m and not m.aspect]
    return concept(system, codes[0])


def lab_code(analyte: str) -> Json:
    codes = packaged().analyte_codes.entries["loinc"]
    return concept("loinc", next(c for c, held in codes.items() if any(v == analyte for _, v in held)))


def resource(kind: str, name: str = "r1", /, **elements: Any) -> Json:
    return {"resourceType": kind, "id": name, "subject": {"reference": "Patient/p1"}, **elements}


def condition(code: Json, name: str = "c1", /, **elements: Any) -> Json:
    return resource("Condition", name, code=code, **elements)


def observation(code: Json, name: str = "o1", /, **elements: Any) -> Json:
    made = {"status": "final", "effectiveDateTime": "2026-11-20", **elements}
    return resource("Observation", name, code=code, **made)


def quantity(value: float, unit: str = "mmol/L", **more: Any) -> Json:
    return {"value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org", **more}


def status(code: str) -> Json:
    return {"coding": [{"code": code}]}


def read(*resources: Any) -> Read:
    return read_facts(record_of(resources, packaged(), patient="p1"), ON, packaged())


def facts(*resources: Any) -> Facts:
    return read(*resources).facts


TWITCH = code_of("fasciculation")
A_TWITCH = condition(TWITCH, "t1", recordedDate="2026-11-01")
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1970-06-01"}
