"""The one sentence of a card: the most important fact first, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from service.assessment import Assessment, Disposition
from service.cards.card import Kind
from service.cards.markdown import plain, small
from service.cards.phrases import day_words, how_long, listed, measured
from service.cards.whole import SAID_WHOLE
from service.facts.answers import Basis
from service.facts.reasons import NOT_RECORDED
from service.knowledge import Knowledge
from service.knowledge.words import fact_words

# CDS Hooks wants fewer than 140 characters.
LONGEST = 139
_MOST_FACTS = 3
REVIEW = "review in primary care with a neurological examination"

# What a rule that is YES is called in a sentence about twitching. A rule stands in one of three ways:
# as the subject, as something about the twitching, or as something beside it.
SUBJECT: Mapping[str, str] = {
    "respiratory-compromise": "Possible failure of the breathing muscles",
    "critical-electrolytes": "Critical electrolyte value",
    "lithium-toxicity": "Possible lithium toxicity",
    "rapid-weakness": "Weakness progressing within four weeks",
    "sudden-deficit": "Sudden weakness or speech difficulty",
    "saddle-numbness": "Saddle numbness",
    "tongue-fasciculation": "Twitching or wasting of the tongue",
    "eyelid-twitch-persisting": "Eyelid twitching",
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
    "ocular-weakness": "a drooping eyelid or double vision",
    "suspected-mnd": "a suspected motor neuron disease",
    "abnormal-emg": "an abnormal electromyogram or nerve study",
    "sensory-change": "numbness or tingling",
    "cramping": "muscle cramps",
    "family-history-of-mnd": "a family history of motor neuron disease or dementia",
    "red-flag-cluster": "several warning signs",
}
# Which step of the lifestyle advice answers a contributor; alcohol has a daily habit and no step.
ALCOHOL = "alcohol"
ANSWERS: Mapping[str, str] = {
    "stress-anxiety": "stress",
    "caffeine": "caffeine",
    "short-sleep": "sleep",
    "dehydration": "hydration",
    "exertion": "stretching",
    ALCOHOL: ALCOHOL,
}


def summary_of(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> str:
    """One sentence of fewer than 140 characters; where it would be longer it names fewer facts."""
    if kind is Kind.NOT_EVALUATED:
        return "Muscle twitching could not be evaluated: part of the record could not be read"
    if kind in SAID_WHOLE:
        return knowledge.cards[SAID_WHOLE[kind]]["summary"]
    driving, action = _driving(assessment), _action(kind, assessment, knowledge)
    newer = newer_than_referral(assessment) if kind is Kind.EXPEDITE else []
    since = _new_since(assessment) if kind is Kind.EXPEDITE else ""
    driving = newer or driving
    for count in range(min(len(driving), _MOST_FACTS), 0, -1):
        sentence = f"{_opening(driving[:count], assessment, knowledge)}{since}: {action}"
        if len(sentence) <= LONGEST:
            return sentence
    sentence = f"{_without_facts(assessment, knowledge)}{since}: {action}"
    return sentence if len(sentence) <= LONGEST else f"{_twitching(assessment)}{since}: {action}"


def lifestyle_summary(assessment: Assessment, knowledge: Knowledge) -> str:
    """The sentence of a lifestyle card that stands beside another card."""
    matter = _matter(assessment, knowledge)
    first = f", first on {matter}" if matter else ""
    return f"Advise lifestyle steps{first}; review by {review_day(assessment, knowledge)}"


def _matter(assessment: Assessment, knowledge: Knowledge) -> str:
    """The steps that answer a contributor of this patient, in words: "caffeine, sleep and stress"."""
    offered = {step.id for step in assessment.lifestyle}
    answers = {ANSWERS.get(contributor.id) for contributor in assessment.contributors}
    titles = [small(step.title) for step in knowledge.lifestyle if step.id in offered & answers]
    titles += [ALCOHOL] if offered and ALCOHOL in answers else []
    return listed(titles) if len(titles) <= _MOST_FACTS else ""


def review_day(assessment: Assessment, knowledge: Knowledge) -> str:
    """The day by which the patient is to be seen again."""
    on = assessment.on
    return day_words((on + timedelta(days=knowledge.safety_net["review_days"])).isoformat(), on.year)


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


def newer_than_referral(assessment: Assessment) -> list[str]:
    """Motor flags that came after the referral: whoever waits for the patient does not know of them."""
    return [f.rule for f in assessment.raised if f.rule in assessment.referral.newer]


def _new_since(assessment: Assessment) -> str:
    since = day_words(assessment.referral.in_place_since or "", assessment.on.year)
    return f", new since the {_specialty(assessment)} referral of {since}"


def _specialty(assessment: Assessment) -> str:
    return assessment.referral.specialty.replace("-", " ")


def _opening(rules: Sequence[str], assessment: Assessment, knowledge: Knowledge) -> str:
    subjects = [SUBJECT[rule] for rule in rules if rule in SUBJECT]
    about = [_about(rule, assessment) for rule in rules if rule in ABOUT]
    others = [rule for rule in rules if rule not in SUBJECT and rule not in ABOUT]
    beside = [words for rule in others for words in _beside(rule, assessment, knowledge)]
    head = subjects[0] + _value(rules, assessment, knowledge) if subjects else _twitching(assessment)
    if "eyelid-twitch-persisting" in rules:
        about = [how_long(assessment.twitch) or ABOUT["twitch-over-two-weeks"], *about]
    beside = [small(other) for other in subjects[1:]] + beside
    return " ".join(filter(None, (head, ", ".join(about), f"with {listed(beside)}" if beside else "")))


def _about(rule: str, assessment: Assessment) -> str:
    """What is said of the twitching; its duration is the patient's own where the record tells it."""
    lasted = how_long(assessment.twitch) if rule == "twitch-over-two-weeks" else ""
    return lasted or ABOUT[rule]


def _beside(rule: str, assessment: Assessment, knowledge: Knowledge) -> list[str]:
    """A contributor by its title and its results; the result of an electrolyte or a vitamin names itself."""
    results = _results(rule, assessment, knowledge)
    if results and rule in ("electrolyte-imbalance", "nutritional-deficiency"):
        return results
    title = BESIDE.get(rule) or small(knowledge.rules[rule].says)
    return [f"{title} ({listed(results)})" if results else title]


def _results(contributor: str, assessment: Assessment, knowledge: Knowledge) -> list[str]:
    """The results for which a contributor is named."""
    bases = (basis for c in assessment.contributors if c.id == contributor for basis in c.basis)
    found = [fact_words(basis, knowledge) for basis in bases]
    return [measured(plain(fact, 40)) for fact in found if any(sign.isdigit() for sign in fact)][:2]


def _value(rules: Sequence[str], assessment: Assessment, knowledge: Knowledge) -> str:
    """The critical result itself, because the number is the message."""
    if rules[0] not in ("critical-electrolytes", "lithium-toxicity"):
        return ""
    found = next(f for f in assessment.raised if f.rule == rules[0])
    facts = [fact_words(basis, knowledge) for basis in found.answer.basis]
    results = [plain(fact, 40) for fact in facts if any(sign.isdigit() for sign in fact)]
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
    lasting = f"{twitching} {how_long(assessment.twitch)}".rstrip()
    if unclear := _unclear(assessment):
        return f"{lasting}, {unclear} recorded but unclear"
    if assessment.open_questions:
        return f"{lasting}, warning signs not all documented"
    return f"{lasting} without a warning sign"


def _unclear(assessment: Assessment) -> str:
    """The motor sign of the first question, where the record speaks of it in a way that leaves it open.

    Breathlessness beside a heart or lung disease is open too, but nobody recorded it unclearly.
    """
    first = next(iter(assessment.open_questions), None)
    if first is None or first.why == NOT_RECORDED or first.fact == "breathing-difficulty":
        return ""
    return BESIDE.get(first.fact, "")


def _action(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> str:
    """What to do, beginning with a verb."""
    referral, specialty = assessment.referral, _specialty(assessment)
    if kind is Kind.SAME_DAY:
        return (
            "send for acute neurological assessment today"
            if referral.suggest
            else "assess as an emergency today, repeat the test now"
        )
    since = day_words(referral.in_place_since or "", assessment.on.year)
    actions = {
        Kind.URGENT: f"refer to {specialty} urgently (within 2 weeks)",
        Kind.ROUTINE: f"refer to {specialty} (routine)",
        Kind.EXPEDITE: "ask to expedite it",
        Kind.IN_PLACE: f"{specialty} referral in place since {since}",
    }
    if kind is Kind.REVIEW:
        treatable = any(c.disposition == assessment.disposition for c in assessment.contributors)
        return f"{'treat the cause, ' if treatable else ''}{REVIEW}"
    return actions.get(kind) or _steps(assessment, knowledge)


def _steps(assessment: Assessment, knowledge: Knowledge) -> str:
    matter = _matter(assessment, knowledge)
    advise = f"advise on {matter}" if matter else "advise lifestyle steps"
    ask = "ask, then " if assessment.open_questions else ""
    return f"{ask}{advise}; review by {review_day(assessment, knowledge)}"
