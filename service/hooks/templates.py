"""What we ask an EHR for: one prefetch key a resource type that some rule reads.

Two of the keys are required, all others degrade: what did not come is named on the
card. Each search parameter stands once (a known client turns a repeated one into an
"or"), no date bounds it (CDS Hooks 2.0 has no token for "a year ago"), and codes come
from the knowledge.

Why codes without their system: with it the Observations' list is beyond the 8 kB that
many servers take for a URL, and without it a third of that. What matches by chance
under another system is passed over when it is read. Our own code system has no such
neighbours and is asked for as a whole (`system|`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.knowledge import Knowledge

PATIENT = "{{context.patientId}}"


@dataclass(frozen=True, slots=True)
class Source:
    """A prefetch key: which resources it holds, and how they are asked for.

    `required`: without it nothing safe can be said. `reads_one`: a read, not a search.
    """

    key: str
    resource_type: str
    query: Callable[[Knowledge], str]
    required: bool = False
    reads_one: bool = False


def templates(sources: Sequence[Source], knowledge: Knowledge) -> Mapping[str, str]:
    """The prefetch templates by key."""
    return {source.key: source.query(knowledge) for source in sources}


def observation_codes(knowledge: Knowledge) -> tuple[str, ...]:
    """The codes by which an Observation states or measures something that a rule reads.

    Left out: ICD, RxNorm and ATC, which code no Observations. A finding that is only the *value* of an
    Observation with a code that we do not know cannot be asked for by code; it is read where it comes anyway.
    """
    found = [knowledge.uris["own"] + "|"]
    for index in (knowledge.meanings, knowledge.analyte_codes):
        for system in ("loinc", "snomed", "hpo"):
            found += sorted(index.codes(system))
    return tuple(dict.fromkeys(found))


def study_codes(knowledge: Knowledge) -> tuple[str, ...]:
    """The codes that show that a test was done."""
    return tuple(
        code
        for system in ("snomed", "loinc", "icd-10-pcs")
        for code in sorted(knowledge.test_codes.codes(system))
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


SOURCES = (
    Source("patient", "Patient", lambda knowledge: f"Patient/{PATIENT}", reads_one=True),
    Source("conditions", "Condition", _of_patient("Condition"), required=True),
    Source(
        "observations",
        "Observation",
        _coded("Observation", observation_codes, "_sort=-date", "_count=1000"),
        required=True,
    ),
    Source("serviceRequests", "ServiceRequest", _of_patient("ServiceRequest")),
    # Most EHRs refer to a Medication; without it the prescription does not say of what.
    Source(
        "medications",
        "MedicationRequest",
        _of_patient("MedicationRequest", "_include=MedicationRequest:medication"),
    ),
    Source(
        "medicationStatements",
        "MedicationStatement",
        _of_patient("MedicationStatement", "_include=MedicationStatement:medication"),
    ),
    Source("procedures", "Procedure", _coded("Procedure", procedure_codes)),
    Source("diagnosticReports", "DiagnosticReport", _coded("DiagnosticReport", study_codes)),
    Source("familyHistory", "FamilyMemberHistory", _of_patient("FamilyMemberHistory")),
    Source("questionnaireResponses", "QuestionnaireResponse", _of_patient("QuestionnaireResponse")),
)
