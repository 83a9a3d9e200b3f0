"""Each answer of the Questionnaire twitch-history becomes the fact that it is meant to be."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from service.facts.truth import Truth
from service.fhir.read import read_facts
from service.fhir.read.record import entries, record_of
from service.knowledge import Knowledge

Artefacts = Mapping[str, dict[str, Any]]
ON = date(2026, 11, 23)
# A date and places, which are read with the twitch and are no concept of their own.
SITES = {"twitch-site": "", "twitch-site-left": "-left", "twitch-site-right": "-right"}
FAMILY = "family-history-of-mnd"


@pytest.fixture(scope="session")
def questions(artefacts: Artefacts) -> dict[str, dict[str, Any]]:
    return {item["linkId"]: item for item in _items(artefacts["Questionnaire/twitch-history"]["item"])}


def _items(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        if item["type"] != "group":
            yield item
        yield from _items(item.get("item", []))


def _facts(link_id: str, answer: dict[str, Any], knowledge: Knowledge) -> Any:
    return _answered([{"linkId": link_id, "answer": [answer]}], knowledge)


def _answered(items: list[dict[str, Any]], knowledge: Knowledge) -> Any:
    response = {
        "resourceType": "QuestionnaireResponse",
        "id": "r1",
        "status": "completed",
        "questionnaire": "https://twitch-cds.example/fhir/Questionnaire/twitch-history",
        "subject": {"reference": "Patient/p1"},
        "authored": "2026-11-20",
        "item": items,
    }
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": response}]}
    return read_facts(record_of(entries(bundle), knowledge), ON, knowledge).facts


def test_every_own_code_is_asked_or_measured(questions: dict[str, Any], knowledge: Knowledge) -> None:
    assert knowledge.own.keys() <= questions.keys()


def test_every_question_is_one_that_is_read(questions: dict[str, Any], knowledge: Knowledge) -> None:
    read = knowledge.own.keys() | knowledge.concepts.keys() | knowledge.analytes.keys()

    assert questions.keys() <= read


def test_what_could_raise_the_disposition_is_asked(questions: dict[str, Any], knowledge: Knowledge) -> None:
    """What is left out needs a date, a prescription or a known diagnosis beside the answer."""
    left_out = {"weakness-onset", "sudden-onset", "spreading", "lithium"}
    left_out |= {"breathing-difficulty", "guillain-barre"}

    assert knowledge.questions.keys() - questions.keys() <= left_out


def test_yes_and_no_become_facts(questions: dict[str, Any], knowledge: Knowledge) -> None:
    for link_id in (name for name, item in questions.items() if item["type"] == "boolean" and name != FAMILY):
        concepts = {m.concept for m in knowledge.meanings.find("own", link_id)} or {link_id}
        for answer, truth in ((True, Truth.YES), (False, Truth.NO)):
            facts = _facts(link_id, {"valueBoolean": answer}, knowledge)
            said = {(s.concept, s.truth) for group in facts.statements.values() for s in group}

            assert {(concept, truth) for concept in concepts} <= said, link_id


def test_the_family_is_asked_about_in_the_words_of_the_open_question(
    questions: dict[str, Any], knowledge: Knowledge
) -> None:
    for answer, truth in ((True, Truth.YES), (False, Truth.NO)):
        (relative,) = _facts(FAMILY, {"valueBoolean": answer}, knowledge).relatives

        assert (relative.concept, relative.first_degree) == ("motor-neuron-disease", truth)
    assert questions[FAMILY]["text"] == knowledge.questions[FAMILY]


def test_every_option_becomes_a_fact(questions: dict[str, Any], knowledge: Knowledge) -> None:
    for link_id, item in questions.items():
        if link_id in SITES or "answerOption" not in item:
            continue
        options = {option["valueCoding"]["code"]: option["valueCoding"] for option in item["answerOption"]}
        assert options.keys() == knowledge.own[link_id]["answers"].keys()
        for code, coding in options.items():
            assert coding["display"] == knowledge.own[link_id]["answers"][code]
            facts = _facts(link_id, {"valueCoding": coding}, knowledge)
            assert code in {s.value for group in facts.statements.values() for s in group}


@pytest.mark.parametrize("link_id", SITES)
def test_every_place_becomes_a_twitch_at_its_site_and_side(
    link_id: str, questions: dict[str, Any], knowledge: Knowledge
) -> None:
    options = [option["valueCoding"] for option in questions[link_id]["answerOption"]]
    read = [_facts(link_id, {"valueCoding": coding}, knowledge).twitch for coding in options]

    assert all(twitch.present.yes and len(twitch.sites) == 1 for twitch in read)
    sites = [place.site for twitch in read for place in twitch.places]
    assert [site for twitch in read for site in twitch.sites] == [f"{site}{SITES[link_id]}" for site in sites]
    assert len(set(sites)) == len(options)


def test_an_unpaired_site_is_asked_without_a_side(questions: dict[str, Any]) -> None:
    def asked(link_id: str) -> set[str]:
        return {option["valueCoding"]["code"] for option in questions[link_id]["answerOption"]}

    assert asked("twitch-site-left") == asked("twitch-site-right")
    assert asked("twitch-site") - asked("twitch-site-left") == {"21974007"}


def test_the_day_it_began_is_the_onset(knowledge: Knowledge) -> None:
    onset = {"linkId": "twitch-onset", "answer": [{"valueDate": "2026-08"}]}
    twitches = {"linkId": "fasciculation", "answer": [{"valueBoolean": True}]}

    assert not _answered([onset], knowledge).twitch.present.yes
    twitch = _answered([twitches, onset], knowledge).twitch
    assert twitch.onset is not None and twitch.onset.text == "2026-08"


def test_every_quantity_becomes_a_result(questions: dict[str, Any], knowledge: Knowledge) -> None:
    for link_id in (name for name, item in questions.items() if item["type"] == "quantity"):
        unit = questions[link_id]["extension"][0]["valueCoding"]["code"]
        quantity = {"value": 3, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
        (result,) = _facts(link_id, {"valueQuantity": quantity}, knowledge).results[link_id]

        assert result.amount is not None


def test_a_grade_below_full_strength_is_read(knowledge: Knowledge) -> None:
    facts = _facts("mrc-grade", {"valueInteger": 4}, knowledge)

    assert facts.statements or facts.results


def test_the_code_of_a_question_is_one_of_its_concept(
    questions: dict[str, Any], knowledge: Knowledge
) -> None:
    for link_id, item in questions.items():
        for coding in item.get("code", ()):
            system = knowledge.systems[coding["system"]]
            meant = {m.concept for m in knowledge.meanings.find(system, coding["code"])}
            measured = set(knowledge.analyte_codes.find(system, coding["code"]))

            assert (system == "own" and coding["code"] == link_id) or link_id in meant | measured, link_id


def test_a_question_depends_only_on_questions_that_are_there(questions: dict[str, Any]) -> None:
    for item in questions.values():
        for condition in item.get("enableWhen", ()):
            assert questions[condition["question"]]["type"] == "boolean"
