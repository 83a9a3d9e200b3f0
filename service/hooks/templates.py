"""What we ask an EHR for: one prefetch key a resource type that some rule reads.

Two of the keys are required, all others degrade: what did not come is named on the
card. Each search parameter stands once (a known client turns a repeated one into an
"or"), no date bounds it (CDS Hooks 2.0 has no token for "a year ago"), and codes come
from the knowledge.

A search by code compares what an Observation is about, never its components. So the codes
of panels are asked for too: a potassium or a reflex may be one component of many.

Some EHRs search Observations by category and date only, or refuse a query of this length.
For them there is a second form (`since`): whatever is not older than `SEARCHED_BACK`, by
category. It brings more than any rule reads, and misses what has no category or no date.

Why codes without their system: with it the Observations' list is beyond the 8 kB that
many servers take for a URL, and without it a third of that. What matches by chance
under another system is passed over when it is read. Our own code system has no such
neighbours and is asked for as a whole (`system|`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from service.knowledge import Knowledge
from service.knowledge.codes import ICD

PATIENT = "{{context.patientId}}"
# How a client's EHR is asked: by the codes that a rule reads, or by category and date.
SEARCHES = ("code", "category")
# Further back than any rule looks (a test compares): what is older is at most named as too old.
SEARCHED_BACK = timedelta(days=5 * 365)
# What an examination is recorded under, its findings as components (SNOMED CT: Neurological examination).
EXAMINATIONS = ("84728005",)
# Where examinations, results, questionnaires, habits, neurophysiology and exercise stand.
CATEGORIES = ("exam", "laboratory", "vital-signs", "survey", "social-history", "procedure", "activity")


@dataclass(frozen=True, slots=True)
class PrefetchTemplate:
    """A prefetch key: which resources it holds, and how they are asked for.

    `by_date` is the second form, for what is otherwise asked for by code. `required`: without
    it nothing safe can be said. `reads_one`: a read, not a search.
    """

    key: str
    resource_type: str
    by_code: Callable[[Knowledge], str]
    required: bool = False
    reads_one: bool = False
    by_date: Callable[[date], str] | None = None

    def query(self, knowledge: Knowledge, since: date | None = None) -> str:
        """The template; with `since` in its second form, where it has one."""
        return self.by_date(since) if since and self.by_date else self.by_code(knowledge)


def templates(
    asked: Sequence[PrefetchTemplate], knowledge: Knowledge, since: date | None = None
) -> Mapping[str, str]:
    """The prefetch templates by key; with `since` in their second form."""
    return {template.key: template.query(knowledge, since) for template in asked}


def searched_since(search: str, on: date) -> date | None:
    """From which day on a client with this `search` is asked; None where it is asked by code."""
    return on - SEARCHED_BACK if search == "category" else None


def observation_codes(knowledge: Knowledge) -> tuple[str, ...]:
    """The codes by which an Observation states or measures something that a rule reads, panels among them.

    ICD as it is written in the knowledge: a server compares whole codes, and knows nothing of our prefixes.
    Left out: RxNorm and ATC, which code no Observations. A finding that is only the *value* of an
    Observation with a code that we do not know cannot be asked for by code; it is read where it comes anyway.
    """
    found = [knowledge.uris["own"] + "|"]
    for index in (knowledge.meanings, knowledge.analyte_codes, knowledge.test_codes, knowledge.panel_codes):
        for system in ("loinc", "snomed", "hpo"):
            found += sorted(index.codes(system))
    coded = (row for concept in knowledge.concepts.values() for row in concept.codes)
    found += sorted({code for system, code, meaning in coded if system in ICD and meaning})
    return tuple(dict.fromkeys([*found, *EXAMINATIONS]))


def study_codes(knowledge: Knowledge) -> tuple[str, ...]:
    """The codes that show that a test was done: of studies, of blood panels, and of what panels hold."""
    indexes = (knowledge.test_codes, knowledge.panel_codes, knowledge.analyte_codes)
    return tuple(
        dict.fromkeys(
            code
            for index in indexes
            for system in ("snomed", "loinc", "icd-10-pcs")
            for code in sorted(index.codes(system))
        )
    )


def procedure_codes(knowledge: Knowledge) -> tuple[str, ...]:
    """The codes that show that a test was done, and those of a treatment that advice depends on: dialysis."""
    kidney = knowledge.concepts["advanced-kidney-disease"].codes
    dialysis = [
        code for system, code, said in kidney if system == "snomed" and said and said.aspect == "dialysis"
    ]
    return tuple(dict.fromkeys([*study_codes(knowledge), *dialysis]))


def _of_patient(resource_type: str, *more: str) -> Callable[[Knowledge], str]:
    query = "&".join((f"{resource_type}?patient={PATIENT}", *more))
    return lambda knowledge: query


def _coded(
    resource_type: str, codes: Callable[[Knowledge], Iterable[str]], *more: str
) -> Callable[[Knowledge], str]:
    def query(knowledge: Knowledge) -> str:
        return "&".join((f"{resource_type}?patient={PATIENT}", "code=" + ",".join(codes(knowledge)), *more))

    return query


def _dated(resource_type: str, *more: str) -> Callable[[date], str]:
    def query(since: date) -> str:
        return "&".join((f"{resource_type}?patient={PATIENT}", *more, f"date=ge{since.isoformat()}"))

    return query


TEMPLATES = (
    PrefetchTemplate("patient", "Patient", lambda knowledge: f"Patient/{PATIENT}", reads_one=True),
    PrefetchTemplate("conditions", "Condition", _of_patient("Condition"), required=True),
    PrefetchTemplate(
        "observations",
        "Observation",
        _coded("Observation", observation_codes, "_sort=-date", "_count=1000"),
        required=True,
        by_date=_dated("Observation", "category=" + ",".join(CATEGORIES), "_sort=-date", "_count=1000"),
    ),
    PrefetchTemplate("serviceRequests", "ServiceRequest", _of_patient("ServiceRequest")),
    # Most EHRs refer to a Medication; without it the prescription does not say of what.
    PrefetchTemplate(
        "medications",
        "MedicationRequest",
        _of_patient("MedicationRequest", "_include=MedicationRequest:medication"),
    ),
    PrefetchTemplate(
        "medicationStatements",
        "MedicationStatement",
        _of_patient("MedicationStatement", "_include=MedicationStatement:medication"),
    ),
    PrefetchTemplate(
        "procedures", "Procedure", _coded("Procedure", procedure_codes), by_date=_dated("Procedure")
    ),
    PrefetchTemplate(
        "diagnosticReports",
        "DiagnosticReport",
        _coded("DiagnosticReport", study_codes),
        by_date=_dated("DiagnosticReport"),
    ),
    PrefetchTemplate("familyHistory", "FamilyMemberHistory", _of_patient("FamilyMemberHistory")),
    PrefetchTemplate("questionnaireResponses", "QuestionnaireResponse", _of_patient("QuestionnaireResponse")),
)
