"""The prefilter never misses: what states a twitch passes it, however its JSON is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.fhir.read.prefilter import OPENS_THE_DOOR, Prefilter
from service.fhir.read.questionnaire import SITES
from service.fhir.references import OWN_CANONICAL
from tests.budget import tries
from tests.fhir.resources import condition, facts, observation, packaged, resource

SIEVE = Prefilter(packaged())
YEAR = 365.0
CODES = sorted(
    (system, code)
    for concept in packaged().concepts.values()
    if concept.kind in OPENS_THE_DOOR
    for system, code, meaning in concept.codes
    if meaning is not None
)
LINKS = sorted(c.id for c in packaged().concepts.values() if c.kind in OPENS_THE_DOOR)
OWN_ANSWERS = sorted(answer for own in packaged().own.values() for answer in own.get("answers", {}))


@st.composite
def codings(draw: st.DrawFn) -> dict[str, Any]:
    system, code = draw(st.sampled_from(CODES))
    if system in ("icd-10", "icd-10-cm"):
        code += draw(st.sampled_from(["", "1", "9"]))
        plain = code.replace(".", "")
        code = draw(st.sampled_from([code, plain, code.lower(), plain.lower()]))
    uris = sorted(uri for uri, name in packaged().systems.items() if name == system)
    return {"system": draw(st.sampled_from(uris)), "code": code}


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """A resource that may state a twitch, in any of the forms that we read."""
    concept = {"coding": [draw(codings())]}
    day = draw(st.sampled_from(["2026-11-20", "2026-02-01", "2025-01-01"]))
    answer = {"coding": [{"system": packaged().uris["own"], "code": draw(st.sampled_from(OWN_ANSWERS))}]}
    hand = {"valueCoding": {"system": packaged().uris["snomed"], "code": "85562004"}}
    link = draw(
        st.sampled_from(LINKS).map(lambda name: {"linkId": name, "answer": [{"valueBoolean": True}]})
        | st.sampled_from(sorted(SITES)).map(lambda name: {"linkId": name, "answer": [hand]})
    )
    forms = [
        condition(concept, recordedDate=day),
        condition(concept, recordedDate=day, clinicalStatus={"coding": [{"code": "resolved"}]}),
        observation(concept, effectiveDateTime=day, valueBoolean=True),
        observation(concept, effectiveDateTime=day, valueCodeableConcept=answer),
        observation({"text": "seen"}, effectiveDateTime=day, valueCodeableConcept=concept),
        observation({"text": "seen"}, effectiveDateTime=day, component=[{"code": concept}]),
        resource(
            "QuestionnaireResponse",
            status="completed",
            authored=day,
            questionnaire=f"{OWN_CANONICAL}Questionnaire/x",
            item=[link],
        ),
    ]
    return draw(st.sampled_from(forms))


@st.composite
def encoded(draw: st.DrawFn, value: Any) -> bytes:
    """The JSON of the value, with spaces or without, and any of its letters and digits escaped."""
    text = json.dumps(
        value,
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from([None, 2])),
        separators=draw(st.sampled_from([(",", ":"), (" , ", " : ")])),
    )
    escaped = draw(st.sampled_from(["", "2", "25", ".", "R", "-", "t"]))
    written = draw(st.sampled_from(["\\u{:04x}", "\\u{:04X}"]))
    return "".join(_in_string(text, escaped, written)).encode()


def _in_string(text: str, escaped: str, written: str) -> Any:
    inside = False
    for letter in text:
        inside ^= letter == '"'
        yield written.format(ord(letter)) if inside and letter in escaped else letter


@tries(500)
@given(data=st.data())
def test_what_states_a_twitch_passes_the_prefilter(data: st.DataObject) -> None:
    stated = data.draw(statements())
    raw = data.draw(encoded({"resourceType": "Bundle", "entry": [{"resource": stated}]}))

    twitch = facts(json.loads(raw)["entry"][0]["resource"]).twitch

    twitches = twitch.present.yes or twitch.recent(YEAR).yes
    assert SIEVE.may_twitch(raw) or not twitches


@pytest.mark.parametrize(("system", "code"), CODES)
def test_every_code_of_a_twitch_passes_the_prefilter(system: str, code: str) -> None:
    assert SIEVE.may_twitch(json.dumps({"system": system, "code": code}).encode())


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"code": "38341003"}', b'{"code": "R26"}', b"R25.3"])
def test_what_holds_no_such_code_does_not_pass(raw: bytes) -> None:
    assert not SIEVE.may_twitch(raw)
    assert not SIEVE.may_twitch(memoryview(raw))


def test_the_generated_statements_do_state_twitches() -> None:
    stated = condition({"coding": [{"system": packaged().uris["icd-10-cm"], "code": "r253"}]})

    assert facts(stated).twitch.present.yes
