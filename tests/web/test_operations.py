"""The operations for FHIR-native clients: what they answer, and that a failure looks like one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient

from fhir_profiles.scripts.artefact import RESOURCES
from service.assessment import Assessment
from service.assessment_json import assessment_json
from service.cards import build
from service.knowledge import Knowledge
from tests.patients.stories import PATHWAYS, Story, knowledge, stories
from tests.web.conftest import ON

APPLY = "/fhir/PlanDefinition/fasciculation-red-flags/$apply"
EVALUATE = "/fhir/$evaluate"
STORIES = stories()
Json = dict[str, Any]

each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
# Each patient by the first pathway, and by the others those about whom these decide otherwise.
DECISIONS = {
    f"{story.name} by {pathway}": (story, pathway)
    for story in STORIES
    for pathway in PATHWAYS
    if pathway == PATHWAYS[0] or story.dispositions[pathway] != story.dispositions[PATHWAYS[0]]
}
each_decision = pytest.mark.parametrize(("story", "pathway"), DECISIONS.values(), ids=DECISIONS)
each_operation = pytest.mark.parametrize("path", [APPLY, EVALUATE])


@pytest.fixture
def client(shared_client: FlaskClient) -> FlaskClient:
    return shared_client


def parameters(bundle: Any, *, subject: str | None = None, **more: Json) -> Json:
    """The call of an operation; `more` are parameters by name, each with its value member."""
    given: list[Json] = [{"name": "data", "resource": bundle}] if bundle is not None else []
    if subject:
        given.append({"name": "subject", "valueString": subject})
    given += [{"name": name, **value} for name, value in more.items()]
    return {"resourceType": "Parameters", "parameter": given}


def of(story: Story, pathway: str) -> dict[str, Json]:
    return {"on": {"valueDate": story.on.isoformat()}, "pathway": {"valueCode": pathway}}


def patient_of(bundle: Json) -> str:
    return next(e["resource"]["id"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")


def applied(client: FlaskClient, bundle: Json, **more: Json) -> Json:
    answer = client.post(APPLY, json=parameters(bundle, subject=patient_of(bundle), **more))
    assert answer.status_code == 200
    assert answer.content_type == "application/fhir+json"
    plan: Json = answer.get_json()
    assert get_fhir_model_class("CarePlan").model_validate(plan)
    return plan


def evaluated(client: FlaskClient, bundle: Json, **more: Json) -> list[Json]:
    answer = client.post(EVALUATE, json=parameters(bundle, **more))
    assert answer.status_code == 200
    assert answer.content_type == "application/fhir+json"
    assert get_fhir_model_class("Parameters").model_validate(answer.get_json())
    parts: list[Json] = answer.get_json()["parameter"]
    return parts


def test_what_the_guide_says_to_send_is_answered(client: FlaskClient) -> None:
    guide = (Path(__file__).parents[2] / "fhir_profiles" / "README.md").read_text()
    call, feedback = (orjson.loads(part.partition("```")[0]) for part in guide.split("```json\n")[1:])

    plan = client.post(APPLY, json=call)
    call["parameter"] = [part for part in call["parameter"] if part["name"] != "subject"]
    answers = {part["name"]: part for part in client.post(EVALUATE, json=call).get_json()["parameter"]}
    kept = client.post("/cds-services/fasciculation-red-flags/feedback", json=feedback)

    assert plan.get_json()["resourceType"] == "CarePlan"
    assert answers["pathway"]["valueCode"] == "nice-ng127"
    assert answers["disposition"]["valueCode"] == "primary-care-review"
    assert kept.status_code == 200


def is_refused(answer: Any, status: int, *words: str) -> bool:
    outcome = answer.get_json()
    assert get_fhir_model_class("OperationOutcome").model_validate(outcome)
    said = outcome["issue"][0]["diagnostics"]
    return answer.status_code == status and all(word in said for word in words)


# --- $apply -----------------------------------------------------------------------------------------


@each_decision
def test_a_plan_proposes_what_the_cards_suggest(
    client: FlaskClient, story: Story, pathway: str, knowledge: Knowledge
) -> None:
    plan = applied(client, story.bundle, **of(story, pathway))

    cards = build(story.assessment(pathway), knowledge)
    suggestions = [suggestion for card in cards for suggestion in card.suggestions]
    orders = [action.resource for suggestion in suggestions for action in suggestion.actions]
    assert plan["category"][0]["coding"][0]["code"] == story.dispositions[pathway]
    assert [action["title"] for action in actions(plan)] == [s.label for s in suggestions]
    assert [a["precheckBehavior"] == "yes" for a in actions(plan)] == [s.is_recommended for s in suggestions]
    assert [without_definition(order) for order in ordered(plan)] == orders
    if cards:
        assert plan["title"] == cards[0].summary
        assert plan["note"][0]["text"] == cards[0].detail


def actions(plan: Json) -> list[Json]:
    """The actions of the RequestGroup to which the plan's first activity leads."""
    references = [a["reference"]["reference"] for a in plan.get("activity", ()) if "reference" in a]
    contained = {f"#{resource['id']}": resource for resource in plan.get("contained", ())}
    return [action for reference in references for action in contained[reference]["action"]]


def ordered(plan: Json) -> Iterator[Json]:
    """The orders to which the actions lead, in their order."""
    contained = {f"#{resource['id']}": resource for resource in plan.get("contained", ())}
    for action in actions(plan):
        for each in action.get("action", [action]):
            yield contained[each["resource"]["reference"]]


def without_definition(order: Json) -> Json:
    return {name: value for name, value in order.items() if name not in ("id", "instantiatesCanonical")}


@each_story
def test_every_order_of_a_plan_is_contained_once_and_names_an_activity(
    client: FlaskClient, story: Story
) -> None:
    plan = applied(client, story.bundle, **of(story, "early-referral"))

    contained = plan.get("contained", [])
    assert [r["id"] for r in contained if r["resourceType"] == "ServiceRequest"] == [
        order["id"] for order in ordered(plan)
    ]
    for canonical in {c for order in ordered(plan) for c in order["instantiatesCanonical"]}:
        address, _, version = canonical.partition("|")
        file = RESOURCES / f"ActivityDefinition-{address.rpartition('/')[2]}.json"
        definition = orjson.loads(file.read_bytes())
        assert (definition["url"], definition["version"]) == (address, version)


def test_a_plan_is_a_proposal_of_the_plan_definition_for_the_patient(
    client: FlaskClient, teacher: Json
) -> None:
    plan = applied(client, teacher, encounter={"valueString": "e1"})

    group = plan["contained"][0]
    definition = orjson.loads((RESOURCES / "PlanDefinition-fasciculation-red-flags.json").read_bytes())
    for resource in (plan, group):
        assert (resource["status"], resource["intent"]) == ("draft", "proposal")
        assert resource["subject"] == {"reference": "Patient/teacher"}
        assert resource["encounter"] == {"reference": "Encounter/e1"}
        assert resource["instantiatesCanonical"] == [f"{definition['url']}|{definition['version']}"]
    assert plan["created"] == group["authoredOn"] == ON.isoformat()
    assert all(order["encounter"] == {"reference": "Encounter/e1"} for order in ordered(plan))


def test_a_blood_panel_is_one_proposal_with_one_order_an_analyte(client: FlaskClient, teacher: Json) -> None:
    panel = next(a for a in actions(applied(client, teacher)) if "blood panel" in a["title"])

    assert panel["selectionBehavior"] == "any"
    assert len(panel["action"]) > 10


def test_lifestyle_advice_is_an_activity_without_an_order(client: FlaskClient) -> None:
    story = next(story for story in STORIES if story.name == "student-eyelid")

    plan = applied(client, story.bundle, **of(story, "nice-ng127"))

    (advice,) = [activity["detail"] for activity in plan["activity"] if "detail" in activity]
    assert "Caffeine" in advice["description"]
    assert advice["instantiatesCanonical"][0].partition("|")[0].endswith("/lifestyle-education")


def record(*resources: Json) -> Json:
    whole = [{"resourceType": "Patient", "id": "p1"}, *resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in whole]}


FASCICULATION = {"coding": [{"system": "http://snomed.info/sct", "code": "82470000"}]}


def twitching(**more: Any) -> Json:
    said = {"resourceType": "Condition", "id": "c1", "subject": {"reference": "Patient/p1"}}
    return {**said, "code": FASCICULATION, "recordedDate": "2026-11-01", **more}


REFUTED = {"coding": [{"code": "refuted"}]}
ALS = {"coding": [{"system": "http://snomed.info/sct", "code": "86044005"}]}


@pytest.mark.parametrize(
    ("bundle", "words"),
    [
        (record(), "no muscle twitching is on record"),
        (record(twitching(verificationStatus=REFUTED)), "the patient does not twitch"),
        (record(twitching(), twitching(id="c2", code=ALS)), "under specialist care"),
        (record(twitching(subject={"reference": "Patient/p2"})), "other patients were passed over: 1"),
        (
            record(twitching(verificationStatus=REFUTED), twitching(id="c2", onsetDateTime=5)),
            "could not be read: 1 (Condition/c2)",
        ),
    ],
)
def test_where_nothing_is_advised_the_plan_says_so_and_why(
    client: FlaskClient, bundle: Json, words: str
) -> None:
    plan = applied(client, bundle)

    assert plan["title"] == "Muscle twitching: nothing is advised"
    assert "activity" not in plan and "contained" not in plan
    assert "The record was evaluated" in plan["note"][0]["text"]
    assert words in plan["note"][0]["text"]


def test_of_the_dead_nothing_is_asked(client: FlaskClient) -> None:
    bundle = record(twitching())
    bundle["entry"][0]["resource"]["deceasedBoolean"] = True

    assert "has died" in applied(client, bundle)["note"][0]["text"]


def test_a_twitch_that_could_not_be_read_is_not_nothing(client: FlaskClient) -> None:
    plan = applied(client, record(twitching(onsetDateTime=5)))

    assert "nothing is advised" not in plan["title"]


@pytest.mark.parametrize(
    "subject",
    ["teacher", "Patient/teacher", "https://ehr.example/fhir/Patient/teacher"],
)
def test_a_subject_is_named_in_any_form(client: FlaskClient, teacher: Json, subject: str) -> None:
    plan = client.post(APPLY, json=parameters(teacher, subject=subject)).get_json()

    assert plan["subject"] == {"reference": "Patient/teacher"}
    assert plan["activity"]


@pytest.mark.parametrize("subject", ["Group/g1", "Patient/", "Patient/a b", "", "Patient/p1/x"])
def test_a_subject_that_is_no_patient_is_refused(client: FlaskClient, teacher: Json, subject: str) -> None:
    asked = parameters(teacher)
    asked["parameter"].append({"name": "subject", "valueString": subject})

    assert is_refused(client.post(APPLY, json=asked), 400, "subject")


def test_an_encounter_of_another_type_is_refused(client: FlaskClient, teacher: Json) -> None:
    asked = parameters(teacher, subject="teacher", encounter={"valueString": "Patient/e1"})

    assert is_refused(client.post(APPLY, json=asked), 400, "encounter", "Encounter/e1")


def test_what_r4_adds_to_apply_is_passed_over(client: FlaskClient, teacher: Json) -> None:
    more = {"practitioner": {"valueString": "Practitioner/1"}, "setting": {"valueCodeableConcept": {}}}

    assert applied(client, teacher, **more) == applied(client, teacher)


def test_only_a_plan_that_a_record_answers_can_be_applied(client: FlaskClient, teacher: Json) -> None:
    asked = parameters(teacher, subject="teacher")
    plans = "/fhir/PlanDefinition"

    check = client.post(f"{plans}/fasciculation-order-check/$apply", json=asked)
    none = client.post(f"{plans}/none/$apply", json=asked)

    assert is_refused(check, 404, "POST /cds-services/fasciculation-order-check")
    assert is_refused(none, 404, "PlanDefinition/fasciculation-red-flags")


# --- $evaluate --------------------------------------------------------------------------------------


@each_decision
def test_the_parameters_say_what_the_json_of_evaluate_says(
    client: FlaskClient, story: Story, pathway: str
) -> None:
    parts = evaluated(client, story.bundle, **of(story, pathway), all={"valueBoolean": True})

    assessment: Assessment = story.assessment(pathway)
    assert told(parts) == from_json(assessment_json(assessment, knowledge(), every_rule=True))


def told(parts: list[Json]) -> Any:
    """Parts as (name, value) pairs, by name; those of one name in their order."""
    return by_name([(p["name"], told(p["part"]) if "part" in p else _value(p)) for p in parts])


def by_name(pairs: list[Any]) -> list[Any]:
    return sorted(pairs, key=lambda pair: str(pair[0]))


def _value(part: Json) -> Any:
    (value,) = [value for member, value in part.items() if member.startswith("value")]
    if isinstance(value, dict) and ("low" in value or "high" in value):
        return {end: quantity["value"] for end, quantity in value.items()}
    return next(iter(value.values())) if isinstance(value, dict) else value


def from_json(answer: Json) -> Any:
    """The same pairs, made of the JSON of /evaluate."""
    singular = {"findings": "finding", "contributors": "contributor", "tests": "test"}
    singular |= {"openQuestions": "openQuestion", "sites": "site", "regions": "region", "analytes": "analyte"}
    singular |= {
        "unreadMedicines": "unreadMedicine",
        "considerations": "consideration",
        "mentions": "mention",
    }
    pairs: list[Any] = []
    for name, value in answer.items():
        if name == "withheldAnalytes":
            pairs += [("withheldAnalyte", f"{analyte}: {why}") for analyte, why in value.items()]
        elif name == "followUp":
            pairs += [(name, from_json({"analyte": analyte, **one})) for analyte, one in value.items()]
        elif name == "durationDays":
            ends = {end: days for end, days in (value or {}).items() if days is not None}
            pairs += [("duration", ends)] if ends else []
        elif isinstance(value, list):
            each = singular.get(name, name)
            pairs += [(each, from_json(one) if isinstance(one, dict) else one) for one in value]
        elif isinstance(value, dict):
            pairs.append((name, from_json(value)))
        elif value is not None:
            pairs.append((name, value))
    return by_name(pairs)


@each_story
def test_the_parameters_are_those_that_the_operation_declares(client: FlaskClient, story: Story) -> None:
    definition = orjson.loads((RESOURCES / "OperationDefinition-evaluate.json").read_bytes())
    declared = [p for p in definition["parameter"] if p["use"] == "out"]

    assert not list(
        undeclared(evaluated(client, story.bundle, **of(story, "early-referral")), declared, "evaluate")
    )


def undeclared(parts: list[Json], declared: list[Json], where: str) -> Iterator[str]:
    """Every departure from the definition: a name, a type, how often, a code outside its value set."""
    known = {parameter["name"]: parameter for parameter in declared}
    for name in {part["name"] for part in parts} - known.keys():
        yield f"{where}.{name} is not declared"
    for name, parameter in known.items():
        given = [part for part in parts if part["name"] == name]
        most = float("inf") if parameter["max"] == "*" else int(parameter["max"])
        if not parameter["min"] <= len(given) <= most:
            yield f"{where}.{name} is there {len(given)} times"
        for part in given:
            if "part" in parameter:
                yield from undeclared(part["part"], parameter["part"], f"{where}.{name}")
                continue
            member = f"value{parameter['type'][:1].upper()}{parameter['type'][1:]}"
            if part.keys() != {"name", member}:
                yield f"{where}.{name} is no {parameter['type']}"
            elif "binding" in parameter and part[member] not in codes(parameter["binding"]["valueSet"]):
                yield f"{where}.{name} holds a code that is not in its value set"


def codes(value_set: str) -> set[str]:
    name = value_set.rpartition("/")[2].removeprefix("all-")
    system = orjson.loads((RESOURCES / f"CodeSystem-{name}.json").read_bytes())
    return {concept["code"] for concept in system["concept"]}


def test_a_medicine_that_nothing_tells_is_a_part_as_declared(client: FlaskClient, teacher: Json) -> None:
    nameless = {"resourceType": "MedicationStatement", "id": "m1", "status": "active"}
    definition = orjson.loads((RESOURCES / "OperationDefinition-evaluate.json").read_bytes())
    declared = [p for p in definition["parameter"] if p["use"] == "out"]

    parts = evaluated(client, {**teacher, "entry": [*teacher["entry"], {"resource": nameless}]})

    (unread,) = [part for part in parts if part["name"] == "unreadMedicine"]
    assert unread["part"] == [{"name": "source", "valueReference": {"reference": "MedicationStatement/m1"}}]
    assert not list(undeclared(parts, declared, "evaluate"))


def test_one_of_several_patients_is_named(client: FlaskClient, teacher: Json) -> None:
    other = {"resource": {"resourceType": "Patient", "id": "other"}}
    both = {**teacher, "entry": [*teacher["entry"], other]}

    assert is_refused(client.post(EVALUATE, json=parameters(both)), 422, "2 patients")
    parts = evaluated(client, both, patient={"valueString": "teacher"})
    assert {"name": "disposition", "valueCode": "urgent-referral"} in parts
    assert {"name": "otherSubjects", "valueInteger": 1} in parts


def test_without_a_day_it_is_today(client: FlaskClient, teacher: Json) -> None:
    assert evaluated(client, teacher)[0] == {"name": "on", "valueDate": ON.isoformat()}


# --- What neither can read --------------------------------------------------------------------------


@each_operation
@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ([], 400, "Parameters"),
        ({}, 400, "Parameters"),
        ({"resourceType": "Bundle", "type": "collection"}, 400, "Parameters"),
        ({"resourceType": "Parameters"}, 400, "missing"),
        ({"resourceType": "Parameters", "parameter": {}}, 400, "list"),
        ({"resourceType": "Parameters", "parameter": [1]}, 400, "list"),
        (parameters({}, subject="p1"), 400, "data"),
        (parameters({"resourceType": "Patient"}), 400, ""),
        (parameters(record(), on={"valueDate": "2026-13-01"}), 400, ""),
        (parameters(record(), on={"valueString": "2026-11-01"}), 400, "valueDate"),
        (parameters(record(), pathway={"valueCode": 5}), 400, "valueCode"),
        (parameters(record(), dataEndpoint={"resource": {}}), 400, "Unknown parameter"),
    ],
)
def test_what_is_not_understood_is_refused(
    client: FlaskClient, path: str, body: Any, status: int, word: str
) -> None:
    assert is_refused(client.post(path, json=body), status, word)


@pytest.mark.parametrize(
    ("path", "given"), [(APPLY, [{"name": "subject", "valueString": "p1"}]), (EVALUATE, [])]
)
def test_a_wrong_value_is_refused_with_the_parameter_at_fault(
    client: FlaskClient, path: str, given: list[Json]
) -> None:
    def asked(*more: Json) -> Any:
        whole = [*given, {"name": "data", "resource": record()}, *more]
        return client.post(path, json={"resourceType": "Parameters", "parameter": whole})

    assert is_refused(asked({"name": "pathway", "valueCode": "none"}), 400, "Unknown pathway")
    assert is_refused(asked({"name": "on", "valueDate": "2026-11"}), 400, "2026-11-23")
    assert is_refused(asked({"name": "data", "resource": record()}), 400, "data is given more than once")
    twice = asked({"name": "on", "valueDate": "2026-11-01"}, {"name": "on", "valueDate": "2026-11-02"})
    assert twice.get_json()["issue"][0]["expression"] == ["Parameters.parameter.where(name = 'on')"]


@each_operation
def test_what_is_no_json_or_too_much_is_refused_as_everywhere(client: FlaskClient, path: str) -> None:
    assert is_refused(client.post(path, data="{", content_type="application/fhir+json"), 400, "JSON")
    assert is_refused(client.post(path, data="<a/>", content_type="application/fhir+xml"), 415, "JSON")


@each_operation
def test_an_answer_in_xml_is_refused_before_anything_is_read(client: FlaskClient, path: str) -> None:
    answer = client.post(path, json=[], headers={"Accept": "application/fhir+xml"})

    assert is_refused(answer, 406, "JSON")
