"""What may explain a twitch or feed it (decision-model §5), one function a contributor.

A contributor tailors the advice and the blood panel and is named on the card. It
never removes a red flag. Only what is YES is a contributor: an unknown one is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from service.assessment import Contributor, Disposition
from service.facts import Facts
from service.facts.amounts import Amount
from service.facts.answers import NO, Answer, any_of, not_recorded, unknown
from service.facts.results import Result
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.rules.rule import Question, asked_once

OWN_TRIGGER = "twitch-trigger"

ELECTROLYTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "potassium": ("low-potassium", "high-potassium"),
        "sodium": ("low-sodium",),
        "calcium-adjusted": ("low-calcium", "high-calcium", "calcium-or-magnesium-disorder"),
        "magnesium": ("low-magnesium", "calcium-or-magnesium-disorder"),
    }
)
NUTRIENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "b12": ("b12-deficiency",),
        "vitamin-d": ("vitamin-d-deficiency",),
        "magnesium": ("low-magnesium",),
        # Folate and the other B vitamins are read as diagnoses only.
        "": ("b-vitamin-deficiency",),
    }
)
THYROID: Mapping[str, tuple[str, ...]] = MappingProxyType({"tsh": ("thyroid-disease",)})


def contributors(facts: Facts, knowledge: Knowledge, pathway: str) -> tuple[Contributor, ...]:
    """The contributors that are YES, those that ask for a review with their disposition."""
    found = [_named(name, trigger(facts, knowledge), knowledge) for name, trigger in TRIGGERS.items()]
    found += [_deranged(name, table, facts, knowledge, pathway) for name, table in DERANGED.items()]
    found += [_named(name, answer(facts, knowledge), knowledge) for name, answer in OTHERS.items()]
    found += [_named(name, facts.takes(name), knowledge) for name in knowledge.medicines_to_review]
    order = list(knowledge.rules)
    return tuple(sorted((c for c in found if c), key=lambda c: order.index(c.id)))


@asked_once
def stress_anxiety(facts: Facts, knowledge: Knowledge) -> Answer:
    """A diagnosis of anxiety or stress, or a GAD-7 score of 10 or more (not under 16)."""
    score = unknown("gad-7", "adult-norms")
    if facts.younger_than(knowledge.thresholds.adult_norms) is not Truth.YES:
        score = facts.latest("gad-7", within=knowledge.thresholds.habits_count).at_least(
            knowledge.thresholds.gad_7_high
        )
    return facts.stated("anxiety") | facts.stated("stress") | score | _said_to_trigger(facts, "stress")


@asked_once
def caffeine(facts: Facts, knowledge: Knowledge) -> Answer:
    """More than 400 mg a day, 200 mg in pregnancy, 3 mg/kg under 16; a high intake; or in a medicine."""
    intake = facts.latest("caffeine-intake", within=knowledge.thresholds.habits_count)
    limit = _caffeine_limit(facts, knowledge)
    high = unknown("body-weight", "limit-by-weight")
    if limit is not None:
        high = intake.more_than(limit)
    drunk = facts.stated("caffeine-excess") | high
    return drunk | _in_a_medicine(facts, "caffeine") | _said_to_trigger(facts, "caffeine")


@asked_once
def short_sleep(facts: Facts, knowledge: Knowledge) -> Answer:
    """Less than 7 hours a night (not judged under 16), or insomnia."""
    hours = unknown("sleep-duration", "adult-norms")
    if facts.younger_than(knowledge.thresholds.adult_norms) is not Truth.YES:
        hours = facts.latest("sleep-duration", within=knowledge.thresholds.habits_count).less_than(
            knowledge.thresholds.sleep_short
        )
    return facts.stated("insomnia") | hours | _said_to_trigger(facts, "lack-of-sleep")


@asked_once
def dehydration(facts: Facts, knowledge: Knowledge) -> Answer:
    """A diagnosis, or a stated fluid intake below 1 litre a day."""
    drinks = facts.latest("fluid-intake", within=knowledge.thresholds.habits_count).less_than(
        knowledge.thresholds.fluid_low
    )
    return facts.stated("dehydration") | drinks | _said_to_trigger(facts, "dehydration")


@asked_once
def exertion(facts: Facts, knowledge: Knowledge) -> Answer:
    """Recent physical exertion, stated."""
    return (
        facts.stated("recent-exertion") | facts.stated("overexertion") | _said_to_trigger(facts, "exercise")
    )


@asked_once
def medicine(facts: Facts, knowledge: Knowledge) -> Answer:
    """Any medicine of the known classes, or a medicine stated as the trigger."""
    taken = [u.basis for u in facts.medicines if u.truth is Truth.YES]
    any_taken = Answer(Truth.YES, tuple(taken)) if taken else not_recorded("medicines")
    return any_taken | _said_to_trigger(facts, "medicine")


def high_alcohol(facts: Facts, knowledge: Knowledge) -> Answer:
    """More than 14 UK units a week, AUDIT-C of 5 or more, or a diagnosis."""
    units = facts.latest("alcohol", within=knowledge.thresholds.habits_count).more_than(
        knowledge.thresholds.alcohol_high
    )
    score = facts.latest("audit-c", within=knowledge.thresholds.habits_count).at_least(
        knowledge.thresholds.audit_c_high
    )
    return facts.stated("alcohol-problem") | units | score


def fatigue(facts: Facts, knowledge: Knowledge) -> Answer:
    """Tiredness, which is no weakness."""
    return facts.stated("fatigue")


def screen_time(facts: Facts, knowledge: Knowledge) -> Answer:
    """More than 6 hours a day before a screen, for a twitch of the eyelid alone."""
    hours = facts.latest("screen-time", within=knowledge.thresholds.habits_count)
    return facts.twitch.confined_to_eyelid & hours.more_than(knowledge.thresholds.screen_time_high)


TRIGGERS: Mapping[str, Question] = MappingProxyType(
    {
        "stress-anxiety": stress_anxiety,
        "caffeine": caffeine,
        "short-sleep": short_sleep,
        "dehydration": dehydration,
        "exertion": exertion,
        "medicine": medicine,
    }
)
# Contributors that nobody states as a trigger.
OTHERS: Mapping[str, Question] = MappingProxyType(
    {"fatigue": fatigue, "screen-time": screen_time, "alcohol": high_alcohol}
)
DERANGED = MappingProxyType(
    {"electrolyte-imbalance": ELECTROLYTES, "nutritional-deficiency": NUTRIENTS, "thyroid": THYROID}
)


def stated_trigger(facts: Facts, value: str) -> Answer:
    """Whether the trigger is stated as this one; another one stated is a NO, silence UNKNOWN."""
    newest = facts.newest(OWN_TRIGGER)
    if not newest:
        return facts.stated(OWN_TRIGGER)
    said = [s for s in newest if s.value == value]
    others = [s for s in newest if s.value != value]
    if said and not others:
        return Answer(Truth.YES, tuple(s.basis for s in said))
    return Answer(Truth.NO, tuple(s.basis for s in others))


def _said_to_trigger(facts: Facts, value: str) -> Answer:
    """The stated trigger counts for its contributor; what was not stated leaves it as it is."""
    said = [s.basis for s in facts.newest(OWN_TRIGGER) if s.value == value]
    return Answer(Truth.YES, tuple(said)) if said else NO


def _in_a_medicine(facts: Facts, habit: str) -> Answer:
    """What medicines add to a habit; a list of medicines that lacks it leaves it as it is."""
    taken = facts.takes(habit)
    return taken if taken.yes else NO


def _caffeine_limit(facts: Facts, knowledge: Knowledge) -> float | None:
    """Milligrams a day; None for a child whose weight is not known."""
    if facts.younger_than(knowledge.thresholds.adult_norms) is Truth.YES:
        weights = facts.latest("body-weight", within=knowledge.thresholds.results_count).results
        known = [r.amount.low for r in weights if r.amount and r.amount.exact]
        return knowledge.thresholds.caffeine_high_per_kg * min(known) if known else None
    pregnant = facts.silence_is_no("pregnancy").yes
    return knowledge.thresholds.caffeine_high_in_pregnancy if pregnant else knowledge.thresholds.caffeine_high


def outside(facts: Facts, knowledge: Knowledge, analyte: str, *, low_only: bool = False) -> Answer:
    """Whether the latest result lies outside the range given with it, or else the table's."""
    table = knowledge.analytes[analyte]

    def out(amount: Amount, result: Result) -> Truth:
        own = result.low is not None or result.high is not None
        low, high = (result.low, result.high) if own else (table.low, table.high)
        below = amount.less_than(low) if low is not None else Truth.NO
        above = amount.more_than(high) if high is not None and not low_only else Truth.NO
        return below | above

    return facts.latest(analyte, within=table.counts_days).any(out)


def _deranged(
    name: str, table: Mapping[str, tuple[str, ...]], facts: Facts, knowledge: Knowledge, pathway: str
) -> Contributor | None:
    """A group of results and their diagnoses; a diagnosis with a newer normal result lifts nothing."""
    low_only = name == "nutritional-deficiency"
    named, lifting = NO, False
    for analyte, diagnoses in table.items():
        measured = outside(facts, knowledge, analyte, low_only=low_only) if analyte else NO
        diagnosed = any_of(facts.silence_is_no(d) for d in diagnoses)
        named |= measured | diagnosed
        lifting |= measured.yes or (diagnosed.yes and not _normal_since(measured, diagnosed))
    disposition = knowledge.disposition(name, pathway) if lifting else None
    return _named(name, named, knowledge, disposition)


def _normal_since(measured: Answer, diagnosed: Answer) -> bool:
    """Whether a normal result is certainly newer than every diagnosis."""
    if measured.truth is not Truth.NO or not measured.basis:
        return False
    results = [b.stated for b in measured.basis if b.stated]
    problems = [b.earliest if b.stated is None else b.stated for b in diagnosed.basis]
    return bool(results) and all(p is not None and any(r.first > p.last for r in results) for p in problems)


def _named(
    name: str, answer: Answer, knowledge: Knowledge, disposition: Disposition | None = None
) -> Contributor | None:
    if not answer.yes or name not in knowledge.rules:
        return None
    return Contributor(name, knowledge.rules[name].says, answer.basis, disposition)
