"""What the patient takes home: lifestyle steps, what may contribute, when to come back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter

from service.assessment import Assessment, Contributor, Disposition, RuleKind, Step
from service.cards.markdown import bullets, capital, escaped, own, section, small
from service.cards.phrases import listed, measured
from service.cards.summary import ALCOHOL, ANSWERS
from service.facts.answers import Basis
from service.facts.truth import Truth
from service.knowledge import Knowledge
from service.knowledge.advice import LifestyleStep
from service.knowledge.words import fact_words

# The daily habit that opens a step's line. A habit that stands here for no step has a line of its own.
HABITS: Mapping[str, str] = {
    "hydration": "2 litres of water",
    "nutrients": "Magnesium-rich foods",
    "caffeine": "Caffeine in the morning only",
    "sleep": "7 hours of sleep or more",
    "stretching": "5 to 10 minutes of gentle stretching",
    "stress": "A stress-reducing technique",
}
# What a line says after its habit: the parts of the step that the words rest on, and the words.
# lifestyle.toml has the whole advice, to hand on; a card has room for its figures.
BESIDE: Mapping[str, Sequence[tuple[tuple[str, ...], str]]] = {
    "caffeine": (
        (("one-serving",), "one drink at most"),
        (("one-serving", "none-for-a-trial"), "or none for two weeks"),
    ),
    "sleep": ((("hours",), "up to 9"), ((), "steady bedtime, no screens before bed, dark cool room")),
    "hydration": ((("electrolyte-rich-foods",), "eat electrolyte-rich foods"),),
    "nutrients": (
        (("test",), "test magnesium, vitamin D and B12"),
        (("magnesium-supplements", "supplements"), "supplement only what is low"),
    ),
    "stress": (((), "10 minutes of mindfulness, slow breathing, yoga or meditation"),),
    "stretching": (((), "after exertion or long sitting"),),
}
# What a line says in its place for a child, whose figures are others.
FOR_A_CHILD: Mapping[str, tuple[str, str]] = {
    "caffeine": ("No caffeine", ""),
    "sleep": ("Sleep", "more than an adult's 7 to 9 hours"),
    "hydration": ("Fluids", "drink through the day"),
}
CHILD, PREGNANCY = "child", "pregnancy"
# What a step says more to a patient for whom it answers a contributor.
MORE: Mapping[str, str] = {
    "caffeine": "cut down over several days",
    "stress": "treat it in its own right",
    "stretching": "ease off hard training until it settles",
}
# Contributors for whom a step changes: what it says of them is never left out.
CAUTIONS: Mapping[str, Sequence[str]] = {
    "caffeine": ("lithium",),
    "hydration": ("lithium", "diuretic", "electrolyte-imbalance"),
    "nutrients": ("nutritional-deficiency",),
}
# In short what lifestyle.toml says at length.
COME_BACK = (
    "weakness, dropping things, tripping; a thinner muscle; slurred speech, choking; breathlessness lying"
    " flat; twitching of the tongue, or spreading; stiffness; weight loss; lasting numbness."
)
AMBULANCE = "Call an ambulance if"
EMERGENCY = "sudden weakness or slurring, trouble breathing, numbness between the legs."

FOR_ADULTS = "adults"
_OF_STEPS = frozenset(HABITS.values())
OFFERED = (Disposition.LIFESTYLE, Disposition.PRIMARY_CARE_REVIEW, Disposition.ROUTINE_REFERRAL)


def is_offered(assessment: Assessment) -> bool:
    """Whether lifestyle steps belong on a card: never at urgent or same-day."""
    return assessment.disposition in OFFERED and bool(assessment.lifestyle)


def lifestyle_detail(assessment: Assessment, knowledge: Knowledge) -> str:
    """The Markdown of a lifestyle card: steps and daily habits for this patient, and the safety net."""
    parts = (_steps(assessment, knowledge), take_home(assessment, knowledge))
    return "\n\n".join(filter(None, parts))


def take_home(assessment: Assessment, knowledge: Knowledge) -> str:
    """What holds with and without lifestyle steps, as Markdown: what may contribute, when to come back."""
    parts = (_contributing(assessment, knowledge), _safety_net(assessment))
    return "\n\n".join(filter(None, parts))


def _steps(assessment: Assessment, knowledge: Knowledge) -> str:
    """Six steps and the daily habits in one list: what answers a contributor, what is tailored, the rest."""
    known = {step.id: step for step in knowledge.lifestyle}
    said = []
    for step in assessment.lifestyle:
        facts = _facts(step.id, assessment, knowledge)
        rank = 0 if facts else 1 if step.withheld or step.because else 2
        said.append((rank, _line(step, known[step.id], facts, assessment, knowledge)))
    facts = _facts(ALCOHOL, assessment, knowledge)
    said += [(0 if facts else 2, line) for line in _habits_alone(facts, assessment, knowledge)]
    return section("Every day", bullets(line for _, line in sorted(said, key=itemgetter(0))))


def _habits_alone(facts: str, assessment: Assessment, knowledge: Knowledge) -> Iterator[str]:
    """The daily habits that belong to no step, and are all about alcohol; some are for adults only."""
    age = assessment.patient.age
    child = age is not None and age.less_than(knowledge.thresholds.adult_norms) is Truth.YES
    pregnant = any(part.because == PREGNANCY for step in assessment.lifestyle for part in step.withheld)
    for habit, rests_on in knowledge.daily.items():
        if habit not in _OF_STEPS and not (child and rests_on == FOR_ADULTS):
            yield f"**{'No alcohol' if pregnant else own(habit)}**" + (f" (*{facts}*)" if facts else "")


def _line(step: Step, known: LifestyleStep, facts: str, assessment: Assessment, knowledge: Knowledge) -> str:
    """The habit with its figure, then what the step adds, the record says, and was left out."""
    kept = {part.id for part in known.parts if part.id in step.parts}
    words = [words for parts, words in BESIDE.get(step.id, (((), known.advice),)) if kept.issuperset(parts)]
    title = _title(step, known, kept, knowledge)
    if _childs(step):
        title, more = FOR_A_CHILD[step.id]
        words = [word for word in (more, *words) if word]
    if _panel(assessment):
        words = [word for word in words if not word.startswith("test ")]
    if facts:
        facts = f" (*{facts}*: {own(MORE[step.id])})" if step.id in MORE else f" (*{facts}*)"
    beside = own(", ".join(words)) + facts
    sentences = [own(s) for s in (_left_out(step, known), _because(step, known, facts)) if s]
    if beside and sentences:
        beside += "."
    rest = " ".join(filter(None, (beside.strip(), *sentences)))
    return f"**{own(title)}**" + (f": {rest}" if rest else "")


def _title(step: Step, known: LifestyleStep, kept: set[str], knowledge: Knowledge) -> str:
    """The daily habit that stands for the step, unless the part that it rests on was left out."""
    habit = HABITS.get(step.id, "")
    rests_on = (knowledge.daily.get(habit) or "").rpartition(".")[2]
    return habit if habit in knowledge.daily and (not rests_on or rests_on in kept) else known.title


def _childs(step: Step) -> bool:
    """Whether the step was cut only because its figure is one for adults: then it has words for a child."""
    adults = {held.part for held in step.withheld if held.because == CHILD}
    harmful = {held.part for held in step.withheld if held.because != CHILD}
    return step.id in FOR_A_CHILD and bool(adults) and adults.isdisjoint(harmful)


def _panel(assessment: Assessment) -> bool:
    """Whether the blood test that a step advises stands among the suggestions, or was done."""
    wanted = {"magnesium", "vitamin-d", "b12"}
    return any(wanted <= {*test.analytes, *(test.withheld_analytes or ())} for test in assessment.tests)


def _because(step: Step, known: LifestyleStep, facts: str) -> str:
    """Every caution, else one reason, unless the line says what the record says or leaves something out."""
    cautions = [name for name in CAUTIONS.get(step.id, ()) if name in step.because]
    said = cautions or ([] if facts or step.withheld else step.because[:1])
    return " ".join(known.because[name] for name in said)


def _left_out(step: Step, known: LifestyleStep) -> str:
    """What was withheld, each thing once, with the reason that most of it has in common."""
    if not step.withheld:
        return ""
    why: dict[str, list[str]] = {}
    parts = {part.id: part for part in known.parts}
    for held in step.withheld:
        if not (held.because == CHILD and _childs(step)):
            part = parts[held.part]
            why.setdefault(part.label, []).append(part.withheld_when[held.because])
    common = Counter(reason for reasons in why.values() for reason in reasons)
    reasons: dict[str, list[str]] = {}
    for label, given in why.items():
        if not any(wider != label and label.endswith(wider) for wider in why):
            reasons.setdefault(max(given, key=lambda reason: common[reason]), []).append(label)
    said = "; ".join(f"{listed(labels)} ({reason})" for reason, labels in reasons.items())
    return f"Not for this patient: {said}." if said else ""


def _facts(step: str, assessment: Assessment, knowledge: Knowledge) -> str:
    """What the record says of the contributors that the step answers, as Markdown."""
    found = [c for c in assessment.contributors if ANSWERS.get(c.id) == step]
    if not found:
        return ""
    return escaped(measured(_said((b for contributor in found for b in contributor.basis), knowledge)))


def _contributing(assessment: Assessment, knowledge: Knowledge) -> str:
    """What may feed the twitching and is said nowhere else; medicines are never to be stopped.

    In an emergency only the medicines are named, without advice on them: that is for who treats it.
    """
    found = assessment.contributors
    answered = {*(step.id for step in assessment.lifestyle), ALCOHOL} if is_offered(assessment) else set()
    taken = [c for c in found if c.id in knowledge.medicines_to_review]
    medicines = "; ".join(_medicine(c, knowledge, alone=len(taken) == 1) for c in taken)
    others = "; ".join(
        _contributor(c, knowledge)
        for c in found
        if c.id not in knowledge.medicines_to_review
        and ANSWERS.get(c.id) not in answered
        and c.disposition is None
    )
    if assessment.disposition is Disposition.SAME_DAY:
        return section("Medicines that may contribute", f"{medicines}.") if medicines else ""
    review = f"{medicines}. This is no advice to stop one."
    beside = "Also recorded (explains no motor sign)" if _has_motor_sign(assessment) else "May contribute"
    lines = ((beside, others and f"{capital(others)}."), ("Medicines to review", medicines and review))
    return "\n\n".join(section(title, said) for title, said in lines if said)


def _has_motor_sign(assessment: Assessment) -> bool:
    """Whether a contributor stands beside a sign that it must not seem to explain."""
    return any(finding.in_force and finding.kind is RuleKind.MOTOR for finding in assessment.findings)


def _safety_net(assessment: Assessment) -> str:
    """What to come back for; the day of the review stands in the summary.

    At urgent and same-day the signs are there already: only the emergency is named.
    """
    if assessment.disposition is Disposition.SAME_DAY:
        return section(AMBULANCE, "it gets worse before that.")
    emergency = section(AMBULANCE, own(EMERGENCY))
    if assessment.disposition not in OFFERED:
        return emergency
    return f"{section('Come back if', own(COME_BACK))}\n\n{emergency}"


def _said(bases: Iterable[Basis], knowledge: Knowledge) -> str:
    """What a basis says, each thing once and two at the most."""
    return listed(list(dict.fromkeys(fact_words(basis, knowledge) for basis in bases))[:2])


def _contributor(contributor: Contributor, knowledge: Knowledge) -> str:
    """What the record says of it; its own words where that is nothing."""
    said = _said(contributor.basis, knowledge)
    return escaped(measured(said)) if said else own(small(contributor.words))


def _medicine(contributor: Contributor, knowledge: Knowledge, *, alone: bool) -> str:
    """Its name, and what it does to muscles where it is the only one: several whys are a wall."""
    names = _said(contributor.basis, knowledge)
    why = f" ({own(knowledge.medicines[contributor.id].why)})" if alone else ""
    return escaped(names or contributor.words) + why
