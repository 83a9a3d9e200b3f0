"""The one sentence of a card: the most important fact first, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from service.answers import Basis
from service.cards.card import Kind
from service.cards.markdown import plain, small
from service.findings import Assessment, Disposition, RuleKind
from service.knowledge import Knowledge

# CDS Hooks wants fewer than 140 characters.
LONGEST = 139
_MOST_FACTS = 3

# What a rule that is YES is called in a sentence about twitching. A rule stands in one of three ways:
# as the subject, as something about the twitching, or as something beside it.
SUBJECT: Mapping[str, str] = {
    "respiratory-compromise": "Signs of failing breathing with weakness or bulbar symptoms",
    "critical-electrolytes": "Critical electrolyte value",
    "lithium-toxicity": "Possible lithium toxicity",
    "rapid-weakness": "Weakness progressing within four weeks",
    "sudden-deficit": "Sudden weakness or speech difficulty",
    "saddle-numbness": "Saddle numbness",
    "tongue-fasciculation": "Twitching or wasting of the tongue",
    "eyelid-twitch-persisting": "Persistent eyelid twitching",
    "blepharospasm": "Spasm or twitching around the eye",
}
ABOUT: Mapping[str, str] = {
    "twitch-over-two-weeks": "for over two weeks",
    "spreading-twitch": "spreading to another site",
    "persists-despite-lifestyle": "despite lifestyle changes",
    "twitch-at-rest-without-trigger": "at rest without a trigger",
}
BESIDE: Mapping[str, str] = {
    "muscle-weakness": "muscle weakness",
    "muscle-atrophy": "muscle wasting",
    "speech-difficulty": "slurred or difficult speech",
    "swallowing-difficulty": "difficulty swallowing",
    "breathing-difficulty": "unexplained breathlessness",
    "upper-motor-neuron-signs": "upper motor neuron signs",
    "unexplained-weight-loss": "unintended weight loss",
    "sensory-change": "numbness or tingling",
    "cramping": "muscle cramps",
    "family-history-of-mnd": "a family history of motor neuron disease or dementia",
    "red-flag-cluster": "several warning signs",
}


def summary_of(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> str:
    """One sentence of fewer than 140 characters; where it would be longer it names fewer facts."""
    if kind is Kind.NOT_EVALUATED:
        return "Muscle twitching could not be evaluated: part of the record could not be read"
    driving, action = _driving(assessment), _action(kind, assessment, knowledge)
    newer = _newer(assessment) if kind is Kind.IN_PLACE else []
    if newer:
        driving, action = newer, f"new since {action.replace(' in place since', ' of')}, let them know"
    for count in range(min(len(driving), _MOST_FACTS), 0, -1):
        sentence = f"{_opening(driving[:count], assessment, knowledge)}: {action}"
        if len(sentence) <= LONGEST:
            return sentence
    return f"{_without_facts(assessment, knowledge)}: {action}"


def lifestyle_summary(assessment: Assessment, knowledge: Knowledge) -> str:
    """The sentence of a lifestyle card that stands beside another card."""
    return f"Lifestyle steps for twitching; review by {review_day(assessment, knowledge)}"


def review_day(assessment: Assessment, knowledge: Knowledge) -> str:
    """The day by which the patient is to be seen again."""
    return (assessment.on + timedelta(days=knowledge.safety_net["review_days"])).isoformat()


def listed(items: Sequence[str]) -> str:
    """The items as a phrase: a, b and c."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1]))) if items else ""


def diagnosis_words(diagnosis: str, knowledge: Knowledge) -> str:
    """A diagnosis that explains findings, in words; motor neuron disease itself has no block of its own."""
    known = knowledge.diagnoses.get(diagnosis)
    return known.words if known else knowledge.words(diagnosis)


def _driving(assessment: Assessment) -> list[str]:
    """The rules and contributors that ask for the disposition; the cluster only where it asks alone."""
    asked = assessment.disposition
    rules = [f.rule for f in assessment.raised if f.disposition == asked]
    alone = [rule for rule in rules if rule != "red-flag-cluster"] or rules
    # What is treatable and measured comes first: a low potassium before the cramps that it makes.
    said: set[Basis] = set()
    measured = []
    for contributor in assessment.contributors:
        if contributor.disposition == asked and not said.issuperset(contributor.basis):
            measured.append(contributor.id)
            said.update(contributor.basis)
    return measured + alone


def _newer(assessment: Assessment) -> list[str]:
    """Motor flags that began after the referral: whoever waits for the patient does not know of them."""
    since = assessment.referral.in_place_since or ""
    newer = []
    for finding in assessment.raised:
        days = [basis.earliest.first.isoformat() for basis in finding.answer.basis if basis.earliest]
        if finding.kind is RuleKind.MOTOR and days and since and min(days) > since[:10]:
            newer.append(finding.rule)
    return newer


def _opening(rules: Sequence[str], assessment: Assessment, knowledge: Knowledge) -> str:
    subjects = [SUBJECT[rule] for rule in rules if rule in SUBJECT]
    about = [ABOUT[rule] for rule in rules if rule in ABOUT]
    others = [rule for rule in rules if rule not in SUBJECT and rule not in ABOUT]
    beside = [_beside(rule, assessment, knowledge) for rule in others]
    head = subjects[0] + _value(rules, assessment) if subjects else _twitching(assessment)
    beside = [small(other) for other in subjects[1:]] + beside
    return " ".join(filter(None, (head, ", ".join(about), f"with {listed(beside)}" if beside else "")))


def _beside(rule: str, assessment: Assessment, knowledge: Knowledge) -> str:
    """A contributor by its title and its results; the result of an electrolyte or a vitamin names itself."""
    results = _results(rule, assessment)
    if results and rule in ("electrolyte-imbalance", "nutritional-deficiency"):
        return results
    title = BESIDE.get(rule) or small(knowledge.rules[rule].says)
    return f"{title} ({results})" if results else title


def _results(contributor: str, assessment: Assessment) -> str:
    """The results for which a contributor is named."""
    found = [basis.fact for c in assessment.contributors if c.id == contributor for basis in c.basis]
    results = [plain(fact, 40) for fact in found if any(sign.isdigit() for sign in fact)]
    return listed(results[:2])


def _value(rules: Sequence[str], assessment: Assessment) -> str:
    """The critical result itself, because the number is the message."""
    if rules[0] not in ("critical-electrolytes", "lithium-toxicity"):
        return ""
    found = next(f for f in assessment.raised if f.rule == rules[0])
    results = [plain(b.fact, 40) for b in found.answer.basis if any(sign.isdigit() for sign in b.fact)]
    return f" ({results[0]})" if results else ""


def _twitching(assessment: Assessment) -> str:
    twitch = assessment.twitch
    if not twitch.present.yes:
        return "Recent twitching"
    return "Eyelid twitching" if twitch.confined_to_eyelid.yes else "Twitching"


def _without_facts(assessment: Assessment, knowledge: Knowledge) -> str:
    """The opening of a lifestyle card: what was not asked is not the same as nothing found."""
    twitching = _twitching(assessment)
    if assessment.disposition is not Disposition.LIFESTYLE:
        return twitching
    explaining = next((f.explained_by for f in assessment.findings if f.explained_by), None)
    if explaining:
        return f"{twitching} explained by known {diagnosis_words(explaining, knowledge).partition(' (')[0]}"
    if assessment.open_questions:
        return f"{twitching}, warning signs not all documented"
    return f"{twitching} without a warning sign"


def _action(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> str:
    referral = assessment.referral
    specialty = referral.specialty.replace("-", " ")
    if kind is Kind.SAME_DAY:
        return (
            "acute neurological assessment today" if referral.suggest else "act today and repeat the test now"
        )
    since = plain(referral.in_place_since or "", 10)
    actions = {
        Kind.URGENT: f"refer to {specialty} urgently (within 2 weeks)",
        Kind.ROUTINE: f"refer to {specialty} (routine)",
        Kind.EXPEDITE: f"newer than the {specialty} referral of {since}, ask to expedite it",
        Kind.IN_PLACE: f"{specialty} referral in place since {since}",
        Kind.REVIEW: "primary-care review with a neurological examination",
    }
    return actions.get(kind) or f"lifestyle steps, review by {review_day(assessment, knowledge)}"
