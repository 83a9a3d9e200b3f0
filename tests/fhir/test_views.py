"""The views against the R4B models of fhir.resources: what those refuse, we refuse.

Every element that a view holds is replaced by values of wrong types, forms and shapes.
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from msgspec.structs import fields

from service.facts.reasons import reason
from service.fhir.read import views
from service.fhir.read.views import NotReadable, View, one_of, view
from service.knowledge.words import reason_words
from tests.fhir.resources import packaged

ROOT = Path(__file__).parents[2]
CODE = {"coding": [{"system": "http://loinc.org", "code": "2823-3"}], "text": "x"}
SUBJECT = {"reference": "Patient/p1"}
BASE: dict[str, dict[str, Any]] = {
    "Observation": {"status": "final", "code": CODE},
    "Condition": {"subject": SUBJECT, "code": CODE},
    "Patient": {},
    "MedicationRequest": {"status": "active", "intent": "order", "subject": SUBJECT},
    "MedicationStatement": {"status": "active", "subject": SUBJECT},
    "Medication": {},
    "Procedure": {"status": "completed", "subject": SUBJECT},
    "DiagnosticReport": {"status": "final", "code": CODE},
    "ServiceRequest": {"status": "active", "intent": "order", "subject": SUBJECT},
    "FamilyMemberHistory": {"status": "completed", "patient": SUBJECT, "relationship": CODE},
    "QuestionnaireResponse": {"status": "completed"},
}
NEEDED: dict[str, dict[str, Any]] = {
    "Valued": {"code": CODE},
    "RelativeCondition": {"code": CODE},
    "ResponseItem": {"linkId": "q1"},
    "Ingredient": {"itemCodeableConcept": CODE},
}
SCALARS = [5, 5.5, -1, True, "x", "", "5", [], {}, [5], [None], "2026", "2026-11", "2026-11-23", "2026-13"]
SCALARS += ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00.5+01:00", "2026-11-23T25:00:00Z", "2026-11-23T10:00"]
SHAPES = [5, "x", True, [5], ["x"], [None], [[]]]

# What R4B refuses and we do not: elements of which we ask no more than whether they are there.
ONLY_ITS_PRESENCE = {
    "Observation.valueTime": "a time answers no question of ours",
    "Observation.component.valueTime": "a time answers no question of ours",
    "Observation.valueRatio": "nor does a ratio",
    "Observation.valueSampledData": "nor do samples",
    "Observation.component.valueSampledData": "nor do samples",
    "Observation.effectiveTiming": "a timing is no day",
}


def reason_to_refuse(annotation: Any, value: Any) -> str | None:
    """Why we refuse what R4B takes; None where there is no reason."""
    text = str(annotation)
    if "Literal" in text:
        return "R4 binds the element to these codes; fhir.resources does not check bindings"
    if "pattern" in text and not isinstance(value, str):
        return "JSON has no dates; fhir.resources takes a number for seconds since 1970"
    if "int |" in text and isinstance(value, str | bool):
        return "a JSON string or boolean is no integer"
    if "float |" in text and isinstance(value, str | bool):
        return "a JSON string is no decimal, and we would have to guess what “1,5” means"
    if "Meta(min_length=1)" in text and not isinstance(value, str):
        return "R4 strings are JSON strings"
    if value == "":
        return "R4 strings have at least one character"
    return None


def elements(kind: type[View], path: tuple[tuple[str, bool, str], ...] = ()) -> Iterator[Any]:
    """Each element of a view with its path: (name, whether it repeats, name of the view it holds)."""
    hints = get_type_hints(kind, vars(views), include_extras=True)
    for field in fields(kind):
        annotation = hints[field.name]
        held, repeats = _held(annotation)
        step = (field.encode_name, repeats, held.__name__ if held else "")
        if field.encode_name == "contained":
            continue
        yield (*path, step), annotation, held
        if held and held.__name__ not in [name for _, _, name in path]:
            yield from elements(held, (*path, step))


def _held(annotation: Any) -> tuple[type[View] | None, bool]:
    for part in get_args(annotation) or (annotation,):
        if isinstance(part, type) and issubclass(part, View):
            return part, False
        if typing.get_origin(part) is tuple:
            return _held(part)[0], True
    return None, typing.get_origin(annotation) is tuple


def placed(kind: str, path: tuple[tuple[str, bool, str], ...], value: Any) -> dict[str, Any]:
    """The base resource with the value at the path."""
    for index in range(len(path) - 1, 0, -1):
        parent = path[index - 1]
        value = {**NEEDED.get(parent[2], {}), path[index][0]: value}
        value = [value] if parent[1] else value
    base = dict(BASE[kind])
    if kind.startswith("Medication") and kind != "Medication" and not path[0][0].startswith("medication"):
        base["medicationCodeableConcept"] = CODE
    return {"resourceType": kind, **base, path[0][0]: value}


def mutations(kind: str) -> Iterator[tuple[str, Any, Any, dict[str, Any]]]:
    """Each element of a view with each value: its name, its type, the value, and the resource with it."""
    for path, annotation, held in elements(getattr(views, kind)):
        name = ".".join([kind, *(step[0] for step in path)])
        for value in SHAPES if held else SCALARS:
            yield name, annotation, value, placed(kind, path, value)


def theirs(kind: str, raw: dict[str, Any]) -> bool:
    model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    try:
        model.model_validate(raw)
    except ValueError:
        return False
    return True


def ours(kind: str, raw: dict[str, Any]) -> bool:
    try:
        view(getattr(views, kind), raw)
    except NotReadable:
        return False
    return True


@pytest.mark.parametrize("kind", BASE)
def test_what_r4b_refuses_we_refuse(kind: str) -> None:
    too_lenient = [
        (name, value)
        for name, _, value, raw in mutations(kind)
        if name not in ONLY_ITS_PRESENCE and ours(kind, raw) and not theirs(kind, raw)
    ]

    assert too_lenient == []


@pytest.mark.parametrize("kind", BASE)
def test_what_we_refuse_beyond_r4b_has_a_reason(kind: str) -> None:
    without_a_reason = [
        (name, value)
        for name, annotation, value, raw in mutations(kind)
        if reason_to_refuse(annotation, value) is None and theirs(kind, raw) and not ours(kind, raw)
    ]

    assert without_a_reason == []


@pytest.mark.parametrize("kind", BASE)
def test_the_base_of_every_mutation_is_valid(kind: str) -> None:
    raw = placed(kind, (("id", False, ""),), "r1")

    assert theirs(kind, raw)
    assert ours(kind, raw)


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("Observation", "status"),
        ("Observation", "code"),
        ("MedicationRequest", "status"),
        ("MedicationRequest", "intent"),
        ("MedicationStatement", "status"),
        ("Procedure", "status"),
        ("DiagnosticReport", "status"),
        ("DiagnosticReport", "code"),
        ("ServiceRequest", "status"),
        ("ServiceRequest", "intent"),
        ("FamilyMemberHistory", "status"),
        ("FamilyMemberHistory", "relationship"),
        ("QuestionnaireResponse", "status"),
    ],
)
def test_an_element_that_r4_requires_is_required(kind: str, needed: str) -> None:
    raw = {name: value for name, value in BASE[kind].items() if name != needed}

    with pytest.raises(NotReadable, match=needed):
        view(getattr(views, kind), raw)


@pytest.mark.parametrize("raw", [None, 5, "Condition", [], ["Condition"]])
def test_what_is_no_object_is_no_resource(raw: Any) -> None:
    with pytest.raises(NotReadable):
        view(views.Condition, raw)


def test_a_bottomless_questionnaire_is_set_aside_and_does_not_exhaust_the_stack() -> None:
    item: dict[str, Any] = {"linkId": "q"}
    for _ in range(100_000):
        item = {"linkId": "q", "item": [item]}

    with pytest.raises(NotReadable):
        view(views.QuestionnaireResponse, {"status": "completed", "item": [item]})


def test_a_message_names_the_path_and_never_the_value() -> None:
    with pytest.raises(NotReadable) as refused:
        view(views.Condition, {"code": {"coding": [{"code": "ok"}, {"code": {"secret": "Sentinel"}}]}})

    assert refused.value.why == reason("not-a-text", path="code.coding[1].code")
    assert "Sentinel" not in str(refused.value)


@pytest.mark.parametrize(
    ("elements", "words"),
    [
        ({"valueQuantity": {"value": "1,9"}}, "valueQuantity.value is no number"),
        ({"valueInteger": 1.5}, "valueInteger is no whole number"),
        ({"valueBoolean": "true"}, "valueBoolean is neither true nor false"),
        ({"valueString": ""}, "valueString is empty"),
        ({"effectiveDateTime": "in autumn"}, "effectiveDateTime is no FHIR date or time"),
        ({"status": "done"}, "status is none of the codes that FHIR allows"),
        ({"component": {}}, "component is no list"),
        ({"component": [5]}, "component[0] is a plain value where FHIR has an element with parts"),
        ({"component": [{}]}, "component[0].code is missing"),
        ({"valueString": "x", "valueInteger": 5}, "the resource has more than one value[x]"),
        (
            {"component": [{"code": {}, "valueString": "x", "valueInteger": 5}]},
            "component[0] has more than one value[x]",
        ),
    ],
)
def test_a_message_is_in_words_that_a_clinician_can_read(elements: dict[str, Any], words: str) -> None:
    with pytest.raises(NotReadable) as refused:
        view(views.Observation, BASE["Observation"] | elements)

    assert reason_words(refused.value.why, packaged()) == words


def test_every_element_that_is_refused_is_refused_in_our_words() -> None:
    said = set()
    for kind in BASE:
        for path, _, held in elements(getattr(views, kind)):
            for value in SHAPES if held else SCALARS:
                try:
                    view(getattr(views, kind), placed(kind, path, value))
                except NotReadable as refused:
                    said.add(reason_words(refused.why, packaged()))

    assert len(said) > 100
    assert [words for words in said if re.search(r"Expected|Invalid|`|\$|None|<", words)] == []


def test_two_forms_of_one_choice_are_refused() -> None:
    both = view(views.Patient, {"deceasedBoolean": True, "deceasedDateTime": "2026"})

    with pytest.raises(NotReadable, match="deceasedBoolean, deceasedDateTime"):
        one_of(both, "deceased_boolean", "deceased_date_time")


# What a process does first: eight threads that read every kind of resource, switching as often as they can.
FIRST_READS = """
import sys
from threading import Barrier, Thread

from service.fhir.read import views
from service.fhir.read.views import NotReadable, Valued, View, view

sys.setswitchinterval(1e-6)
together = Barrier(8)

def read() -> None:
    together.wait()
    for kind in (*View.__subclasses__(), *Valued.__subclasses__()):
        try:
            view(kind, {"status": "final", "code": {"coding": [{"code": "1"}]}})
        except NotReadable:
            pass

threads = [Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_the_first_reads_of_a_process_may_come_at_the_same_time() -> None:
    # The library crashes the whole process, one time in three, where types are worked out by several threads.
    codes = [subprocess.run([sys.executable, "-c", FIRST_READS], cwd=ROOT).returncode for _ in range(8)]

    assert codes == [0] * 8
