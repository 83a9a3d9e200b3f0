"""Ids and values -> words: the facts, places and reasons of an assessment, as renderings show them.

Nothing here decides anything: the same assessment under other words is the same assessment.
"""

from __future__ import annotations

from collections.abc import Iterable

from service.assessment import Done, Finding, Held, Step, SuggestedTest, Waiting
from service.facts.amounts import Span
from service.facts.answers import Basis, Denial, How, Kind
from service.facts.places import Place
from service.facts.reasons import Reason, Value
from service.facts.truth import Truth
from service.knowledge import Knowledge

# Of weakness alone it is said whether it was examined or reported.
TOLD_HOW = ("muscle-weakness",)
MRC_GRADE = "mrc-grade"
FIRST_DEGREE = "family-history-of-mnd"


def fact_words(basis: Basis, knowledge: Knowledge) -> str:
    """What a basis says, in words: "muscle weakness, left hand (examined)", "potassium 3.1 mmol/L"."""
    return _WORDED[basis.kind](basis, knowledge)


def finding_words(finding: Finding, knowledge: Knowledge) -> str:
    """What a finding says: its rule's title where it is so, else that it is not known, or is answered no."""
    if finding.truth is Truth.YES:
        return finding.says
    phrase = "not_known" if finding.truth is Truth.UNKNOWN else "ruled_out"
    return knowledge.phrases[phrase].format(what=finding.says)


def place_words(place: Place, knowledge: Knowledge) -> str:
    """A place with its side: "left hand"."""
    words = knowledge.sites.get(place.site or place.area or "", "")
    phrases = knowledge.phrases
    return phrases["sided"].format(side=phrases[place.side], place=words) if place.side else words


def reason_words(reason: Reason, knowledge: Knowledge) -> str:
    """The sentence of a reason with its values."""
    values = dict(reason.values)
    named = {name: _value_words(name, value, knowledge) for name, value in values.items()}
    if "concept" in values:
        concept, code = knowledge.concepts[str(values["concept"])], (named["system"], named["code"])
        named["display"] = concept.displays[code]
    return knowledge.reasons[reason.id].format_map(named)


def notes_words(notes: Iterable[Reason], knowledge: Knowledge) -> str | None:
    """What must be said of a statement, as one note; None where nothing must."""
    return "; ".join(reason_words(note, knowledge) for note in notes) or None


def held_words(held: Held, knowledge: Knowledge) -> str:
    """Why a test is not suggested: "done 2026-09-01"."""
    if isinstance(held, Waiting):
        return knowledge.phrases["waiting"].format(day=held.since)
    return knowledge.phrases["done" if isinstance(held, Done) else "ordered"].format(day=held.on)


def grounds_words(test: SuggestedTest, knowledge: Knowledge) -> str:
    """What a suggested test rests on: "muscle weakness, neck pain"."""
    return ", ".join(knowledge.words(ground) for ground in test.reason)


def left_out_words(step: Step, knowledge: Knowledge) -> list[str]:
    """The parts of a step that would harm, each with the reason: "2 litres a day: heart failure"."""
    known = next(one for one in knowledge.lifestyle if one.id == step.id)
    parts = {part.id: part for part in known.parts}
    phrase = knowledge.phrases["left_out"]
    return [
        phrase.format(part=parts[w.part].label, why=parts[w.part].withheld_when[w.because])
        for w in step.withheld
    ]


def advice_words(step: Step, knowledge: Knowledge) -> str:
    """The step as a whole, or what stays of it; empty where nothing does."""
    known = next(one for one in knowledge.lifestyle if one.id == step.id)
    if not step.withheld:
        return known.advice
    return " ".join(part.advice for part in known.parts if part.id in step.parts)


def because_words(step: Step, knowledge: Knowledge) -> list[str]:
    """Why a step matters for this patient, a sentence for each contributor."""
    known = next(one for one in knowledge.lifestyle if one.id == step.id)
    return [known.because[contributor] for contributor in step.because]


def _statement(basis: Basis, knowledge: Knowledge) -> str:
    if basis.concept not in knowledge.concepts:
        return knowledge.words(basis.concept)
    concept, phrases = knowledge.concepts[basis.concept], knowledge.phrases
    if basis.aspect == MRC_GRADE or not isinstance(basis.value, str | None):
        return _graded(basis, knowledge)
    known = concept.aspects.get(basis.aspect, concept.aspects[""])
    words = concept.displays[basis.code] if basis.code else known.words
    words = _placed(words, basis.place, known.place, knowledge)
    if isinstance(basis.value, str):
        value = _answer_words(basis.aspect or basis.concept, basis.value, knowledge)
        words = phrases["value"].format(what=words, value=value)
    if basis.concept in TOLD_HOW and basis.how and not basis.code:
        words = phrases[_KNOWN[basis.how]].format(what=words)
    return _denied(words, basis, knowledge)


def _denied(words: str, basis: Basis, knowledge: Knowledge) -> str:
    return knowledge.phrases[_DENIED[basis.denial]].format(what=words) if basis.denial else words


def _placed(words: str, place: Place | None, own: Place | None, knowledge: Knowledge) -> str:
    """The words with their place, unless they name it themselves; then perhaps with its side."""
    if place is None or place == own:
        return words if place is None or not place.side else _sided(words, place, knowledge)
    if own and place.site == own.site and place.side:
        return _sided(words, place, knowledge)
    named = place_words(place, knowledge)
    return knowledge.phrases["at_place"].format(what=words, place=named) if named else words


def _sided(words: str, place: Place, knowledge: Knowledge) -> str:
    side = knowledge.phrases[str(place.side)]
    return knowledge.phrases["at_side"].format(what=words, side=side)


def _graded(basis: Basis, knowledge: Knowledge) -> str:
    """A grade of muscle power with its place; without the number where it could not be read."""
    phrases = knowledge.phrases
    words = phrases["mrc_grade"]
    if basis.value is not None:
        words = phrases["measured"].format(what=words, amount=basis.value)
    return _placed(words, basis.place, None, knowledge)


def _answer_words(question: str, value: str, knowledge: Knowledge) -> str:
    """A coded answer of one of our own questions, as it stands within a phrase."""
    answer = str(knowledge.own.get(question, {}).get("answers", {}).get(value, value))
    return answer[:1].lower() + answer[1:]


def _result(basis: Basis, knowledge: Knowledge) -> str:
    words = knowledge.analytes[basis.concept].words
    return (
        words if basis.value is None else knowledge.phrases["measured"].format(what=words, amount=basis.value)
    )


def _medicine(basis: Basis, knowledge: Knowledge) -> str:
    """Its name as the record writes it, else its class."""
    return str(basis.value or knowledge.medicines[basis.concept].words)


def _relative(basis: Basis, knowledge: Knowledge) -> str:
    if basis.concept == FIRST_DEGREE:
        return _denied(knowledge.phrases["first_degree"], basis, knowledge)
    return knowledge.phrases["relative"].format(what=_statement(basis, knowledge))


def _value_words(name: str, value: Value, knowledge: Knowledge) -> str:
    if isinstance(value, Span):
        return value.text
    if name == "analyte":
        return knowledge.words(str(value))
    if name == "path":
        return str(value) or knowledge.phrases["whole"]
    return str(value)


_WORDED = {
    Kind.STATEMENT: _statement,
    Kind.RESULT: _result,
    Kind.MEDICINE: _medicine,
    Kind.RELATIVE: _relative,
}
_DENIED = {Denial.DENIED: "no", Denial.REFUTED: "refuted", Denial.OVER: "over"}
_KNOWN = {How.EXAMINED: "examined", How.REPORTED: "reported"}
