"""A call as clients really write it: what is needed, what is optional, and what is passed over."""

from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from tests.conformance import schemas
from tests.conformance.ehr import (
    ADDRESS,
    CARRIES,
    EMG,
    INSTANCE,
    RED_FLAGS,
    TWITCH,
    WEAKNESS,
    bundle,
    cards,
    post,
    request,
    searchset,
    suggestions,
)
from tests.web.trusted import bearing, token

each_hook = pytest.mark.parametrize("hook", CARRIES)
AUTHORIZATION = {
    "access_token": "some-opaque-fhir-access-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/Patient.rs user/Observation.rs",
    "subject": "cds-service4",
}
SERVER = "https://ehr.example/fhir/r4"


def outcome(answer: Any, status: int) -> dict[str, Any]:
    """The issue of an error, which is an OperationOutcome whatever it is about."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/fhir+json"
    assert schemas.faults(schemas.outcome(), answer.json) == []
    issue: dict[str, Any] = answer.json["issue"][0]
    return issue


# --- What is needed ------------------------------------------------------------------------------------


@pytest.mark.conformance("27", "40", "status-200")
@each_hook
def test_every_hook_is_answered_with_a_list_of_cards(client: FlaskClient, hook: str) -> None:
    answer = post(client, request(hook))

    assert (answer.status_code, list(answer.json)) == (200, ["cards"])


@pytest.mark.conformance("27", "43", "status-400")
@each_hook
@pytest.mark.parametrize("member", ["hook", "hookInstance", "context"])
@pytest.mark.parametrize("how", ["absent", "null", "number"])
def test_a_required_member_is_insisted_on(client: FlaskClient, hook: str, member: str, how: str) -> None:
    call = request(hook)
    if how == "absent":
        del call[member]
    else:
        call[member] = None if how == "null" else 7

    issue = outcome(post(client, call, ADDRESS[hook]), 400)

    assert issue["expression"] == [member]


@pytest.mark.conformance("27", "status-400")
@each_hook
@pytest.mark.parametrize("member", ["userId", "patientId"])
def test_user_and_patient_are_insisted_on(client: FlaskClient, hook: str, member: str) -> None:
    call = request(hook)
    del call["context"][member]

    assert outcome(post(client, call), 400)["expression"] == [f"context.{member}"]


@pytest.mark.conformance("27", "status-400")
@pytest.mark.parametrize(
    ("path", "hook"),
    [(path, hook) for path in sorted(set(ADDRESS.values())) for hook in CARRIES if ADDRESS[hook] != path],
)
def test_a_hook_of_another_service_is_refused(client: FlaskClient, path: str, hook: str) -> None:
    assert outcome(post(client, request(hook), path), 400)["expression"] == ["hook"]


@pytest.mark.conformance("status-400")
@pytest.mark.parametrize(
    "hook",
    ["order-dispatch", "encounter-discharge", "appointment-book", "medication-prescribe", "Patient-View"],
)
def test_a_hook_that_is_not_offered_is_refused_by_name(client: FlaskClient, hook: str) -> None:
    issue = outcome(post(client, {**request(), "hook": hook}, RED_FLAGS), 400)

    assert "patient-view" in issue["diagnostics"]


@pytest.mark.conformance("cds-r-1", "28", "status-400")
@each_hook
def test_an_authorization_without_its_server_is_refused(client: FlaskClient, hook: str) -> None:
    issue = outcome(post(client, request(hook, fhirAuthorization=AUTHORIZATION)), 400)

    assert issue["expression"] == ["fhirServer"]


@pytest.mark.conformance("cds-r-2", "28")
@pytest.mark.parametrize("scope", ["patient/*.read", "patient/Observation.rs", "launch patient/Condition.rs"])
@pytest.mark.parametrize("more", [{}, {"patient": "p1"}])
def test_a_scope_of_one_patient_is_served_with_and_without_the_patients_id(
    client: FlaskClient, scope: str, more: dict[str, str]
) -> None:
    authorization = {**AUTHORIZATION, "scope": scope, **more}

    answer = post(client, request("patient-view", fhirServer=SERVER, fhirAuthorization=authorization))

    assert answer.status_code == 200


@pytest.mark.conformance("28", "29")
@pytest.mark.parametrize("member", ["token_type", "expires_in", "scope", "subject"])
def test_an_authorization_needs_no_more_than_its_token(client: FlaskClient, member: str) -> None:
    authorization = {name: value for name, value in AUTHORIZATION.items() if name != member}

    assert post(client, request(fhirServer=SERVER, fhirAuthorization=authorization)).status_code == 200


# --- What is optional, and what is passed over ---------------------------------------------------------

EXTRAS = {
    "an extension": {"extension": {"com.example.client": {"any": ["thing", None, {}]}}},
    "an empty extension": {"extension": {}},
    "an extension that is a list": {"extension": [{"url": "x"}]},
    "a member of another version": {
        "user": "Practitioner/d1",
        "patient": "p1",
        "redirect": "https://x.example",
    },
    "a member of nobody": {"x-vendor": 1},
    "a server without a token": {"fhirServer": SERVER},
    "a server in http": {"fhirServer": "http://localhost:8080/fhir"},
    "nulls": {"fhirServer": None, "fhirAuthorization": None, "extension": None},
}
EPIC = {
    "com.epic.cdshooks.request.bpa-trigger-action": "23",
    "com.epic.cdshooks.request.cds-hooks-specification-version": "1.1",
    "com.epic.cdshooks.request.fhir-version": "R4",
    "com.epic.cdshooks.request.criteria-id": 17,
}


@pytest.mark.conformance("29", "73")
@pytest.mark.parametrize("extra", EXTRAS.values(), ids=EXTRAS)
def test_what_is_beyond_the_standard_changes_nothing(client: FlaskClient, extra: dict[str, Any]) -> None:
    plain = post(client, request("patient-view", TWITCH, WEAKNESS))

    assert post(client, {**request("patient-view", TWITCH, WEAKNESS), **extra}).json == plain.json


@pytest.mark.conformance("29", "75")
@each_hook
def test_members_of_a_context_that_the_hook_does_not_know_are_passed_over(
    client: FlaskClient, hook: str
) -> None:
    more = {"tenant": "a", "extension": {"x": 1}, "fulfillmentTasks": [], "performer": None}

    assert post(client, request(hook, TWITCH, context=more)).json == post(client, request(hook, TWITCH)).json


@pytest.mark.conformance("29")
def test_nobody_knows_a_key_that_was_not_asked_for(client: FlaskClient) -> None:
    call = request("patient-view", TWITCH)
    plain = post(client, call)
    call["prefetch"] |= {"coverage": None, "item1": {"resourceType": "Bundle"}, "": "<html>"}

    assert post(client, call).json == plain.json


@pytest.mark.conformance("29", "27")
@pytest.mark.parametrize(
    "instance",
    [
        INSTANCE,
        INSTANCE.upper(),
        "c1577c69-dfbe-11ec-ba6d-3e05e953b2ea",
        "{" + INSTANCE + "}",
        "not-a-uuid",
        "7",
    ],
)
def test_the_instance_is_a_name_and_no_more(client: FlaskClient, instance: str) -> None:
    assert cards(post(client, request("patient-view", TWITCH, hookInstance=instance)))


@pytest.mark.conformance("49")
def test_the_same_instance_gives_the_same_uuids_and_another_one_others(client: FlaskClient) -> None:
    first, again = (cards(post(client, request("patient-view", TWITCH, WEAKNESS))) for _ in range(2))
    other = cards(post(client, request("patient-view", TWITCH, WEAKNESS, hookInstance=INSTANCE[::-1])))

    assert first == again
    assert not {s["uuid"] for s in suggestions(first)} & {s["uuid"] for s in suggestions(other)}


@pytest.mark.conformance("patient-view")
@pytest.mark.parametrize("patient", ["p1", "Patient/p1"])
def test_a_patient_is_named_by_id_or_by_reference(client: FlaskClient, patient: str) -> None:
    call = request("patient-view", TWITCH, context={"patientId": patient})

    (order, *_) = [a["resource"] for s in suggestions(cards(post(client, call))) for a in s["actions"]]
    assert order["subject"] == {"reference": "Patient/p1"}


CLINICIANS = ("Practitioner/d1", "PractitionerRole/r1", "https://ehr.example/fhir/Practitioner/d1", "d1")
OTHERS = ("Patient/p1", "RelatedPerson/m1", "https://ehr.example/fhir/Patient/p1")


@pytest.mark.conformance("patient-view")
@pytest.mark.parametrize("user", [*CLINICIANS, *OTHERS])
@pytest.mark.parametrize("hook", ["patient-view", "order-sign"])
def test_cards_are_for_clinicians_in_whatever_form_they_are_named(
    client: FlaskClient, user: str, hook: str
) -> None:
    shown = cards(post(client, request(hook, TWITCH, WEAKNESS, context={"userId": user})))

    assert bool(shown) == (user in CLINICIANS)


@pytest.mark.conformance("patient-view", "encounter-start")
@pytest.mark.parametrize("encounter", ["e1", "Encounter/e1", None])
@pytest.mark.parametrize("hook", ["patient-view", "encounter-start"])
def test_an_encounter_is_optional_and_orders_belong_to_it(
    client: FlaskClient, hook: str, encounter: str | None
) -> None:
    call = request(hook, TWITCH, WEAKNESS, context={"encounterId": encounter})

    orders = [a["resource"] for s in suggestions(cards(post(client, call))) for a in s["actions"]]

    assert {order.get("encounter", {}).get("reference") for order in orders} == {encounter and "Encounter/e1"}


# --- The hooks that carry something --------------------------------------------------------------------


@pytest.mark.conformance("problem-list-item-create")
def test_a_problem_that_is_being_entered_counts_beside_the_record(client: FlaskClient) -> None:
    call = request("problem-list-item-create", WEAKNESS)

    assert "weakness" in cards(post(client, call))[0]["summary"]


@pytest.mark.conformance("problem-list-item-create")
def test_another_problem_is_met_with_silence(client: FlaskClient) -> None:
    cold = {**TWITCH, "code": {"coding": [{"system": "http://snomed.info/sct", "code": "444814009"}]}}
    call = request("problem-list-item-create", context={"conditions": bundle(cold)})

    assert cards(post(client, call)) == []


@pytest.mark.conformance("problem-list-item-create", "29")
def test_a_category_that_is_a_bare_text_is_no_obstacle(client: FlaskClient) -> None:
    """The example of the hook's own definition is not valid R4."""
    call = request(
        "problem-list-item-create",
        context={"conditions": bundle({**TWITCH, "category": "problem-list-item"}, WEAKNESS)},
    )

    assert cards(post(client, call))


@pytest.mark.conformance("order-select")
def test_only_what_is_selected_is_spoken_of(client: FlaskClient) -> None:
    medicine = {"resourceType": "MedicationRequest", "id": "m1", "status": "draft"}
    orders = {"draftOrders": bundle(EMG, medicine)}

    chosen = request(
        "order-select", TWITCH, WEAKNESS, context={**orders, "selections": ["ServiceRequest/emg"]}
    )
    other = request(
        "order-select", TWITCH, WEAKNESS, context={**orders, "selections": ["MedicationRequest/m1"]}
    )

    assert cards(post(client, chosen))
    assert cards(post(client, other)) == []


@pytest.mark.conformance("order-select", "41")
def test_orders_that_are_not_ours_are_met_with_silence_even_without_data(client: FlaskClient) -> None:
    drug = {"resourceType": "MedicationRequest", "id": "m1", "medicationCodeableConcept": {"text": "x"}}
    context = {"draftOrders": bundle(drug), "selections": ["MedicationRequest/m1"]}

    assert cards(post(client, request("order-select", context=context, prefetch={}))) == []


@pytest.mark.conformance("order-sign")
def test_what_is_being_signed_is_not_suggested_again(client: FlaskClient) -> None:
    shown = cards(post(client, request("order-sign", TWITCH, WEAKNESS)))

    created = [a for s in suggestions(shown) for a in s["actions"] if a["type"] == "create"]
    assert created
    assert not any("42803009" in orjson.dumps(action).decode() for action in created)


@pytest.mark.conformance("order-sign")
@pytest.mark.parametrize("length", [65, 190])
def test_the_id_of_a_draft_may_be_longer_than_fhir_allows(client: FlaskClient, length: int) -> None:
    draft = {**EMG, "id": "x" * length}
    call = request("order-sign", TWITCH, WEAKNESS, context={"draftOrders": bundle(draft)})

    updates = [
        a for s in suggestions(cards(post(client, call))) for a in s["actions"] if a["type"] == "update"
    ]

    assert [action["resource"]["id"] for action in updates] == [draft["id"]]


@pytest.mark.conformance("order-sign", "order-select", "problem-list-item-create", "status-400")
@pytest.mark.parametrize(
    ("hook", "member"),
    [
        ("order-sign", "draftOrders"),
        ("order-select", "draftOrders"),
        ("order-select", "selections"),
        ("problem-list-item-create", "conditions"),
    ],
)
def test_what_a_hook_is_about_is_insisted_on(client: FlaskClient, hook: str, member: str) -> None:
    call = request(hook)
    del call["context"][member]

    assert outcome(post(client, call), 400)["expression"] == [f"context.{member}"]


# --- Epic's dialect ------------------------------------------------------------------------------------


@pytest.mark.conformance("29", "prefetch-only-outcomes", "65", "64", "63")
def test_a_call_as_epic_writes_it_is_answered(client: FlaskClient) -> None:
    warning = {"severity": "warning", "code": "processing", "details": {"coding": [{"code": "4101"}]}}
    empty = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 0,
        "link": [{"relation": "self", "url": "https://ehr.example/fhir/r4/Observation?patient=p1"}],
        "entry": [
            {
                "fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001",
                "search": {"mode": "outcome"},
                "resource": {"resourceType": "OperationOutcome", "issue": [warning]},
            }
        ],
    }
    absolute = {**TWITCH, "subject": {"reference": "https://ehr.example/fhir/r4/Patient/p1"}}
    call = request(
        "patient-view",
        hookInstance="8d6cbb5a-8c5e-11ee-b9d1-0242ac120002",
        extension=EPIC,
        fhirServer=SERVER,
        fhirAuthorization={**AUTHORIZATION, "scope": "epic.cdsrequest.patient.read EPIC:USER.READ"},
        prefetch={"conditions": searchset(absolute, WEAKNESS), "observations": empty},
    )
    claims = {"nbf": 1, "sub": "https://ehr.example/fhir/r4"}
    header = {"Authorization": f"Bearer {token(RED_FLAGS, **claims)}"}

    answer = client.post(RED_FLAGS, json=call, headers=header)

    assert cards(answer)[0]["indicator"] == "warning"
    assert "observations" not in cards(answer)[0]["detail"]


@pytest.mark.conformance("62")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_of_the_token_has_no_case(client: FlaskClient, scheme: str) -> None:
    header = {"Authorization": bearing(RED_FLAGS)["Authorization"].replace("Bearer", scheme)}

    assert client.post(RED_FLAGS, json=request(), headers=header).status_code == 200


@pytest.mark.conformance("28")
@pytest.mark.parametrize("kind", ["Bearer", "bearer"])
def test_the_type_of_the_fhir_token_has_no_case(client: FlaskClient, kind: str) -> None:
    authorization = {**AUTHORIZATION, "token_type": kind}

    assert post(client, request(fhirServer=SERVER, fhirAuthorization=authorization)).status_code == 200


@pytest.mark.conformance("27")
@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/json; charset=utf-8", "application/fhir+json", "Application/JSON"],
)
def test_json_is_read_under_its_names(client: FlaskClient, kind: str) -> None:
    answer = client.post(
        RED_FLAGS, data=orjson.dumps(request()), content_type=kind, headers=bearing(RED_FLAGS)
    )

    assert answer.status_code == 200


@pytest.mark.conformance("40")
@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/fhir+json", "text/html", ""])
def test_an_answer_is_json_whatever_is_accepted(client: FlaskClient, accept: str) -> None:
    answer = client.post(RED_FLAGS, json=request(), headers={**bearing(RED_FLAGS), "Accept": accept})

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
