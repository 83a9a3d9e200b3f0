"""The shapes of an assessment, of FHIR resources and of what operators read, to describe the interface."""

from __future__ import annotations

from marshmallow import fields, validate

from service.assessment import Disposition
from service.facts.truth import Truth
from service.fhir.read.record import BUNDLE_TYPES
from service.web.schemas.shapes import Shape, listed, may, said

TRUTHS = validate.OneOf([truth.name for truth in Truth])
DISPOSITIONS = validate.OneOf([str(disposition) for disposition in Disposition])
A_DAY = "a day, month or year"

# Of a Bundle only what is insisted on; the resources are FHIR's to describe.
BUNDLE = {
    "type": "object",
    "required": ["resourceType", "type"],
    "properties": {
        "resourceType": {"const": "Bundle"},
        "type": {"enum": list(BUNDLE_TYPES)},
        "entry": {
            "type": "array",
            "items": {},
            "description": "Each with its resource. One that cannot be read is set aside and named.",
        },
    },
}


class RangeSchema(Shape):
    """An amount that is known within limits; null is no limit."""

    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)


class TwitchSchema(Shape):
    """What the record says of the twitch itself."""

    present = fields.String(validate=TRUTHS, required=True)
    onset = fields.String(**said(f"When it began: {A_DAY}.", null=True))
    durationDays = fields.Nested(RangeSchema, required=True, allow_none=True)  # noqa: N815
    sites = fields.List(fields.String(), required=True)
    regions = fields.List(fields.String(), required=True)
    spreading = fields.String(validate=TRUTHS, required=True)


class BasisSchema(Shape):
    """What a finding rests on."""

    fact = fields.String(**said("Its id in the knowledge."))
    says = fields.String(**said("The same in words."))
    source = fields.String(**said("The resource that states it.", null=True))
    date = fields.String(**said(f"Of when it is: {A_DAY}.", null=True))
    note = fields.String(**may("What else to know of it."))


class FindingSchema(Shape):
    """The answer of one rule."""

    rule = fields.String(required=True)
    truth = fields.String(validate=TRUTHS, required=True)
    disposition = fields.String(validate=DISPOSITIONS, required=True, allow_none=True)
    says = fields.String(required=True)
    basis = listed(BasisSchema, "What it rests on.")
    evidence = fields.List(fields.String(), **said("Ids of the claims that it cites."))
    explainedBy = fields.String(**may("The known diagnosis that explains it."))  # noqa: N815


class ReferralSchema(Shape):
    """Whether to refer, how soon, and what is under way."""

    suggest = fields.Boolean(required=True)
    specialty = fields.String(required=True)
    priority = fields.String(required=True, allow_none=True)
    inPlaceSince = fields.String(required=True, allow_none=True)  # noqa: N815
    expedite = fields.Boolean(required=True)
    note = fields.String(required=True, allow_none=True)


class ContributorSchema(Shape):
    """What may explain the twitch or feed it."""

    id = fields.String(required=True)
    basis = listed(BasisSchema, "What it rests on.")


class FollowUpSchema(Shape):
    """An abnormal result that is to be measured again."""

    value = fields.String(**said("With its unit.", null=True))
    date = fields.String(**said("As the record writes it.", null=True))
    within = fields.String(**said("By when, counted from the day, as an ISO 8601 duration."))


class SuggestedTestSchema(Shape):
    """A test, and why it is suggested or withheld."""

    id = fields.String(required=True)
    reason = fields.String()
    withheld = fields.String(**said("Why it is not suggested.", null=True))
    analytes = fields.List(fields.String())
    recommended = fields.Boolean(**said("The pathway asks for it now; else it is only offered."))
    withheldAnalytes = fields.Dict(keys=fields.String(), values=fields.String())  # noqa: N815
    followUp = fields.Dict(keys=fields.String(), values=fields.Nested(FollowUpSchema))  # noqa: N815


class StepSchema(Shape):
    """A step of the lifestyle advice."""

    id = fields.String(required=True)
    withheld = fields.List(fields.String(), **said("Parts that would harm this patient."))
    says = fields.String(**said("The advice, without those parts.", null=True))
    why = fields.List(fields.String(), **said("Why it matters for this patient."))


class ConsiderationSchema(Shape):
    """A condition that the findings fit, for a neurologist to tell apart; never a diagnosis."""

    id = fields.String(required=True)
    because = fields.List(fields.String(), **said("The rules that it rests on."))
    known = fields.Boolean(**said("The record holds the diagnosis already."))


class QuestionSchema(Shape):
    """What is not known and could raise the disposition."""

    fact = fields.String(required=True)
    ask = fields.String(required=True)
    why = fields.String(required=True)
    couldRaise = fields.String(validate=DISPOSITIONS, required=True)  # noqa: N815


class UnreadableSchema(Shape):
    """A resource that was set aside."""

    resource = fields.String(required=True)
    reason = fields.String(required=True)


class MentionSchema(Shape):
    """An entry that names a twitch in words alone, and may be asked about; never the words themselves."""

    source = fields.String(required=True)
    date = fields.String(**said("As the record writes it.", null=True))


class UnreadMedicineSchema(Shape):
    """A medicine in use that no known code and no name tells."""

    source = fields.String(required=True)
    date = fields.String(**said("As the record writes it.", null=True))


class AssessmentSchema(Shape):
    """Everything that was decided about one patient on one day."""

    on = fields.Date(**said("The day."))
    pathway = fields.String(**said("Which disposition each rule asks for."))
    knowledgeVersion = fields.String(required=True)  # noqa: N815
    disposition = fields.String(validate=DISPOSITIONS, **said("How soon the patient should be seen."))
    twitch = fields.Nested(TwitchSchema, required=True)
    findings = listed(FindingSchema, "Those that are YES or UNKNOWN; with all=true also those that are NO.")
    referral = fields.Nested(ReferralSchema, required=True)
    contributors = listed(ContributorSchema, "What may explain the twitch or feed it.")
    tests = listed(SuggestedTestSchema, "The tests that belong to it.")
    lifestyle = listed(StepSchema, "Steps against benign twitching.")
    considerations = listed(ConsiderationSchema, "What the findings fit, for a neurologist to tell apart.")
    openQuestions = listed(QuestionSchema, "What to ask the patient next.")  # noqa: N815
    mentions = listed(MentionSchema, "A twitch in words alone: decides nothing, may be asked about.")
    unreadMedicines = listed(UnreadMedicineSchema, "In use, but neither code nor name tells which.")  # noqa: N815
    otherSubjects = fields.Integer(**said("Resources about other patients, which were not used."))  # noqa: N815
    unreadable = listed(UnreadableSchema, "What could not be read, and so is unknown.")


class IssueSchema(Shape):
    """One problem."""

    severity = fields.String(validate=validate.OneOf(("error", "fatal")), required=True)
    code = fields.String(**said("Of IssueType."))
    diagnostics = fields.String(**said("What happened and what to do next."))
    expression = fields.List(fields.String(), **may("The members at fault."))


class OutcomeSchema(Shape):
    """A FHIR OperationOutcome."""

    resourceType = fields.String(validate=validate.OneOf(("OperationOutcome",)), required=True)  # noqa: N815
    issue = listed(IssueSchema, "What is the matter.")


class AliveSchema(Shape):
    """The process answers."""

    status = fields.String(validate=validate.OneOf(("alive",)), required=True)


class ReadySchema(Shape):
    """What the service answers by, and what it has to do without."""

    status = fields.String(validate=validate.OneOf(("ready", "degraded")), required=True)
    version = fields.String(required=True)
    knowledgeVersion = fields.String(required=True)  # noqa: N815
    store = fields.String(validate=validate.OneOf(("ok", "failing", "replaced", "outdated")), required=True)
    lostRows = fields.Integer(**said("Audit rows that this worker could not write."))  # noqa: N815
    problems = fields.List(fields.String(), **said("In words for the operator."))
