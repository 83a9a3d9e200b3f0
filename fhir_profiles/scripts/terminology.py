"""service/knowledge -> CodeSystems and ValueSets.

A value set lists codes one by one. Where the knowledge matches by prefix (ICD-10,
ICD-10-CM, ATC) the listed code stands for all that begin with it, and a comment
beside it says so: FHIR has no portable filter for that. The subcodes of ICD-10-CM,
which are in the public domain, are listed too. Each SNOMED CT code says whether it is
in an openly licensed set.
"""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhir_profiles.scripts.artefact import HERE, Json, canonical, copyright_of, head, table
from service.assessment import Disposition
from service.cards.card import Kind
from service.cards.order_card import TOPIC as ORDER_CHECK
from service.hooks.templates import observation_codes, study_codes
from service.knowledge import Knowledge
from service.knowledge.codes import CODE_SYSTEMS, ICD, PREFIX_SYSTEMS, code_tables
from service.knowledge.products import RXNORM

OPEN_SETS = {
    "both": "in the Global Patient Set 2020 and the IPS Free Set 2022",
    "gps-2020": "in the Global Patient Set 2020",
    "ips-2022": "in the IPS Free Set 2022",
}
COMMENT = "http://hl7.org/fhir/StructureDefinition/valueset-concept-comments"
UCUM = "http://unitsofmeasure.org"


@dataclass(frozen=True, slots=True)
class Row:
    """A code of a value set: our short name of its system, and the words its owner uses."""

    system: str
    code: str
    display: str


def artefacts(knowledge: Knowledge) -> Iterator[Json]:
    """Every CodeSystem and ValueSet."""
    yield from code_systems(knowledge)
    yield from value_sets(knowledge)


# ---- Code systems -----------------------------------------------------------------------------------------


def code_systems(knowledge: Knowledge) -> Iterator[Json]:
    """Our own codes: what the record may say with them, and what our answers say."""
    yield _findings(knowledge)
    yield _rules(knowledge)
    yield _code_system(
        "twitch-dispositions",
        "Dispositions",
        "How soon the patient should be seen, and by whom, from the least urgent to the most urgent.",
        [
            {"code": str(d), "display": str(d).replace("-", " ").capitalize(), "definition": _DISPOSITIONS[d]}
            for d in Disposition
        ],
    )
    yield _code_system(
        "twitch-truth",
        "Answers in three values",
        "How a question to the record is answered. What is not recorded is UNKNOWN, never NO.",
        [
            {"code": "NO", "display": "No", "definition": "The record says that it is not so."},
            {"code": "UNKNOWN", "display": "Unknown", "definition": "The record does not settle it."},
            {"code": "YES", "display": "Yes", "definition": "The record says that it is so."},
        ],
    )
    yield _code_system(
        "twitch-card-topics",
        "Topics of cards",
        "What a CDS Hooks card is about (`source.topic`). A code never changes its meaning, so that a"
        " clinician who no longer wants one kind of card keeps getting the others.",
        [
            {
                "code": kind.topic.code,
                "display": kind.topic.display,
                "property": [{"code": "indicator", "valueCode": kind.indicator}],
            }
            for kind in Kind
        ]
        + [{"code": ORDER_CHECK.code, "display": ORDER_CHECK.display}],
        properties=[
            _property("indicator", "code", "The CDS Hooks indicator of such a card; none where it varies.")
        ],
    )


_DISPOSITIONS = {
    Disposition.NO_ACTION: "Nothing to do because of a twitch.",
    Disposition.LIFESTYLE: "Lifestyle steps, with a safety net and a review.",
    Disposition.PRIMARY_CARE_REVIEW: "A review in primary care, with a neurological examination.",
    Disposition.ROUTINE_REFERRAL: "A routine referral to neurology.",
    Disposition.URGENT_REFERRAL: "An urgent referral to neurology: seen within two weeks.",
    Disposition.SAME_DAY: "An assessment on the same day.",
}


def _findings(knowledge: Knowledge) -> Json:
    """Questions and answers share the system; a property tells them apart."""
    concepts: list[Json] = []
    for code, own in knowledge.own.items():
        kinds = [{"code": "kind", "valueCode": "question"}, {"code": "value", "valueCode": own["value"]}]
        if "unit" in own:
            kinds.append({"code": "unit", "valueString": own["unit"]})
        concepts.append(
            {"code": code, "display": own["display"], "definition": own["definition"], "property": kinds}
        )
    for code, own in knowledge.own.items():
        for answer, display in own.get("answers", {}).items():
            kinds = [{"code": "kind", "valueCode": "answer"}, {"code": "answers", "valueCode": code}]
            concepts.append({"code": answer, "display": display, "property": kinds})
    return _code_system(
        "twitch-findings",
        "Findings about muscle twitching",
        "What a rule needs to know and no standard code says: codes of Observations and link ids of the"
        " Questionnaire twitch-history, and the answers to those that are answered by a code.",
        concepts,
        properties=[
            _property("kind", "code", "question: the code of an Observation; answer: a value of one."),
            _property("value", "code", "Of a question: the FHIR type of its answer."),
            _property("unit", "string", "Of a question answered by a quantity: its UCUM unit."),
            _property("answers", "code", "Of an answer: the question that it answers."),
        ],
    )


def _rules(knowledge: Knowledge) -> Json:
    concepts = []
    for rule, words in knowledge.rules.items():
        properties = [{"code": "kind", "valueCode": str(words.kind)}]
        properties += [{"code": "evidence", "valueString": _cited(e, knowledge)} for e in words.evidence]
        concepts.append(
            {"code": rule, "display": words.says, "definition": words.why, "property": properties}
        )
    return _code_system(
        "twitch-rules",
        "Rules and contributors",
        "The rules that are put to a record, and what may contribute to a twitch. Ids are permanent.",
        concepts,
        properties=[
            _property("kind", "code", "motor and same-day rules are never reassured away."),
            _property("evidence", "string", "What the rule rests on."),
        ],
    )


def _cited(claim: str, knowledge: Knowledge) -> str:
    known = knowledge.evidence[claim]
    return f"{known.cite} {known.says}"


def _property(code: str, kind: str, description: str) -> Json:
    return {"code": code, "description": description, "type": kind}


def _code_system(
    artefact: str, title: str, description: str, concepts: list[Json], *, properties: Iterable[Json] = ()
) -> Json:
    made = head("CodeSystem", artefact, title=title, description=description)
    made |= {
        "caseSensitive": True,
        "valueSet": canonical("ValueSet", f"all-{artefact}"),
        "content": "complete",
        "count": len(concepts),
    }
    if properties:
        made["property"] = list(properties)
    return made | {"concept": concepts}


# ---- Value sets -------------------------------------------------------------------------------------------


def value_sets(knowledge: Knowledge) -> Iterator[Json]:
    """One value set for everything that has a name in the knowledge, and the unions that profiles bind."""
    for system in code_systems(knowledge):
        yield _everything_of(system)
    yield from _concepts(knowledge)
    yield from _sites()
    yield from _measured(knowledge)
    yield from _taken(knowledge)
    yield from _done(knowledge)
    yield from _answers(knowledge)
    yield from _asked_for(knowledge)


def _everything_of(system: Json) -> Json:
    made = head(
        "ValueSet",
        f"all-{system['id']}",
        title=f"All codes: {system['title']}",
        description=f"Every code of {system['url']}.",
    )
    return made | {"compose": {"include": [{"system": system["url"]}]}}


def _concepts(knowledge: Knowledge) -> Iterator[Json]:
    kinds: dict[str, list[str]] = {}
    for name, concept in table("codes").items():
        rows = list(_rows(concept))
        for part in concept.get("narrower", {}).values():
            rows += _rows(part)
        artefact = f"concept-{name}"
        kinds.setdefault(concept["kind"], []).append(artefact)
        yield _value_set(
            artefact,
            f"{concept['words'].capitalize()}: codes",
            f'Codes that state "{concept["words"]}". A narrower code states it too.' + _unspecific(concept),
            rows,
            knowledge,
            excluded=_rows(concept.get("except", {})),
        )
    for kind, (artefact, title, description) in _KINDS.items():
        yield _union(artefact, title, description, kinds[kind])
    yield _union(
        "twitch-statements",
        "Statements of a twitch",
        "Codes that say by themselves that a muscle twitches.",
        [f"concept-{name}" for name in _STATEMENTS],
    )
    yield _union(
        "stated-by-condition",
        "Twitches and symptoms as conditions",
        "Codes of a Condition that a rule reads as a twitch, a look-alike, a symptom or a sign.",
        [artefact for kind in ("twitch", "look-alike", "symptom") for artefact in kinds[kind]],
    )
    yield _union(
        "motor-findings",
        "Motor findings",
        "Signs and symptoms of the motor system that are never reassured away.",
        [f"concept-{name}" for name in _MOTOR],
    )


_KINDS = {
    "twitch": ("twitches", "Twitches", "Codes that state a muscle twitch, its course or its frequency."),
    "look-alike": (
        *("look-alikes", "Look-alikes"),
        "What a patient calls an eye twitch, and which has a rule of its own.",
    ),
    "symptom": ("symptoms", "Symptoms and signs", "Symptoms and signs that a rule reads."),
    "diagnosis": (
        *("diagnoses", "Diagnoses"),
        "Diagnoses that change what a twitch means, or that may contribute to it.",
    ),
}
_STATEMENTS = (
    *("fasciculation", "eyelid-twitch", "facial-myokymia", "tongue-fasciculation"),
    "benign-fasciculation-syndrome",
)
_MOTOR = (
    *("muscle-weakness", "weakness-progressive", "muscle-atrophy", "tongue-wasting", "tongue-fasciculation"),
    *("speech-difficulty", "swallowing-difficulty", "upper-motor-neuron-signs"),
)


def _unspecific(concept: Mapping[str, Any]) -> str:
    wide = [
        f"{display} ({system} {code})" for system, code, display in code_tables(concept.get("unspecific", {}))
    ]
    return f" Too wide to state it, and so left out: {', '.join(wide)}." if wide else ""


def _sites() -> Iterator[Json]:
    sites, systems = table("sites"), table("systems")
    names = []
    for group in ("sites", "areas"):
        for name, site in sites[group].items():
            rows = list(_rows(site))
            rows += [Row("snomed", c, d) for side in ("left", "right") for c, d in site.get(side, {}).items()]
            names.append(f"site-{name}")
            region = f"Region: {site['region']}." if site["region"] else "Of no region."
            yield _value_set(
                names[-1],
                f"Body site: {site['words']}",
                f"Codes of bodySite that mean the {site['words']}. {region}",
                rows,
                systems,
            )
    yield _value_set(
        "laterality",
        "Sides of the body",
        "Qualifiers of a side, as a further coding of the same bodySite.",
        [Row("snomed", c, d) for codes in sites["sides"].values() for c, d in codes.items()],
        systems,
    )
    yield _union(
        "body-sites",
        "Body sites",
        "Every code of bodySite that is read as a place. A side may stand beside it as a further coding.",
        names,
    )


def _measured(knowledge: Knowledge) -> Iterator[Json]:
    kinds: dict[str, list[str]] = {}
    units: dict[str, list[str]] = {}
    for name, analyte in table("analytes").items():
        artefact = f"analyte-{name}"
        kinds.setdefault(analyte["kind"], []).append(artefact)
        accepted = list(analyte["units"])
        units.setdefault(analyte["kind"], []).extend(accepted)
        read = (
            f" Read in {', '.join(accepted)}."
            if accepted
            else " No rule reads its value, only that it was done."
        )
        yield _value_set(
            artefact,
            f"Measurement: {analyte['words']}",
            f"Codes of an Observation that measures {analyte['words']}.{read}",
            _rows(analyte),
            knowledge,
        )
    for kind, title in _MEASURED.items():
        yield _union(kind, title, f"{title} that a rule reads.", kinds[kind])
    made = head(
        "ValueSet",
        "laboratory-units",
        title="Units of laboratory results",
        description="The UCUM units in which laboratory results are read; any other leaves a result unknown.",
    )
    concepts = [{"code": unit} for unit in dict.fromkeys(units["laboratory"])]
    yield made | {
        "copyright": copyright_of(["ucum"]),
        "compose": {"include": [{"system": UCUM, "concept": concepts}]},
    }


_MEASURED = {
    "laboratory": "Laboratory results",
    "vital": "Vital signs",
    "score": "Scores",
    "habit": "Habits",
}


def _taken(knowledge: Knowledge) -> Iterator[Json]:
    names = []
    for name, medicine in table("medicines").items():
        names.append(f"medicine-{name}")
        products = [p for p in knowledge.products.values() if name in p.classes]
        yield _value_set(
            names[-1],
            f"Medicines: {medicine['words']}",
            f"Ingredients, products and classes of {medicine['words']}, which {medicine['why']}. Not every"
            " product is listed: where no code is known, a medicine is read by its name.",
            [*_rows(medicine), *(Row(RXNORM, p.code, p.name) for p in products)],
            knowledge,
        )
    yield _union("medicines", "Medicines", "Medicines that can make muscles twitch.", names)


def _done(knowledge: Knowledge) -> Iterator[Json]:
    tests = table("tests")
    for name, test in tests.items():
        yield _value_set(
            f"test-{name}",
            f"Done or ordered: {test['words']}",
            f"Codes that show that {test['words']} was done or ordered.",
            _rows(test),
            knowledge,
        )
    referral = tests["neurology-referral"]
    yield _value_set(
        "specialty-neurology",
        "Specialty: neurology",
        "Codes of performerType that make a general referral one to neurology.",
        _rows(referral["specialty"]),
        knowledge,
    )
    yield _value_set(
        "generic-referral",
        "Referral without a specialty",
        "Referrals that are to neurology only together with its specialty.",
        _rows(referral["generic"]),
        knowledge,
    )
    orders = [coding for t in knowledge.tests.values() for coding in t.order if t.id != "neurology-referral"]
    orders += [coding for analyte in knowledge.analytes.values() for coding in analyte.order]
    yield _value_set(
        "test-orders",
        "Codes of test orders",
        "The codes that our draft orders of tests carry; where none is verified the text alone orders it.",
        [Row(coding.system, coding.code, coding.display) for coding in orders],
        knowledge,
    )


def _answers(knowledge: Knowledge) -> Iterator[Json]:
    yield _value_set(
        "own-questions",
        "What only our own codes ask",
        "The codes of twitch-findings that are codes of an Observation, without the answers.",
        [Row("own", code, own["display"]) for code, own in knowledge.own.items()],
        knowledge,
    )
    for name, own in knowledge.own.items():
        if "answers" in own:
            yield _value_set(
                f"answers-{name}",
                f"Answers: {own['display']}",
                f"The answers of {name}.",
                [Row("own", code, display) for code, display in own["answers"].items()],
                knowledge,
            )
    said = table("answers")
    for word, truth in (("no", "is not so"), ("yes", "is so")):
        yield _value_set(
            f"answer-{word}",
            f"Values that mean {word}",
            f"Coded values that say that what was asked {truth}.",
            _rows(said[word]),
            knowledge,
        )


def _asked_for(knowledge: Knowledge) -> Iterator[Json]:
    """What the prefetch templates ask for by code."""
    shown = {(row.system, row.code): row.display for row in _all_rows()}
    for artefact, title, codes, systems in (
        ("observation-codes", "Observations", observation_codes(knowledge), ("loinc", "snomed", "hpo", *ICD)),
        ("study-codes", "Studies", study_codes(knowledge), ("snomed", "loinc", "icd-10-pcs")),
    ):
        rows = [Row(s, c, shown[s, c]) for c in codes for s in systems if (s, c) in shown]
        made = _value_set(
            artefact,
            f"{title} that are asked for",
            f"{title} that a rule reads, as the prefetch template names them.",
            rows,
            knowledge,
        )
        if any(code.endswith("|") for code in codes):
            made["compose"]["include"].append({"system": knowledge.uris["own"]})
        yield made


def _all_rows() -> Iterator[Row]:
    for name in ("codes", "analytes", "tests"):
        yield from _deep(table(name))


def _deep(part: Mapping[str, Any]) -> Iterator[Row]:
    yield from _rows(part)
    for key, below in part.items():
        if isinstance(below, dict) and key not in (*CODE_SYSTEMS, "order"):
            yield from _deep(below)


def _rows(part: Mapping[str, Any]) -> list[Row]:
    return [Row(*row) for row in code_tables(part)]


def _union(artefact: str, title: str, description: str, parts: Iterable[str]) -> Json:
    made = head("ValueSet", artefact, title=title, description=description)
    return made | {"compose": {"include": [{"valueSet": [canonical("ValueSet", part)]} for part in parts]}}


def _value_set(
    artefact: str,
    title: str,
    description: str,
    rows: Iterable[Row],
    known: Knowledge | Mapping[str, Any],
    *,
    excluded: Iterable[Row] = (),
) -> Json:
    uris = known.uris if isinstance(known, Knowledge) else {name: s["uri"] for name, s in known.items()}
    rows, excluded = with_subcodes(rows), with_subcodes(excluded)
    made = head("ValueSet", artefact, title=title, description=description)
    notice = copyright_of(row.system for row in (*rows, *excluded))
    if notice:
        made["copyright"] = notice
    made["compose"] = {"include": _by_system(rows, uris)}
    if excluded:
        made["compose"]["exclude"] = _by_system(excluded, uris)
    return made


def with_subcodes(rows: Iterable[Row]) -> list[Row]:
    """The rows, and below each code of ICD-10-CM those that the present edition makes of it."""
    found: dict[Row, None] = {}
    for row in rows:
        found[row] = None
        if row.system == "icd-10-cm":
            for code, display in below(row.code):
                found.setdefault(Row(row.system, code, display))
    return list(found)


def below(code: str) -> list[tuple[str, str]]:
    """The subcodes of an ICD-10-CM code in the present edition, with their titles."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import simple_icd_10_cm as edition  # reads 8 MB while it is imported, in a way that Python deprecates

        known = edition.get_descendants(code) if edition.is_valid_item(code) else []
        return [(found, edition.get_description(found)) for found in known]


def _by_system(rows: Iterable[Row], uris: Mapping[str, str]) -> list[Json]:
    found: dict[str, dict[str, Json]] = {}
    for row in rows:
        found.setdefault(row.system, {}).setdefault(row.code, _concept(row))
    return [{"system": uris[s], "concept": list(concepts.values())} for s, concepts in found.items()]


def _concept(row: Row) -> Json:
    comment = None
    if row.system in PREFIX_SYSTEMS:
        comment = "Stands for every code that begins with it."
    elif row.system == "snomed":
        licence = open_snomed().get(row.code)
        comment = (
            f"Open: {licence} (CC BY 4.0)." if licence else "Not open: needs a SNOMED CT affiliate licence."
        )
    marked = {"extension": [{"url": COMMENT, "valueString": comment}]} if comment else {}
    return marked | {"code": row.code} | ({"display": row.display} if row.display else {})


@cache
def open_snomed() -> Mapping[str, str]:
    """SNOMED CT code -> the open set that it is in."""
    listed = tomllib.loads((HERE / "input" / "open-snomed.toml").read_text())
    return {code: OPEN_SETS[name] for name, codes in listed.items() for code in codes}
