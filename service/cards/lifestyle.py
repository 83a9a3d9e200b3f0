"""What the patient takes home: lifestyle steps, what may contribute, when to come back."""

from __future__ import annotations

from collections.abc import Iterator

from service.cards.markdown import bullets, escaped, own, section
from service.cards.summary import listed, review_day
from service.findings import Assessment, Contributor, Disposition, Step
from service.knowledge import Knowledge
from service.knowledge.advice import LifestyleStep

OFFERED = (Disposition.LIFESTYLE, Disposition.PRIMARY_CARE_REVIEW, Disposition.ROUTINE_REFERRAL)


def is_offered(assessment: Assessment) -> bool:
    """Whether lifestyle steps belong on a card: never at urgent or same-day."""
    return assessment.disposition in OFFERED and bool(assessment.lifestyle)


def lifestyle_detail(assessment: Assessment, knowledge: Knowledge) -> str:
    """The Markdown of a lifestyle card: the steps for this patient, the daily list, and the safety net."""
    parts = (
        _steps(assessment, knowledge),
        _daily(assessment, knowledge),
        take_home(assessment, knowledge),
    )
    return "\n\n".join(filter(None, parts))


def take_home(assessment: Assessment, knowledge: Knowledge) -> str:
    """What holds with and without lifestyle steps, as Markdown: what may contribute, when to come back."""
    parts = (_contributing(assessment, knowledge), _safety_net(assessment, knowledge))
    return "\n\n".join(filter(None, parts))


def _steps(assessment: Assessment, knowledge: Knowledge) -> str:
    """Each step with its figure, why it matters for this patient, and what was withheld."""
    known = {step.id: step for step in knowledge.lifestyle}
    return section("Lifestyle steps", bullets(_step(step, known[step.id]) for step in assessment.lifestyle))


def _contributing(assessment: Assessment, knowledge: Knowledge) -> str:
    """What may feed the twitching; medicines are named for review, and never to be stopped.

    In an emergency only the medicines are named, without advice on them: that is for who treats it.
    """
    found = assessment.contributors
    medicines = "; ".join(_medicine(c, knowledge) for c in found if c.id in knowledge.medicines)
    others = "; ".join(_contributor(c) for c in found if c.id not in knowledge.medicines)
    if assessment.disposition is Disposition.SAME_DAY:
        return section("Medicines that may contribute", f"{medicines}.") if medicines else ""
    review = f"{medicines}. This is no advice to stop one."
    lines = (("May contribute", others and f"{others}."), ("Medicines to review", medicines and review))
    return "\n\n".join(section(title, said) for title, said in lines if said)


def _safety_net(assessment: Assessment, knowledge: Knowledge) -> str:
    """What to come back for, and when the next visit is.

    At urgent and same-day the signs are there already: only the emergency is named.
    """
    net = knowledge.safety_net
    emergency = own(net["emergency"])
    if assessment.disposition not in OFFERED:
        return emergency
    signs = own("; ".join(net["come_back_for"]))
    review = f"{own(net['review'].rstrip('.'))}, by {review_day(assessment, knowledge)}."
    return f"{section('Come back if', f'{signs}. {emergency}')}\n\n{section('Next visit', review)}"


def _step(step: Step, known: LifestyleStep) -> str:
    advice = " ".join(_advice(step, known))
    because = " ".join(step.because)
    left_out = [f"{label} ({why})" for label, _, why in (part.partition(": ") for part in step.withheld)]
    withheld = f"Left out: {'; '.join(left_out)}." if left_out else ""
    words = " ".join(filter(None, (advice, because, withheld)))
    return f"**{own(known.title)}**: {own(words)}"


def _advice(step: Step, known: LifestyleStep) -> Iterator[str]:
    """The whole advice, or the parts of it that are left."""
    if step.withheld:
        yield from (part.advice for part in known.parts if part.id in step.parts)
    else:
        yield known.advice


def _daily(assessment: Assessment, knowledge: Knowledge) -> str:
    """The daily checklist; a line falls with the part of a step that it repeats."""
    kept = {f"{step.id}.{part}" for step in assessment.lifestyle for part in step.parts}
    lines = [line for line, part in knowledge.daily.items() if part is None or part in kept]
    return section("Every day", f"{own('; '.join(lines))}.")


def _contributor(contributor: Contributor) -> str:
    said = listed([b.fact for b in contributor.basis if b.fact.lower() != contributor.words.lower()][:2])
    return own(contributor.words) + (f" ({escaped(said)})" if said else "")


def _medicine(contributor: Contributor, knowledge: Knowledge) -> str:
    names = listed(list(dict.fromkeys(b.fact for b in contributor.basis))[:2])
    why = knowledge.medicines[contributor.id].why
    return f"{escaped(names or contributor.words)} ({own(why)})"
