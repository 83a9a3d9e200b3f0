"""Who else has to know (decision-model §7): the renal unit, the clinic of a known diagnosis, a drinker."""

from __future__ import annotations

from collections.abc import Iterable

from service.assessment import Contributor, Disposition, Finding, Tell
from service.facts import Facts
from service.knowledge import Knowledge

KIDNEY, ELECTROLYTES = "advanced-kidney-disease", ("critical-electrolytes", "electrolyte-imbalance")
DEPENDENCE = "dependence"
# No clinic follows what is benign.
NOBODYS = ("benign-fasciculation-syndrome",)


def whom_to_tell(
    facts: Facts,
    disposition: Disposition,
    findings: Iterable[Finding],
    contributors: Iterable[Contributor],
    knowledge: Knowledge,
) -> tuple[Tell, ...]:
    """In the order in which a card says it; nobody where there is nothing to act on."""
    if disposition is Disposition.NO_ACTION:
        return ()
    contributors = tuple(contributors)
    raised = {f.rule for f in findings if f.in_force} | {c.id for c in contributors}
    followed = (name for name in knowledge.diagnoses if name not in NOBODYS)
    told = [Tell("clinic", name) for name in followed if facts.silence_is_no(name).yes]
    if raised.intersection(ELECTROLYTES) and _failing_kidneys(facts, knowledge):
        told.insert(0, Tell("renal-unit"))
    if any(c.id == "alcohol" for c in contributors) and _depends_on_alcohol(facts, knowledge):
        told.append(Tell("withdrawal"))
    return tuple(told)


def _failing_kidneys(facts: Facts, knowledge: Knowledge) -> bool:
    threshold = knowledge.thresholds
    filtered = facts.latest("egfr", within=threshold.results_count).less_than(threshold.egfr_low)
    return facts.silence_is_no(KIDNEY).yes or filtered.yes


def _depends_on_alcohol(facts: Facts, knowledge: Knowledge) -> bool:
    threshold = knowledge.thresholds
    score = facts.latest("audit-c", within=threshold.habits_count).at_least(threshold.audit_c_dependence)
    diagnosed = any(s.aspect == DEPENDENCE for s in facts.standing("alcohol-problem"))
    return score.yes or diagnosed
