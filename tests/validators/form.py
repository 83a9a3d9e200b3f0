"""What a form filler makes of a Questionnaire: a response in which every enabled question is answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
PROFILE = "https://twitch-cds.example/fhir/StructureDefinition/twitch-history-response"


def response(questionnaire: Json, name: str, choose: int | None) -> Json:
    """Everything answered yes, with the option at `choose`; or without one everything no, and no choice."""
    given: dict[str, Any] = {}
    items = list(_items(questionnaire["item"], choose, given))
    return {
        "resourceType": "QuestionnaireResponse",
        "id": name,
        "meta": {"profile": [PROFILE]},
        "questionnaire": f"{questionnaire['url']}|{questionnaire['version']}",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "authored": "2026-11-20T09:00:00Z",
        "item": items,
    }


def _items(asked: list[Json], choose: int | None, given: dict[str, Any]) -> Iterator[Json]:
    for item in asked:
        if item["type"] == "group":
            yield {"linkId": item["linkId"], "item": list(_items(item["item"], choose, given))}
        elif _enabled(item, given):
            answers = _answers(item, choose)
            given[item["linkId"]] = answers
            if answers:
                yield {"linkId": item["linkId"], "answer": answers}


def _enabled(item: Json, given: dict[str, Any]) -> bool:
    """Whether one of the answers that the question depends on was given; all of ours are yes or no."""
    conditions = item.get("enableWhen", [])
    met = [{"valueBoolean": c["answerBoolean"]} in given.get(c["question"], []) for c in conditions]
    return not conditions or any(met)


def _answers(item: Json, choose: int | None) -> list[Json]:
    kind = item["type"]
    if kind == "boolean":
        return [{"valueBoolean": choose is not None}]
    if choose is None:
        return []
    if kind == "choice":
        options = item["answerOption"]
        return options if item.get("repeats") else [options[choose]]
    if kind == "quantity":
        unit = item["extension"][0]["valueCoding"]["code"]
        quantity = {"value": 7, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
        return [{"valueQuantity": quantity}]
    return [{"valueDate": "2026-08"} if kind == "date" else {"valueInteger": 4}]
