"""Which lifestyle steps, tailored to the patient, and which parts would harm (decision-model §8)."""

from __future__ import annotations

from service.assessment import Contributor, Disposition, Step, Withheld
from service.facts import Facts
from service.facts.answers import Answer
from service.knowledge import Knowledge
from service.knowledge.advice import LifestyleStep
from service.rules.contributors import outside

ADVISED = (Disposition.LIFESTYLE, Disposition.PRIMARY_CARE_REVIEW, Disposition.ROUTINE_REFERRAL)


def lifestyle_steps(
    facts: Facts, knowledge: Knowledge, disposition: Disposition, contributors: tuple[Contributor, ...]
) -> tuple[Step, ...]:
    """The six steps without what would harm; none at all where the patient must be seen soon."""
    if disposition not in ADVISED or not facts.twitch.present.yes:
        return ()
    reasons = {name for name, answer in _harmful_with(facts, knowledge).items() if answer.yes}
    return tuple(_step(step, reasons, contributors) for step in knowledge.lifestyle)


def _step(step: LifestyleStep, reasons: set[str], contributors: tuple[Contributor, ...]) -> Step:
    against = {part.id: [c for c in part.withheld_when if c in reasons] for part in step.parts}
    withheld = tuple(Withheld(part, condition) for part, found in against.items() for condition in found)
    kept = tuple(part for part, found in against.items() if not found)
    because = tuple(c.id for c in contributors if c.id in step.because)
    return Step(step.id, withheld, kept, because)


def _harmful_with(facts: Facts, knowledge: Knowledge) -> dict[str, Answer]:
    """The conditions under which a part of the advice harms; only what is certain withholds."""
    threshold = knowledge.thresholds
    results = threshold.results_count
    kidney = facts.latest("egfr", within=results).less_than(threshold.egfr_low)
    sodium = facts.latest("sodium", within=results).less_than(threshold.sodium_low)
    potassium = facts.latest("potassium", within=results)
    high_potassium = potassium.more_than(threshold.potassium_high) & outside(facts, knowledge, "potassium")
    return {
        "heart-failure": facts.silence_is_no("heart-failure"),
        "advanced-kidney-disease": facts.silence_is_no("advanced-kidney-disease") | kidney,
        "low-sodium": facts.silence_is_no("low-sodium") | sodium,
        "high-potassium": facts.silence_is_no("high-potassium") | high_potassium,
        "pregnancy": facts.silence_is_no("pregnancy"),
        "lithium": facts.takes("lithium"),
        "child": Answer(facts.younger_than(threshold.adult_norms)),
    }
