"""Clinical cases written from the decision model alone, each one sentence and a few lines of record.

The `*.toml` files beside this one hold them, a file a chapter. A resource is one line:

    condition   = ["snomed 26544005 muscle weakness; onset -60d; site hand right; status active"]
    observation = ["loinc 2823-3 potassium = 2.4 mmol/L; on -1d", "own mrc-grade = integer 4; site hand left"]
    medication  = ["rxnorm 6448 lithium; status active"]            (kind statement, end -10d, never)
    order       = ["snomed 183521007 neurology referral; on -30d"]   (ServiceRequest)
    procedure, report, relative = ["FTH snomed 86044005 ALS"], answers = { twitch-at-rest = true, on = "-1d" }
    twitch      = "-20d calf left"                                    a fasciculation with this onset and site

The first part names a code: system, code, words; several codings are joined by " + "; "text …" is text alone.
"-5d" is five days before `on`, "+1d" a day after it, "2026-09" is written as it stands, "-" leaves it out.
What a line may say beside the code: `category encounter` (a visit diagnosis), `words …` (code.text beside a
coding), `ref …` (medicationReference by its display), `route …`, `= not-asked` (dataAbsentReason),
`= date 2026-09`, `conclusion …` and `interpretation …` (a report's or a study's result).
What is expected stands beside: see EXPECTATIONS at the end; what §9 names as members of the JSON is read
from the JSON.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from service import knowledge as knowledge_module
from service.assess import assess
from service.fhir.read.record import entries, record_of
from service.knowledge.words import notes_words, reason_words
from tests.patients.stories import golden_assessment

HERE = Path(__file__).parent
ON = "2026-11-23"
OWN = "https://twitch-cds.example/fhir/CodeSystem/twitch-findings"
SYSTEMS = {
    "snomed": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
    "hpo": "http://human-phenotype-ontology.org",
    "hpo-purl": "http://purl.obolibrary.org/obo/hp.fhir",
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "own": OWN,
}
SITES = {
    "eyelid": "80243003", "face": "89545001", "lip": "48477009", "cheek": "60819002", "jaw": "661005",
    "tongue": "21974007", "neck": "45048000", "shoulder": "16982005", "upper-arm": "40983000",
    "forearm": "14975008", "wrist": "8205005", "hand": "85562004", "thumb": "76505004", "finger": "7569003",
    "chest": "51185008", "abdomen": "818981001", "back": "77568009", "buttock": "46862004",
    "thigh": "68367000", "lower-leg": "30021000", "calf": "53840002", "foot": "56459004", "toe": "29707007",
    "arm": "53120007", "leg": "61685007", "trunk": "22943007", "body": "38266002",
}  # fmt: skip
SIDES = {"left": "7771000", "right": "24028007", "both": "51440002"}
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ROLES = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
WHY_ABSENT = ("unknown", "asked-unknown", "not-asked", "asked-declined", "not-performed")
CATEGORIES = {
    "encounter": ("http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis"),
    "problem": ("http://terminology.hl7.org/CodeSystem/condition-category", "problem-list-item"),
    "exam": ("http://terminology.hl7.org/CodeSystem/observation-category", "exam"),
    "survey": ("http://terminology.hl7.org/CodeSystem/observation-category", "survey"),
}
INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"

Json = dict[str, Any]


# ---- From one line to a resource ------------------------------------------------------------


class Line:
    """One resource of a case: what it names, and its further parts by keyword."""

    def __init__(self, text: str, on: date) -> None:
        head, *parts = [part.strip() for part in text.split(";")]
        self.head = head
        self.on = on
        self.parts: dict[str, str] = {}
        for part in parts:
            key, _, value = part.partition(" ")
            self.parts[key] = value.strip()

    def get(self, key: str, default: str = "") -> str:
        value = self.parts.get(key, default)
        return "" if value == "-" else value

    def day(self, key: str, default: str = "") -> str:
        return when(self.get(key, default), self.on)

    def has(self, key: str) -> bool:
        return key in self.parts


def when(text: str, on: date) -> str:
    """ "-5d" as a date, anything else as it stands."""
    match = re.fullmatch(r"([+-]\d+)d", text)
    if match:
        return (on + timedelta(days=int(match[1]))).isoformat()
    return on.isoformat() if text == "0d" else text


def coding(text: str) -> Json:
    system, code, *words = text.split()
    found: Json = {"system": SYSTEMS.get(system, system), "code": code}
    if words:
        found["display"] = " ".join(words)
    return found


def concept(text: str, words: str = "") -> Json:
    if text.startswith("text "):
        return {"text": text[5:]}
    found: Json = {"coding": [coding(part) for part in text.split(" + ")]}
    return found | {"text": words} if words else found


def category(name: str) -> list[Json]:
    system, code = CATEGORIES[name]
    return [{"coding": [{"system": system, "code": code}]}]


def body_site(text: str) -> Json:
    name, *sides = text.split()
    codings = [{"system": SYSTEMS["snomed"], "code": SITES.get(name, name)}]
    codings += [{"system": SYSTEMS["snomed"], "code": SIDES[side]} for side in sides]
    return {"coding": codings}


def value_of(text: str, line: Line) -> Json:
    """The value[x] of an Observation: yes, no, unknown, integer 4, 2.4 mmol/L, <2.5 mmol/L, snomed …"""
    if text in ("yes", "no"):
        return {"valueBoolean": text == "yes"}
    if text in WHY_ABSENT:
        return {"dataAbsentReason": {"coding": [{"system": ABSENT, "code": text}]}}
    first, _, rest = text.partition(" ")
    if first == "date":
        return {"valueDateTime": when(rest, line.on)}
    if first == "integer":
        return {"valueInteger": int(rest)}
    if first == "string":
        return {"valueString": rest}
    if first in SYSTEMS or first.startswith(("urn:", "http:")):
        return {"valueCodeableConcept": concept(text)}
    match = re.fullmatch(r"([<>]=?)?(\d+(?:\.\d+)?)", first)
    assert match, f"not a value: {text}"
    number = float(match[2])
    quantity: Json = {"value": int(number) if number.is_integer() else number}
    if match[1]:
        quantity["comparator"] = match[1]
    if line.has("unit"):
        quantity["unit"] = line.get("unit")
    elif rest:
        quantity |= {"unit": rest, "code": rest, "system": "http://unitsofmeasure.org"}
    return {"valueQuantity": quantity}


def condition(line: Line, subject: Json) -> Json:
    code = concept(line.head, line.get("words"))
    found: Json = {"resourceType": "Condition", "subject": subject, "code": code}
    if line.has("category"):
        found["category"] = category(line.get("category"))
    if status := line.get("status", "active"):
        found["clinicalStatus"] = {"coding": [{"system": CLINICAL, "code": status}]}
    if verification := line.get("verification", "confirmed"):
        found["verificationStatus"] = {"coding": [{"system": VERIFICATION, "code": verification}]}
        if verification == "entered-in-error":
            found.pop("clinicalStatus", None)
    if line.has("start"):
        found["onsetPeriod"] = {"start": line.day("start")}
    if line.has("age"):
        found["onsetAge"] = {
            "value": int(line.get("age")), "unit": "a", "system": "http://unitsofmeasure.org", "code": "a",
        }  # fmt: skip
    days = {"onset": "onsetDateTime", "recorded": "recordedDate", "abatement": "abatementDateTime"}
    found |= {element: line.day(key) for key, element in days.items() if line.has(key)}
    if line.has("site"):
        found["bodySite"] = [body_site(site) for site in line.get("site").split(", ")]
    return found


def observation(line: Line, subject: Json) -> Json:
    code, _, value = line.head.partition(" = ")
    found: Json = {
        "resourceType": "Observation",
        "status": line.get("status", "final"),
        "code": concept(code),
        "subject": subject,
    }
    if effective := line.day("on", "-1d"):
        found["effectiveDateTime"] = effective
    if value:
        found |= value_of(value, line)
    if line.has("site"):
        found["bodySite"] = body_site(line.get("site"))
    if line.has("range"):
        low, high = (float(number) for number in line.get("range").split())
        unit = found["valueQuantity"].get("unit", "")
        found["referenceRange"] = [
            {"low": {"value": low, "unit": unit}, "high": {"value": high, "unit": unit}}
        ]
    if line.has("component"):
        found["component"] = []
        for part in line.get("component").split(" & "):
            of, _, what = part.partition(" = ")
            found["component"].append({"code": concept(of), **value_of(what, line)})
    if line.has("interpretation"):
        found["interpretation"] = [interpretation(line.get("interpretation"))]
    for name in ("exam", "survey"):
        if line.has(name):
            found["category"] = category(name)
    return found


def interpretation(code: str) -> Json:
    return {"coding": [{"system": INTERPRETATION, "code": code}]}


def medication(line: Line, subject: Json) -> Json:
    found: Json = {"status": line.get("status", "active")}
    if line.head.startswith("ref"):
        display = line.head.removeprefix("ref").strip()
        found["medicationReference"] = {"reference": "Medication/elsewhere"}
        if display:
            found["medicationReference"]["display"] = display
    else:
        found["medicationCodeableConcept"] = concept(line.head, line.get("words"))
    if line.has("route"):
        dosage = "dosage" if line.get("kind") == "statement" else "dosageInstruction"
        found[dosage] = [{"route": {"text": line.get("route")}}]
    if line.get("kind") == "statement":
        found |= {"resourceType": "MedicationStatement", "subject": subject}
        period = {"start": line.day("start", "-200d"), "end": line.day("end")}
        found["effectivePeriod"] = {key: value for key, value in period.items() if value}
        return found
    found |= {"resourceType": "MedicationRequest", "intent": line.get("intent", "order"), "subject": subject}
    found["authoredOn"] = line.day("on", "-100d")
    if line.has("end"):
        found["dispenseRequest"] = {
            "validityPeriod": {"start": line.day("on", "-100d"), "end": line.day("end")}
        }
    if line.has("never"):
        found["doNotPerform"] = True
    return found


def order(line: Line, subject: Json) -> Json:
    found: Json = {
        "resourceType": "ServiceRequest",
        "status": line.get("status", "active"),
        "intent": "order",
        "code": concept(line.head),
        "subject": subject,
        "authoredOn": line.day("on", "-30d"),
    }
    if line.has("never"):
        found["doNotPerform"] = True
    if line.has("specialty"):
        found["performerType"] = concept(line.get("specialty"))
    return found


def procedure(line: Line, subject: Json) -> Json:
    return {
        "resourceType": "Procedure",
        "status": line.get("status", "completed"),
        "code": concept(line.head),
        "subject": subject,
        "performedDateTime": line.day("on", "-30d"),
    }


def report(line: Line, subject: Json) -> Json:
    found: Json = {
        "resourceType": "DiagnosticReport",
        "status": line.get("status", "final"),
        "code": concept(line.head),
        "subject": subject,
        "effectiveDateTime": line.day("on", "-30d"),
    }
    if line.has("conclusion"):
        found["conclusionCode"] = [concept(line.get("conclusion"))]
    return found


def relative(line: Line, subject: Json) -> Json:
    role, _, code = line.head.partition(" ")
    return {
        "resourceType": "FamilyMemberHistory",
        "status": line.get("status", "completed"),
        "patient": subject,
        "relationship": {"coding": [{"system": ROLES, "code": role}]},
        "condition": [{"code": concept(code)}],
    }


def answers(said: Json, on: date, subject: Json) -> Json:
    said = dict(said)
    status, authored = said.pop("status", "completed"), when(said.pop("on", "-1d"), on)
    items = []
    for link, value in said.items():
        if isinstance(value, bool):
            answer: Json = {"valueBoolean": value}
        elif isinstance(value, int):
            answer = {"valueInteger": value}
        elif re.fullmatch(r"[+-]?\d+d|\d{4}(-\d\d){0,2}", value):
            answer = {"valueDate": when(value, on)}
        elif re.fullmatch(r"[\d.]+ \S+", value):
            number, unit = value.split()
            answer = {
                "valueQuantity": {
                    "value": float(number), "unit": unit, "code": unit, "system": "http://unitsofmeasure.org",
                }
            }  # fmt: skip
        else:
            answer = {"valueCoding": {"system": OWN, "code": value}}
        items.append({"linkId": link, "answer": [answer]})
    return {
        "resourceType": "QuestionnaireResponse",
        "status": status,
        "questionnaire": "https://twitch-cds.example/fhir/Questionnaire/twitch-history",
        "subject": subject,
        "authored": authored,
        "item": items,
    }


MAKERS: dict[str, Callable[[Line, Json], Json]] = {
    "condition": condition,
    "observation": observation,
    "medication": medication,
    "order": order,
    "procedure": procedure,
    "report": report,
    "relative": relative,
}


def _person(patient: Json, on: date) -> list[Json]:
    if not patient:
        return []
    person: Json = {"resourceType": "Patient", "id": "p"}
    if "born" in patient:
        person["birthDate"] = patient["born"]
    if "gender" in patient:
        person["gender"] = patient["gender"]
    if "deceased" in patient:
        kind = "deceasedBoolean" if isinstance(patient["deceased"], bool) else "deceasedDateTime"
        person[kind] = patient["deceased"] if kind == "deceasedBoolean" else when(patient["deceased"], on)
    return [person]


def bundle_of(case: Json) -> Json:
    on = date.fromisoformat(case.get("on", ON))
    subject: Json = {"reference": "Patient/p"}
    resources: list[Json] = []
    resources += _person(case.get("patient", {"born": "1974-06-01"}), on)
    if "twitch" in case:
        onset, _, site = case["twitch"].partition(" ")
        text = f"snomed 82470000 fasciculation; id twitch; onset {onset}" + (f"; site {site}" if site else "")
        resources.append(condition(Line(text, on), subject) | {"id": "twitch"})
    for kind, make in MAKERS.items():
        for number, text in enumerate(case.get(kind, ())):
            line = Line(text, on)
            of = line.get("of")
            made = make(line, {"reference": of} if of else subject)
            resources.append(made | {"id": line.get("id") or f"{kind}{number}"})
    said = case.get("answers", [])
    for number, one in enumerate([said] if isinstance(said, dict) else said):
        resources.append(answers(one, on, subject) | {"id": f"answers{number}"})
    for text in case.get("raw", ()):
        resources.append(json.loads(re.sub(r'"([+-]\d+d)"', lambda m: f'"{when(m[1], on)}"', text)))
    if case.get("no_subject"):
        for one in resources:
            one.pop("subject", None)
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


# ---- What is expected ------------------------------------------------------------


class Seen:
    """An assessment in the words that the cases use."""

    def __init__(self, found: Any) -> None:
        self.found = found
        self.truths = {f.rule: f.truth.name for f in found.findings}

    @cached_property
    def json(self) -> Json:
        """The assessment as /evaluate answers it (§9)."""
        answer: Json = json.loads(golden_assessment(self.found))
        return answer

    def suggested(self, recommended: bool) -> list[str]:
        """The tests that are not withheld, recommended or offered."""
        tests = [t for t in self.json["tests"] if not t.get("withheld")]
        return sorted(t["id"] for t in tests if t["recommended"] is recommended)

    def rules(self, truth: str) -> list[str]:
        return sorted(rule for rule, answer in self.truths.items() if answer == truth)

    def truth(self, value: Any) -> str:
        value = getattr(value, "truth", value)
        return getattr(value, "name", str(value))

    def finding(self, rule: str) -> Any:
        return next((f for f in self.found.findings if f.rule == rule), None)

    def panel(self) -> Any:
        return next((t for t in self.found.tests if t.id == "blood-panel" and not t.withheld), None)

    def left_out(self, step: str) -> list[str] | None:
        """What is withheld of a step; None where there is no such step."""
        return next((s["withheld"] for s in self.json["lifestyle"] if s["id"] == step), None)


def _rules(truth: str) -> Callable[[Seen, Any], str]:
    def check(seen: Seen, wanted: list[str]) -> str:
        wrong = {
            rule: seen.truths.get(rule, "not evaluated") for rule in wanted if seen.truths.get(rule) != truth
        }
        return f"{truth} expected, but {wrong}; YES are {seen.rules('YES')}" if wrong else ""

    return check


def _not_yes(seen: Seen, wanted: list[str]) -> str:
    wrong = [rule for rule in wanted if seen.truths.get(rule) == "YES"]
    return f"not YES expected, but YES: {wrong}" if wrong else ""


def _same(of: Callable[[Seen], Any]) -> Callable[[Seen, Any], str]:
    def check(seen: Seen, wanted: Any) -> str:
        got = of(seen)
        return "" if got == wanted else f"expected {wanted!r}, got {got!r}"

    return check


def _with(of: Callable[[Seen], list[str]]) -> Callable[[Seen, Any], str]:
    def check(seen: Seen, wanted: list[str]) -> str:
        got = of(seen)
        missing = [one for one in wanted if one not in got]
        return f"missing {missing} in {got}" if missing else ""

    return check


def _without(of: Callable[[Seen], list[str]]) -> Callable[[Seen, Any], str]:
    def check(seen: Seen, wanted: list[str]) -> str:
        got = of(seen)
        present = [one for one in wanted if one in got]
        return f"must not hold {present}, got {got}" if present else ""

    return check


def _suggested(seen: Seen) -> list[str]:
    return sorted(t.id for t in seen.found.tests if not t.withheld)


def _withheld(seen: Seen, wanted: Json) -> str:
    got = {t["id"]: t["withheld"] for t in seen.json["tests"] if t["withheld"]}
    wrong = {
        k: got.get(k)
        for k, text in wanted.items()
        if text.lower() not in (got.get(k) or "").lower() or k not in got
    }
    return f"withheld {wanted} expected, got {got}; suggested {_suggested(seen)}" if wrong else ""


def _analytes(seen: Seen) -> list[str]:
    panel = seen.panel()
    return sorted(panel.analytes) if panel else []


def _withheld_analytes(seen: Seen, wanted: Json) -> str:
    got: Json = {}
    for test in seen.json["tests"]:
        got |= test.get("withheldAnalytes", {})
    wrong = [k for k, text in wanted.items() if k not in got or text.lower() not in str(got[k]).lower()]
    return f"withheld analytes {wanted} expected, got {got}" if wrong else ""


def _lifestyle_withheld(seen: Seen, wanted: Json) -> str:
    problems = []
    for name, texts in wanted.items():
        held = seen.left_out(name)
        if held is None:
            problems.append(f"no step {name}")
            continue
        if not texts and held:
            problems.append(f"{name} withholds {held}")
        problems += [f"{name} lacks “{t}” in {held}" for t in texts if not any(t in w for w in held)]
    return "; ".join(problems)


def _lifestyle_keeps(seen: Seen, wanted: Json) -> str:
    problems = []
    for name, texts in wanted.items():
        held = seen.left_out(name)
        problems += [f"{name} withholds {held}" for t in texts if held is None or any(t in w for w in held)]
    return "; ".join(problems)


def _referral(seen: Seen, wanted: Json) -> str:
    referral = seen.found.referral
    problems = []
    for key, value in wanted.items():
        got = getattr(referral, key)
        if key == "note":
            right = (not got) if value is False else value.lower() in (got or "").lower()
        elif value == "none":
            right = got is None
        else:
            right = got == value
        if not right:
            problems.append(f"{key}: expected {value!r}, got {got!r}")
    return "; ".join(problems)


def _duration(seen: Seen) -> list[int]:
    span = seen.found.twitch.duration
    if span is None:
        return []
    low, high = span.low, span.high
    return [-1 if end is None or end == float("inf") else int(end) for end in (low, high)]


def _explained(seen: Seen, wanted: Json) -> str:
    got = {f.rule: f.explained_by for f in seen.found.findings if f.explained_by}
    wrong = [rule for rule, by in wanted.items() if rule not in got or by not in str(got[rule]).lower()]
    forced = [rule for rule in wanted if (f := seen.finding(rule)) and f.disposition is not None]
    return f"explained {wanted} expected, got {got}, still in force {forced}" if wrong or forced else ""


def _unexplained(seen: Seen, wanted: list[str]) -> str:
    wrong = [rule for rule in wanted if not (f := seen.finding(rule)) or f.disposition is None]
    return f"in force expected, but not: {wrong}" if wrong else ""


def _noted(seen: Seen, wanted: Json) -> str:
    problems = []
    for rule, text in wanted.items():
        finding = seen.finding(rule)
        notes = (
            [str(notes_words(b.notes, _knowledge())) for b in finding.answer.basis if b.notes]
            if finding
            else []
        )
        if not any(text in note.lower() for note in notes):
            problems.append(f"{rule}: no note “{text}” among {notes}")
    return "; ".join(problems)


@cache
def _knowledge() -> Any:
    return knowledge_module.load()


def _open_facts(seen: Seen) -> list[str]:
    return [q.fact for q in seen.found.open_questions]


def _open_first(seen: Seen, wanted: str | list[str]) -> str:
    """The first question is this one, or one of these."""
    facts = _open_facts(seen)
    either = [wanted] if isinstance(wanted, str) else wanted
    right = bool(facts) and any(one in facts[0] for one in either)
    return "" if right else f"first open question {wanted} expected, got {facts}"


def _open_order(seen: Seen, wanted: list[str]) -> str:
    """All of these are asked, in this order; others may stand between."""
    facts = [q["fact"] for q in seen.json["openQuestions"]]
    asked = [fact for fact in facts if fact in wanted]
    return "" if asked == wanted else f"open questions in the order {wanted} expected, got {facts}"


def _open_raise(seen: Seen, wanted: Json) -> str:
    got = {q["fact"]: q["couldRaise"] for q in seen.json["openQuestions"]}
    wrong = [fact for fact, disposition in wanted.items() if got.get(fact) != disposition]
    return f"could raise {wanted} expected, got {got}" if wrong else ""


def _forces(seen: Seen, wanted: Json) -> str:
    """The disposition that each of these findings has in force; "none" where it has none."""
    got = {f["rule"]: f["disposition"] or "none" for f in seen.json["findings"]}
    wrong = [rule for rule, disposition in wanted.items() if got.get(rule) != disposition]
    return f"in force {wanted} expected, got {got}" if wrong else ""


def _follow_up(seen: Seen) -> Json:
    panel = next((t for t in seen.json["tests"] if t["id"] == "blood-panel"), {})
    return {analyte: one["within"] for analyte, one in (panel.get("followUp") or {}).items()}


def _considered(seen: Seen) -> list[str]:
    return [one["id"] for one in seen.json["considerations"]]


def _because(seen: Seen, wanted: Json) -> str:
    got = {one["id"]: one["because"] for one in seen.json["considerations"]}
    wrong = [name for name, rules in wanted.items() if not set(rules) <= set(got.get(name, ()))]
    return f"considered because of {wanted} expected, got {got}" if wrong else ""


def _sources(member: str) -> Callable[[Seen], list[str]]:
    return lambda seen: sorted(one["source"] for one in seen.json[member])


def _open_why(seen: Seen, wanted: Json) -> str:
    got = {q.fact: reason_words(q.why, _knowledge()) for q in seen.found.open_questions}
    wrong = [fact for fact, text in wanted.items() if text not in str(got.get(fact))]
    return f"open because {wanted} expected, got {got}" if wrong else ""


def _open_last(seen: Seen, wanted: str) -> str:
    facts = _open_facts(seen)
    return "" if facts and wanted in facts[-1] else f"last open question {wanted} expected, got {facts}"


def _basis(seen: Seen, wanted: Json) -> str:
    problems = []
    for rule, sources in wanted.items():
        finding = seen.finding(rule)
        got = sorted({str(b.source) for b in finding.answer.basis}) if finding else []
        problems += [f"{rule}: basis {source} missing in {got}" for source in sources if source not in got]
    return "; ".join(problems)


def _of_twitch(name: str) -> Callable[[Seen], Any]:
    return lambda seen: seen.truth(getattr(seen.found.twitch, name))


EXPECTATIONS: dict[str, Callable[[Seen, Any], str]] = {
    "disposition": _same(lambda seen: str(seen.found.disposition)),
    "yes": _rules("YES"),
    "no": _rules("NO"),
    "unknown": _rules("UNKNOWN"),
    "not_yes": _not_yes,
    "only": _same(lambda seen: seen.rules("YES")),
    "tests": _same(_suggested),
    "tests_with": _with(_suggested),
    "tests_without": _without(_suggested),
    "recommended": _same(lambda seen: seen.suggested(recommended=True)),
    "recommended_with": _with(lambda seen: seen.suggested(recommended=True)),
    "recommended_without": _without(lambda seen: seen.suggested(recommended=True)),
    "offered": _same(lambda seen: seen.suggested(recommended=False)),
    "offered_with": _with(lambda seen: seen.suggested(recommended=False)),
    "follow_up": _same(_follow_up),
    "withheld": _withheld,
    "analytes": _same(_analytes),
    "analytes_with": _with(_analytes),
    "analytes_without": _without(_analytes),
    "withheld_analytes": _withheld_analytes,
    "contributors": _same(lambda seen: sorted(c.id for c in seen.found.contributors)),
    "contributors_with": _with(lambda seen: [c.id for c in seen.found.contributors]),
    "contributors_without": _without(lambda seen: [c.id for c in seen.found.contributors]),
    "steps": _same(lambda seen: sorted(s.id for s in seen.found.lifestyle)),
    "lifestyle_withheld": _lifestyle_withheld,
    "lifestyle_keeps": _lifestyle_keeps,
    "referral": _referral,
    "present": _same(_of_twitch("present")),
    "eyelid": _same(_of_twitch("confined_to_eyelid")),
    "spreading": _same(_of_twitch("spreading")),
    "widespread": _same(lambda seen: seen.found.twitch.widespread),
    "sites": _same(lambda seen: sorted(str(s) for s in seen.found.twitch.sites)),
    "regions": _same(lambda seen: sorted(str(r) for r in seen.found.twitch.regions)),
    "duration": _same(_duration),
    "onset": _same(lambda seen: str(seen.found.twitch.onset)),
    "explained": _explained,
    "in_force": _unexplained,
    "forces": _forces,
    "considerations": _same(_considered),
    "considerations_with": _with(_considered),
    "considerations_without": _without(_considered),
    "considerations_known": _same(
        lambda seen: [one["id"] for one in seen.json["considerations"] if one["known"]]
    ),
    "considerations_because": _because,
    "mentions": _same(_sources("mentions")),
    "unread_medicines": _same(_sources("unreadMedicines")),
    "noted": _noted,
    "basis": _basis,
    "unreadable": _same(lambda seen: sorted(u.resource for u in seen.found.unreadable)),
    "other_subjects": _same(lambda seen: seen.found.other_subjects),
    "open_questions_first": _open_first,
    "open_questions_last": _open_last,
    "open_questions_order": _open_order,
    "open_questions_only": _same(lambda seen: sorted(_open_facts(seen))),
    "open_questions_raise": _open_raise,
    "open_questions_why": _open_why,
    "open_questions": _with(_open_facts),
    "open_questions_without": _without(_open_facts),
    "open_questions_none": lambda seen, wanted: (
        "" if bool(_open_facts(seen)) != wanted else f"open: {_open_facts(seen)}"
    ),
    "notes": _same(lambda seen: list(seen.found.notes)),
    "notes_with": lambda seen, wanted: (
        "" if any(wanted in n for n in seen.found.notes) else f"no note “{wanted}” in {seen.found.notes}"
    ),
}
INPUT = {
    "case",
    "on",
    "patient",
    "twitch",
    "raw",
    "answers",
    "ask",
    "no_subject",
    "pathway",
    "nice",
    "raises",
    *MAKERS,
}


def difference(found: Any, expected: Json) -> str:
    """What differs, a line a key; empty where all is as expected."""
    seen = Seen(found)
    lines = []
    for key, wanted in expected.items():
        said = EXPECTATIONS[key](seen, wanted)
        if said:
            lines.append(f"{key}: {said}")
    return "\n".join(lines)


def cases(without: str = "") -> list[Any]:
    """The cases of all files as parameters; `without` leaves out those that hold this key."""
    params = []
    seen: set[str] = set()
    for path in sorted(HERE.glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["cases"]:
            name = f"{path.stem}: {case['case']}"
            assert name not in seen, f"told twice: {name}"
            seen.add(name)
            strange = set(case) - INPUT - set(EXPECTATIONS)
            assert not strange, f"{name}: unknown {strange}"
            if without not in case:
                params.append(pytest.param(case, id=name))
    return params


@pytest.fixture(scope="module")
def knowledge() -> Any:
    return _knowledge()


@pytest.mark.parametrize("case", cases())
def test_case(case: Json, knowledge: Any) -> None:
    on = date.fromisoformat(case.get("on", ON))
    bundle = bundle_of(case)
    if "raises" in case:
        with pytest.raises(Exception) as caught:
            record_of(entries(bundle), knowledge, patient=case.get("ask"))
        assert type(caught.value).__name__ == case["raises"]
        return
    expected = {key: value for key, value in case.items() if key in EXPECTATIONS}
    runs = [(case.get("pathway", "early-referral"), expected)]
    if "nice" in case:
        runs.append(("nice-ng127", {"disposition": case["nice"]}))
    for pathway, wanted in runs:
        record = record_of(entries(bundle), knowledge, patient=case.get("ask"))
        differs = difference(assess(record, on, knowledge=knowledge, pathway=pathway), wanted)
        assert not differs, f"\n{case['case']} ({pathway})\n{differs}"
