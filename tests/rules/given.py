"""Facts from the words of a case: `{ twitch_onset = "14 days ago", twitch_site = "hand-right" }`.

A key is one of the words below, a concept of codes.toml, an analyte of analytes.toml, or for the few names
that are both, the analyte ("lithium"; the medicine is in `takes`). A concept is stated as "YES", "NO" or
"UNKNOWN", or as a table (or several) of what `_statement` takes. An analyte is "2.5", "<2.5", "2 to 3",
"unreadable", or a table with `value`, `when`, `low`, `high`. Days are "14 days ago",
a date, a month or a year.

    twitch_onset, twitch_recorded, twitch_site     one statement of twitching
    age, deceased, takes, takes_not, unread_medicines, relatives, past
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from math import inf
from typing import Any

from service.facts import Facts, MedicineUse, Past, Patient, Relative, UnreadMedicine
from service.facts.amounts import Amount, Span
from service.facts.answers import Basis, Kind
from service.facts.places import Place
from service.facts.reasons import Reason
from service.facts.results import Result
from service.facts.statements import End, Form, Statement, gathered
from service.facts.truth import Truth
from service.knowledge import Knowledge, load

ON = date(2026, 11, 23)
FORMS = {"condition": Form.CONDITION, "observation": Form.OBSERVATION, "answer": Form.ANSWER}
REGIONS = {
    "eyelid": None,
    **dict.fromkeys(("face", "jaw", "tongue"), "bulbar"),
    **dict.fromkeys(("neck", "shoulder", "upper-arm", "forearm", "hand"), "cervical"),
    **dict.fromkeys(("chest", "abdomen", "back"), "thoracic"),
    **dict.fromkeys(("hip-or-buttock", "thigh", "lower-leg", "foot"), "lumbosacral"),
}
ALSO = {"age", "deceased", "takes", "takes_not", "unread_medicines", "relatives", "past"}
TWITCH = ("twitch_onset", "twitch_recorded", "twitch_site")


@cache
def packaged() -> Knowledge:
    return load()


def day(text: str) -> Span:
    """The days that a case means by its words."""
    if text in ("today", "yesterday"):
        text = "0 days ago" if text == "today" else "1 days ago"
    if text.endswith(" days ago"):
        return Span.of(ON - timedelta(int(text.split()[0])))
    parts = [int(part) for part in text.split("-")]
    first = date(*[*parts, 1, 1][:3])
    last = {1: date(parts[0], 12, 31), 2: first.replace(day=monthrange(first.year, first.month)[1]), 3: first}
    return Span(first, last[len(parts)], text).until(ON)


def place(text: str) -> Place:
    """The place of "hand-right", "lower-leg" or "region cervical"."""
    if text.startswith("region "):
        return Place(None, text.removeprefix("region "))
    site, _, side = text.rpartition("-")
    if side not in ("left", "right"):
        site, side = text, ""
    return Place(site, REGIONS[site], side or None)


def amount(text: str, unit: str) -> Amount:
    """The amount of "2.5", "<2.5", ">=2.5" or "2 to 3"."""
    if " to " in text:
        low, high = map(float, text.split(" to "))
        return Amount(low, high, unit)
    for sign in ("<=", ">=", "<", ">"):
        if text.startswith(sign):
            value = float(text.removeprefix(sign))
            open_end = len(sign) == 1
            if "<" in sign:
                return Amount(-inf, value, unit, below=open_end)
            return Amount(value, inf, unit, above=open_end)
    return Amount.exactly(float(text), unit)


def facts(given: Mapping[str, Any], on: date = ON) -> Facts:
    """The facts of one patient, as a case gives them."""
    knowledge = packaged()
    said = [*_twitch(given)]
    results: dict[str, list[Result]] = {}
    for name, value in given.items():
        listed = value if isinstance(value, list) else [value]
        if name in knowledge.analytes:
            results[name] = [_result(name, f"{name}-{i}", item) for i, item in enumerate(listed)]
        elif name in knowledge.concepts:
            said += [_statement(name, f"{name}-{i}", item) for i, item in enumerate(listed)]
        elif name not in ALSO and name not in TWITCH:
            raise KeyError(f"a case gives {name}, which is no concept, analyte or word of given.py")
    return Facts(
        on=on,
        patient=_patient(given),
        statements=gathered(said),
        results={analyte: tuple(found) for analyte, found in results.items()},
        medicines=tuple(_medicines(given)),
        relatives=tuple(_relative(i, item) for i, item in enumerate(given.get("relatives", ()))),
        past=tuple(_past(item) for item in given.get("past", ())),
        unread_medicines=tuple(UnreadMedicine(source) for source in given.get("unread_medicines", ())),
    )


def _patient(given: Mapping[str, Any]) -> Patient:
    age = amount(str(given["age"]), "a") if "age" in given else None
    return Patient("Patient/p1", age, Truth[given.get("deceased", "UNKNOWN")])


def _twitch(given: Mapping[str, Any]) -> Iterator[Statement]:
    if any(word in given for word in TWITCH):
        words = {"onset": "twitch_onset", "stated": "twitch_recorded", "site": "twitch_site"}
        said = {name: given[word] for name, word in words.items() if word in given}
        yield _statement("fasciculation", "twitch", said)


def _statement(concept: str, source: str, said: str | Mapping[str, Any]) -> Statement:
    said = {"truth": said} if isinstance(said, str) else said
    known = packaged().concepts[concept]
    form = FORMS[said.get("form", "condition")]
    counts = None
    if form is not Form.CONDITION:
        counts = known.counts_days or packaged().thresholds.symptoms_count
    truth = Truth[said.get("truth", "YES")]
    return Statement(
        concept,
        truth,
        f"{form.value}/{source}",
        form,
        known.kind,
        aspect=said.get("aspect", ""),
        stated=day(said["stated"]) if "stated" in said else None,
        onset=day(said["onset"]) if "onset" in said else None,
        place=place(said["site"]) if "site" in said else None,
        examined=said.get("examined", form is Form.CONDITION),
        onset_source=said.get("onset_source"),
        refuted=said.get("refuted", False),
        end=End(said["end"]) if "end" in said else End.OVER if said.get("ended") else None,
        silent=said.get("silent", False),
        confirmed=said.get("confirmed", True),
        counts_days=counts,
        value=said.get("value"),
        notes=(Reason(said["note"]),) if "note" in said else (),
    )


def _result(analyte: str, source: str, measured: Any) -> Result:
    measured = measured if isinstance(measured, Mapping) else {"value": measured}
    known = packaged().analytes[analyte]
    text = str(measured["value"])
    readable = text != "unreadable"
    when = measured.get("when", "today")
    return Result(
        analyte,
        f"Observation/{source}",
        amount(text, known.unit) if readable else None,
        day(when) if when != "never" else None,
        measured.get("moment"),
        measured.get("low"),
        measured.get("high"),
        None if readable else Reason(measured.get("why", "no-unit")),
    )


def _medicines(given: Mapping[str, Any]) -> Iterator[MedicineUse]:
    for word, truth in (("takes", Truth.YES), ("takes_not", Truth.NO)):
        for name in given.get(word, ()):
            yield MedicineUse(name, truth, Basis(name, f"MedicationStatement/{name}", kind=Kind.MEDICINE))


def _relative(index: int, item: Mapping[str, str]) -> Relative:
    concept = item.get("concept", "motor-neuron-disease")
    basis = Basis(concept, f"FamilyMemberHistory/r{index}", kind=Kind.RELATIVE)
    return Relative(concept, Truth[item["first_degree"]], basis)


def _past(item: Mapping[str, Any]) -> Past:
    when = day(item["when"]) if "when" in item else None
    return Past(item["id"], item.get("done", True), when, f"Procedure/{item['id']}")
