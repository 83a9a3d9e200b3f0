"""What is known already: deficits of many years, diagnoses that explain a finding (decision-model §4, §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from service.assessment import RuleKind
from service.facts import Facts
from service.facts.amounts import Span
from service.facts.answers import Answer, Basis, unknown
from service.facts.statements import Statement
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.knowledge.advice import Diagnosis

KNOWN_MND = "motor-neuron-disease"
BULBAR, NECK, TONGUE = "bulbar", "neck", "tongue"
PROGRESSIVE = "weakness-progressive"
# What a flag that can be long-standing is stated by: its concepts.
STATED_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "muscle-weakness": ("muscle-weakness",),
        "muscle-atrophy": ("muscle-atrophy", "tongue-wasting"),
        "speech-difficulty": ("speech-difficulty",),
        "swallowing-difficulty": ("swallowing-difficulty",),
        "breathing-difficulty": ("orthopnoea", "dyspnoea-at-rest", "respiratory-failure", "dyspnoea"),
        "upper-motor-neuron-signs": ("upper-motor-neuron-signs",),
        "tongue-fasciculation": ("tongue-fasciculation", "tongue-wasting"),
        "gait-disturbance": ("gait-disturbance",),
    }
)
OCULAR = "ocular-weakness"


def long_standing(flag: str, facts: Facts, knowledge: Knowledge) -> bool:
    """Whether a flag that is YES is a deficit of more than five years that does not progress.

    One statement at least has so old an onset, and every other is of the same finding at the same or no
    better known site. Ptosis and double vision are long-standing only where every statement is that old.
    """
    if flag == OCULAR:
        said = facts.standing(OCULAR)
        return bool(said) and all(_old(s, facts, knowledge) for s in said)
    return flag in STATED_BY and not_new(statements_of(flag, facts), facts, knowledge)


def not_new(said: Iterable[Statement], facts: Facts, knowledge: Knowledge) -> bool:
    """Whether these statements are of an old deficit that nobody says is progressing."""
    said = tuple(said)
    old = [s for s in said if _old(s, facts, knowledge)]
    if not old or facts.stated(PROGRESSIVE, within=knowledge.thresholds.symptoms_count).yes:
        return False
    others = (s for s in said if not any(s is o for o in old))
    return all(s.onset is None and any(same_finding(s, o) for o in old) for s in others)


def statements_of(flag: str, facts: Facts) -> tuple[Statement, ...]:
    """The statements that say YES to a flag on the day."""
    said = [s for concept in STATED_BY[flag] for s in facts.standing(concept)]
    if flag == "tongue-fasciculation":
        said += [s for s in facts.twitch.twitches if s.place and s.place.site == TONGUE]
    return tuple(said)


def same_finding(one: Statement, other: Statement) -> bool:
    """Whether the one may be the other again: the same thing, at the same or no better known site."""
    if (one.concept, one.aspect) != (other.concept, other.aspect):
        return False
    here, there = one.place, other.place
    if here is None or here == there:
        return True
    if there is None or here.region != there.region or here.site not in (None, there.site):
        return False
    return here.side in (None, there.side)


def as_motor(flag: str, answer: Answer, facts: Facts, knowledge: Knowledge) -> Answer:
    """The answer of a flag for whoever asks for a motor sign: a long-standing one is UNKNOWN."""
    if answer.yes and long_standing(flag, facts, knowledge):
        return unknown(PROGRESSIVE, "long-standing", basis=answer.basis)
    return answer


def explained_by(rule: str, answer: Answer, facts: Facts, knowledge: Knowledge) -> str | None:
    """The known diagnosis that explains a rule's YES; a same-day rule is explained by none."""
    if answer.truth is not Truth.YES or knowledge.rules[rule].kind is RuleKind.SAME_DAY:
        return None
    if facts.silence_is_no(KNOWN_MND).yes:
        return KNOWN_MND
    known = (d for d in knowledge.diagnoses.values() if d.id in facts.statements)
    return next((d.id for d in known if _explains(d, rule, answer, facts, knowledge)), None)


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _old(statement: Statement, facts: Facts, knowledge: Knowledge) -> bool:
    limit = years_before(facts.on, int(knowledge.thresholds.long_standing))
    return statement.onset is not None and statement.onset.last < limit


def _explains(diagnosis: Diagnosis, rule: str, answer: Answer, facts: Facts, knowledge: Knowledge) -> bool:
    standing = facts.standing(diagnosis.id)
    kinds = [rules for kind, rules in diagnosis.kinds.items() if any(s.aspect == kind for s in standing)]
    if not standing:
        return False
    if rule in diagnosis.results:
        made = _recorded(standing)
        return made is not None and all(_by(b, made.last) for b in answer.basis)
    if rule not in diagnosis.explains.union(*kinds):
        return False
    if diagnosis.until == "always":
        return True
    if diagnosis.until == "two years after":
        return _settled(standing, answer, knowledge)
    if _of_head_or_neck(rule, facts, tongue=bool(kinds)):
        return False
    begun = _first([b.earliest for b in answer.basis if b.earliest])
    return any(
        begun is not None and begun.last <= since.last and not _progressed(rule, facts, since)
        for since in _since(diagnosis, rule, standing)
    )


def _since(diagnosis: Diagnosis, rule: str, standing: Iterable[Statement]) -> list[Span]:
    """Since when each disease is known that may explain the rule: a group's diseases each by itself."""
    by_disease: dict[str, list[Span]] = {}
    for s in standing:
        if rule in diagnosis.explains or rule in diagnosis.kinds.get(s.aspect, ()):
            disease = s.aspect if diagnosis.kinds else ""
            by_disease.setdefault(disease, []).extend(day for day in (s.onset, s.stated) if day)
    return [since for days in by_disease.values() if (since := _first(days))]


def _settled(standing: Iterable[Statement], answer: Answer, knowledge: Knowledge) -> bool:
    """Stated before the diagnosis or within two years after it, which is dated by its record."""
    since = _recorded(standing)
    if since is None:
        return False
    last = years_before(since.last, -int(knowledge.thresholds.benign_fasciculation_settled))
    return all(_by(basis, last) for basis in answer.basis)


def _by(basis: Basis, last: date) -> bool:
    return basis.earliest is not None and basis.earliest.last <= last


def _recorded(standing: Iterable[Statement]) -> Span | None:
    """The day on which a diagnosis was first recorded, else began."""
    return _first([day for s in standing if (day := s.stated or s.onset)])


def _first(days: Iterable[Span]) -> Span | None:
    return min(days, key=lambda day: (day.first, day.last), default=None)


def _progressed(rule: str, facts: Facts, since: Span) -> bool:
    """Weakness stated as progressing after the diagnosis counts again."""
    if rule != "muscle-weakness":
        return False
    return any(s.day and s.day.first > since.last for s in facts.standing(PROGRESSIVE))


def _of_head_or_neck(rule: str, facts: Facts, *, tongue: bool) -> bool:
    """Weakness or wasting of face, throat, tongue or neck, which with a twitch no diagnosis explains.

    `tongue`: a disease of the tongue too.
    """
    if rule not in ("muscle-weakness", "muscle-atrophy"):
        return False
    return any(
        s.aspect == BULBAR
        or (
            (s.place and (s.place.region == BULBAR or s.place.site == NECK))
            and not (tongue and s.place.site == TONGUE)
        )
        for s in facts.standing(rule)
    )
