"""The shapes of what CDS Hooks calls bring and are answered with, for the description of the interface.

`cards` and `feedback` write the answers; the tests hold what they write against these.
A member that is not required may be missing. Names are those of the wire.
"""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from service.hooks import SERVICES
from service.web.schemas.calls import CallSchema
from service.web.schemas.feedback import MOST_ITEMS, OUTCOMES


class Shape(Schema):
    """An object with these members and no others."""

    class Meta:
        unknown = RAISE


def said(words: str, **more: Any) -> dict[str, Any]:
    """The options of a member that is always there, and says this."""
    return {"required": True, **may(words, **more)}


def may(words: str, *, null: bool = False, **metadata: Any) -> dict[str, Any]:
    """The options of a member that may be missing, and otherwise says this; with `null` it may be null."""
    return {"allow_none": null, "metadata": {"description": words, **metadata}}


def listed(shape: type[Schema], words: str) -> fields.List[Any]:
    """A list of such objects, which is always there."""
    return fields.List(fields.Nested(shape), **said(words))


def address(**options: Any) -> fields.String:
    """An absolute URL."""
    return fields.String(**options, metadata={"format": "uri"})


class HookCallSchema(CallSchema):
    """A call as CDS Hooks defines it."""

    hook = fields.String(
        validate=validate.OneOf(sorted({hook for service in SERVICES for hook in service.hook_names})),
        **said("One of the hooks that discovery lists for the service."),
    )
    prefetch = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(allow_none=True),
        allow_none=True,
        metadata={
            "description": "By key of the discovery document: a resource, a searchset Bundle, or null where"
            " there is none. Conditions and observations are required, here or through fhirServer."
        },
    )


class ServiceSchema(Shape):
    """One entry of the discovery document: a service on a hook."""

    hook = fields.String(**said("On which hook it is called."))
    id = fields.String(**said("The last part of its address."))
    title = fields.String(**said("What it is called."))
    description = fields.String(**said("What it does."))
    prefetch = fields.Dict(
        keys=fields.String(), values=fields.String(), **said("Templates of what to send, by key.")
    )
    usageRequirements = fields.String(**may("What it needs."))  # noqa: N815
    version = fields.String(**may("The version of the service."))


class DiscoverySchema(Shape):
    """The discovery document."""

    services = fields.List(fields.Nested(ServiceSchema), required=True)


class CodingSchema(Shape):
    """A code of a system."""

    code = fields.String(required=True)
    system = fields.String(required=True)
    display = fields.String(required=True)


class SourceSchema(Shape):
    """Who says so."""

    label = fields.String(required=True)
    url = address()
    icon = address()
    topic = fields.Nested(CodingSchema, **may("What the card is about; stable across versions."))


class ActionSchema(Shape):
    """What accepting does."""

    type = fields.String(validate=validate.OneOf(("create", "update", "delete")), required=True)
    description = fields.String(required=True)
    resource = fields.Dict(**may("A draft order: a FHIR R4 resource."))


class SuggestionSchema(Shape):
    """What can be accepted with one click."""

    uuid = fields.UUID(**may("Feedback names it."))
    label = fields.String(required=True)
    isRecommended = fields.Boolean()  # noqa: N815
    actions = fields.List(fields.Nested(ActionSchema), required=True)


class LinkSchema(Shape):
    """Where to read on."""

    label = fields.String(required=True)
    url = address(required=True)
    type = fields.String(validate=validate.OneOf(("absolute", "smart")), required=True)


class CardSchema(Shape):
    """What the clinician reads."""

    uuid = fields.UUID(**may("Feedback names it."))
    summary = fields.String(validate=validate.Length(max=139), **said("One sentence."))
    indicator = fields.String(
        validate=validate.OneOf(("info", "warning", "critical")), **said("How urgent it is.")
    )
    source = fields.Nested(SourceSchema, required=True)
    detail = fields.String(**may("What was found and was not, why it matters, on what evidence; Markdown."))
    suggestions = fields.List(fields.Nested(SuggestionSchema))
    selectionBehavior = fields.String(validate=validate.OneOf(("any", "at-most-one")))  # noqa: N815
    overrideReasons = fields.List(fields.Nested(CodingSchema))  # noqa: N815
    links = fields.List(fields.Nested(LinkSchema))


class CardsSchema(Shape):
    """The answer to a hook call."""

    cards = fields.List(fields.Nested(CardSchema), **said("None where there is nothing to say."))


class AcceptedSchema(Shape):
    """A suggestion that was accepted."""

    id = fields.UUID(**said("The UUID of the suggestion."))


class FeedbackItemSchema(Schema):
    """What a clinician did with one card."""

    card = fields.UUID(**said("The UUID of the card."))
    outcome = fields.String(validate=validate.OneOf(OUTCOMES), required=True)
    outcomeTimestamp = fields.DateTime(**said("When; in UTC or with its offset."))  # noqa: N815
    acceptedSuggestions = fields.List(fields.Nested(AcceptedSchema), allow_none=True)  # noqa: N815
    overrideReason = fields.Raw(  # noqa: N815
        **may(
            "Why it was not followed: `reason` with the `code` and `system` of one of the card's reasons, or"
            " of the site's own, in whatever form the EHR has. What cannot be read is not kept, nor is"
            " `userComment`."
        )
    )


class FeedbackSchema(Schema):
    """Feedback on cards, item by item."""

    feedback = fields.List(
        fields.Nested(FeedbackItemSchema), required=True, validate=validate.Length(max=MOST_ITEMS)
    )


class TallySchema(Shape):
    """How often something was shown, and what became of it."""

    shown = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    overridden = fields.Integer(required=True)
    acceptance = fields.Float(**said("The share that was accepted; null without any feedback.", null=True))


class TopicTallySchema(TallySchema):
    """A topic of cards."""

    topic = fields.String(required=True)


class RuleTallySchema(TallySchema):
    """A rule that led to cards."""

    rule = fields.String(required=True)


class KindTallySchema(TallySchema):
    """A kind of suggestion."""

    kind = fields.String(required=True)


class ReasonCountSchema(Shape):
    """An override reason, by topic."""

    topic = fields.String(required=True)
    reason = fields.String(required=True)
    count = fields.Integer(required=True)


class SummarySchema(Shape):
    """Feedback, counted."""

    cards = fields.Nested(TallySchema, required=True)
    unknownCards = fields.Integer(**said("Feedback on cards that are not known here."))  # noqa: N815
    topics = listed(TopicTallySchema, "By topic.")
    rules = listed(RuleTallySchema, "By rule.")
    suggestions = listed(KindTallySchema, "By kind of suggestion.")
    overrideReasons = listed(ReasonCountSchema, "Why cards were not followed.")  # noqa: N815
