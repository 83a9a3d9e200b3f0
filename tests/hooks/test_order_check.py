"""What fasciculation-order-check says of draft orders, and when it is silent."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from service.errors import RecordNotAvailable
from service.hooks.hook import CallContext
from service.hooks.order_check import respond
from service.hooks.request import HookRequest

SNOMED, LOINC, OWN = "http://snomed.info/sct", "http://loinc.org", "https://ehr.example/orders"
EMG, NCS_TEXT = (SNOMED, "42803009"), "Nerve conduction studies"
BOTH = (SNOMED, "306276006")
MRI_BRAIN, MRI_NECK, CK = (LOINC, "24590-2"), (LOINC, "24935-9"), (LOINC, "2157-6")
REFERRAL, GENERIC, NEUROLOGY = (SNOMED, "183521007"), (SNOMED, "3457005"), (SNOMED, "394591006")

Sign = Callable[..., HookRequest]
Found = Callable[..., dict[str, Any]]


def coded(*codes: tuple[str, str], text: str | None = None) -> dict[str, Any]:
    listed = [{"system": system, "code": code} for system, code in codes]
    return {"coding": listed, **({"text": text} if text else {})}


def order(*codes: tuple[str, str], text: str | None = None, name: str = "o1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": name,
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "code": coded(*codes, text=text),
        **more,
    }


@pytest.fixture
def weakness() -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": "weak",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": coded((SNOMED, "26544005")),
        "subject": {"reference": "Patient/p1"},
        "onsetDateTime": "2026-10-01",
    }


@pytest.fixture
def sign(call: Callable[..., HookRequest], found: Found, twitch: dict[str, Any]) -> Sign:
    """Orders about to be signed for p1, whose calf has twitched for eleven weeks."""

    def request(
        *orders: Any, also: Any = (), context: Any = None, hook: str = "order-sign", **prefetch: Any
    ) -> Any:
        sent = call(conditions=found(twitch, *also), **prefetch)
        return replace(sent, hook=hook, context=context or {"draftOrders": found(*orders)})

    return request


def offers(reply: Any) -> list[str]:
    return [suggestion.kind for card in reply.cards for suggestion in card.suggestions]


@pytest.mark.parametrize(
    ("at_hand", "added"),
    [
        pytest.param(order(EMG), "ncs", id="EMG"),
        pytest.param(order(text=NCS_TEXT), "emg", id="nerve conduction studies, as we write them"),
    ],
)
def test_emg_and_nerve_conduction_studies_belong_together(
    sign: Sign, given: CallContext, at_hand: dict[str, Any], added: str
) -> None:
    reply = respond(sign(at_hand), given)

    assert offers(reply) == ["referral", added]
    assert reply.cards[0].selection_behavior == "any"
    assert reply.cards[0].source.topic.code == "TwitchOrderCheck"


def test_a_pair_is_not_completed_again(sign: Sign, given: CallContext) -> None:
    for orders in ([order(EMG), order(text=NCS_TEXT, name="o2")], [order(BOTH)]):
        assert offers(respond(sign(*orders), given)) == ["referral"]


@pytest.mark.conformance("order-sign")
def test_a_referral_among_the_orders_is_not_suggested_again(sign: Sign, given: CallContext) -> None:
    generic = order(GENERIC, name="o2", performerType=coded(NEUROLOGY))

    for referral in (order(REFERRAL, name="o2"), generic):
        assert offers(respond(sign(order(EMG), referral), given)) == ["ncs"]


def test_a_companion_alone_is_said_softly(sign: Sign, given: CallContext) -> None:
    (card,) = respond(sign(order(EMG), order(REFERRAL, name="o2")), given).cards

    assert card.indicator == "info"
    assert card.summary == "EMG without nerve conduction studies: they belong together"


@pytest.mark.parametrize("at_hand", [MRI_BRAIN, MRI_NECK], ids=["brain", "neck"])
def test_an_mri_leads_to_the_referral_that_the_assessment_suggests(
    sign: Sign, given: CallContext, at_hand: tuple[str, str]
) -> None:
    reply = respond(sign(order(at_hand)), given)

    assert offers(reply) == ["referral"]
    assert reply.cards[0].summary.endswith("refer to neurology (routine)")


def test_an_analyte_leads_to_the_rest_of_the_panel(sign: Sign, given: CallContext) -> None:
    reply = respond(sign(order(CK), order(REFERRAL, name="o2")), given)

    (panel,) = reply.cards[0].suggestions
    ordered = [action.resource["code"]["text"] for action in panel.actions]
    assert panel.kind == "blood-panel"
    assert "Potassium" in ordered
    assert not any("kinase" in text.lower() for text in ordered)


def test_a_neurology_referral_alone_is_right_as_it_is(sign: Sign, given: CallContext) -> None:
    assert respond(sign(order(REFERRAL)), given).cards == ()


def test_warning_signs_raise_the_priority_of_what_they_ask_for(
    sign: Sign, given: CallContext, weakness: dict[str, Any]
) -> None:
    orders = [
        order(EMG, note=[{"text": "left hand"}]),
        order(text=NCS_TEXT, name="o2", priority="urgent"),
        order(REFERRAL, name="o3", priority="routine"),
    ]

    (card,) = respond(sign(*orders, also=[weakness]), given).cards

    changes = [action for suggestion in card.suggestions for action in suggestion.actions]
    assert [action.type for action in changes] == ["update", "update"]
    assert changes[0].resource == {**orders[0], "priority": "urgent"}
    assert changes[1].resource == {**orders[2], "priority": "urgent"}
    assert card.indicator == "warning"
    assert card.summary.endswith("signs: ask for urgent electromyography and referral to neurology")


@pytest.mark.parametrize("priority", ["asap", "stat", "now", 7])
def test_what_is_soon_enough_or_not_understood_is_left_alone(
    sign: Sign, given: CallContext, weakness: dict[str, Any], priority: Any
) -> None:
    orders = [order(BOTH, priority=priority), order(REFERRAL, name="o2", priority="urgent")]

    assert respond(sign(*orders, also=[weakness]), given).cards == ()


def test_an_order_without_an_id_cannot_be_changed(
    sign: Sign, given: CallContext, weakness: dict[str, Any]
) -> None:
    nameless = {name: value for name, value in order(EMG).items() if name != "id"}

    assert offers(respond(sign(nameless, also=[weakness]), given)) == ["referral", "ncs"]


def test_without_urgency_no_priority_is_raised(sign: Sign, given: CallContext) -> None:
    assert "priority" not in offers(respond(sign(order(EMG)), given))


def test_what_was_done_lately_is_said(sign: Sign, given: CallContext, found: Found) -> None:
    done = {
        "resourceType": "Procedure",
        "id": "p",
        "status": "completed",
        "code": coded(BOTH),
        "subject": {"reference": "Patient/p1"},
        "performedDateTime": "2026-11-02",
    }

    (card,) = respond(sign(order(EMG), order(REFERRAL, name="o2"), procedures=found(done)), given).cards

    assert card.summary == "Already there: electromyography done 2 Nov; is it needed again?"
    assert card.indicator == "info"
    assert card.suggestions == ()
    assert card.selection_behavior is None


def test_the_orders_at_hand_are_not_what_was_ordered_lately(
    sign: Sign, given: CallContext, found: Found
) -> None:
    emg, referral = order(EMG, authoredOn="2026-11-23"), order(REFERRAL, name="o2", authoredOn="2026-11-23")

    reply = respond(sign(emg, referral, serviceRequests=found(emg, referral)), given)

    assert offers(reply) == ["ncs"]
    assert "lately" not in reply.cards[0].detail


@pytest.mark.conformance("order-select")
def test_only_what_was_selected_is_checked_and_all_drafts_count_as_there(
    sign: Sign, given: CallContext, found: Found
) -> None:
    drafts = found(order(EMG), order(REFERRAL, name="o2"), order((OWN, "1"), name="o3"))

    def select(*selections: Any) -> list[str]:
        context = {"draftOrders": drafts, "selections": list(selections)}
        return offers(respond(sign(context=context, hook="order-select"), given))

    assert select("ServiceRequest/o1") == ["ncs"]
    assert select("https://ehr.example/fhir/ServiceRequest/o1") == ["ncs"]
    assert select("ServiceRequest/o3") == []
    assert select("o1") == ["ncs"]
    assert select("o3") == []
    assert select("ServiceRequest/o9") == select("o9") == ["ncs"]  # which of them was meant nobody can tell
    assert select("MedicationRequest/o1", None, {}, 7) == []
    assert select() == []


ODD = {
    "a medicine": {"resourceType": "MedicationRequest", "id": "m", "medicationReference": {"reference": "x"}},
    "an order of a site's own": order((OWN, "42803009")),
    "free text": order(text="please look at his arm"),
    "no code": {"resourceType": "ServiceRequest", "id": "o"},
    "a code that is a text": {"resourceType": "ServiceRequest", "id": "o", "code": "EMG"},
    "codings that are no list": {"resourceType": "ServiceRequest", "code": {"coding": {"code": "42803009"}}},
    "codings that are none": {"resourceType": "ServiceRequest", "code": {"coding": [None, 1, {"code": []}]}},
    "a text that is a number": {"resourceType": "ServiceRequest", "code": {"text": 7}},
    "an order not to do it": order(EMG, doNotPerform=True),
    "an order that was withdrawn": order(EMG, status="revoked"),
    "a status that is an object": {"resourceType": "ServiceRequest", "status": {}, "code": []},
    "a type that is a list": {"resourceType": ["ServiceRequest"], "code": coded(EMG)},
    "no type": {"code": coded(EMG)},
    "null": None,
    "a text": "ServiceRequest/o1",
    "a list": [order(EMG)],
    "a number": 7,
}


@pytest.mark.conformance("order-select", "order-sign")
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_other_and_odd_orders_are_met_with_silence_before_the_prefetch_is_looked_at(
    sign: Sign, given: CallContext, odd: Any
) -> None:
    request = replace(sign(odd), prefetch={})

    assert respond(request, given).cards == ()


@pytest.mark.parametrize(
    "drafts", [[], {}, None, "orders", [None], {"entry": None}, {"entry": {}}, 7], ids=repr
)
def test_drafts_of_any_shape_are_no_failure(sign: Sign, given: CallContext, drafts: Any) -> None:
    assert respond(sign(context={"draftOrders": drafts}), given).cards == ()


@pytest.mark.parametrize(
    "wrap", [lambda o: [o], lambda o: o, lambda o: {"entry": [o]}], ids=["list", "one", "bare"]
)
def test_drafts_may_come_without_their_bundle(sign: Sign, given: CallContext, wrap: Any) -> None:
    assert "ncs" in offers(respond(sign(context={"draftOrders": wrap(order(EMG))}), given))


def test_an_id_as_long_as_epics_is_no_obstacle(
    sign: Sign, given: CallContext, weakness: dict[str, Any]
) -> None:
    reply = respond(sign(order(EMG, name="x" * 190), also=[weakness]), given)

    assert "priority" in offers(reply)


def test_without_a_twitch_there_is_nothing_to_check(
    call: Callable[..., HookRequest], found: Found, given: CallContext
) -> None:
    request = replace(call(), hook="order-sign", context={"draftOrders": found(order(EMG))})

    assert respond(request, given).cards == ()


def test_an_order_that_matters_without_the_record_is_not_silence(sign: Sign, given: CallContext) -> None:
    with pytest.raises(RecordNotAvailable):
        respond(replace(sign(order(EMG)), prefetch={}), given)


def test_a_part_of_the_record_that_calls_for_no_card_is_not_silence(
    sign: Sign, given: CallContext, found: Found
) -> None:
    cut_off = found(link=[{"relation": "next", "url": "https://ehr.example/2"}])

    with pytest.raises(RecordNotAvailable, match="observations"):
        respond(sign(order(BOTH), order(REFERRAL, name="o2"), observations=cut_off), given)


def test_a_twitch_that_cannot_be_read_is_said(
    call: Callable[..., HookRequest], found: Found, twitch: dict[str, Any], given: CallContext
) -> None:
    broken = found({**twitch, "onsetDateTime": "last spring"})
    request = replace(call(conditions=broken), hook="order-sign", context={"draftOrders": found(order(EMG))})

    (card,) = respond(request, given).cards

    assert card.source.topic.code == "TwitchNotEvaluated"


def test_patients_are_not_told(sign: Sign, given: CallContext) -> None:
    assert respond(replace(sign(order(EMG)), user="Patient/p1"), given).cards == ()


def test_a_same_day_assessment_is_as_loud_and_as_lasting_as_on_the_chart(
    sign: Sign, given: CallContext, found: Found
) -> None:
    potassium = {
        "resourceType": "Observation",
        "id": "k",
        "status": "final",
        "code": coded((LOINC, "2823-3")),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-23",
        "valueQuantity": {
            "value": 2.1,
            "unit": "mmol/L",
            "system": "http://unitsofmeasure.org",
            "code": "mmol/L",
        },
    }

    (card,) = respond(sign(order((LOINC, "2823-3")), observations=found(potassium)), given).cards

    assert card.indicator == "critical"
    assert card.source.topic.code == "TwitchSameDay"
    assert card.suggestions[0].actions[0].resource["priority"] == "stat"
    assert "as an emergency today" in card.summary


def test_only_the_gravest_sign_says_why(sign: Sign, given: CallContext, weakness: dict[str, Any]) -> None:
    (card,) = respond(sign(order(EMG), also=[weakness]), given).cards

    why = card.detail.partition("**Why:**")[2]

    assert why.startswith(" Weakness with fasciculation")
    assert "benign" not in card.detail and "](https://" in why
