"""Random, realistic records: a patient, perhaps a twitch, and some of what hospitals write down.

`random_bundle(rng, on)` makes one. Everything that it draws lies near the limits of the decision model:
days about
14, 28, 56, 90, 180 and 365 ago, values about the thresholds,
statements that disagree. `TRANSFORMATIONS` are changes
that must not change what is decided.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.reference import terms

Json = dict[str, Any]
URIS = {
    "SNOMED": "http://snomed.info/sct",
    "LOINC": "http://loinc.org",
    "ICD-10-CM": "http://hl7.org/fhir/sid/icd-10-cm",
    "ICD-10": "http://hl7.org/fhir/sid/icd-10",
    "HPO": "http://human-phenotype-ontology.org",
    "RxNorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "ATC": "http://www.whocc.no/atc",
    "own": terms.OWN,
}
HL7 = "http://terminology.hl7.org/CodeSystem/"
UCUM = "http://unitsofmeasure.org"
DAYS = (
    0, 1, 2, 3, 5, 7, 8, 10, 13, 14, 15, 20, 27, 28, 29, 31, 40, 55, 56, 57, 60, 89, 90, 91, 100, 150, 179,
    180, 181,
    200, 300, 364, 365, 366, 400, 700, 1900, 3000,
)  # fmt: skip
LATELY = (0, 1, 2, 3, 5, 6, 7, 8, 10, 14, 20, 28, 29, 30, 31, 60, 89, 90, 91, 120)
SYMPTOMS = (
    "muscle-weakness", "weakness-of-hand", "monoparesis-leg", "weakness-of-arm", "foot-drop",
    "facial-weakness",
    "subjective-weakness", "unspecified-weakness", "muscle-atrophy", "tongue-wasting", "dysarthria",
    "slurred-speech", "dysphagia", "choking", "orthopnoea", "dyspnoea-at-rest", "dyspnoea",
    "exertional-dyspnoea",
    "acute-respiratory-failure", "chronic-respiratory-failure", "hyperreflexia", "spasticity", "babinski",
    "clonus",
    "upper-motor-neuron", "ptosis", "diplopia", "weight-loss", "numbness", "numbness-of-foot",
    "paraesthesia", "saddle-numbness",
    "gait-disturbance", "neck-pain", "cramp",
)  # fmt: skip
DIAGNOSES = (
    "motor-neuron-disease", "kennedy-disease", "spinal-muscular-atrophy", "hirayama-disease",
    "multifocal-motor-neuropathy", "multiple-sclerosis", "peripheral-neuropathy", "guillain-barre",
    "myasthenia-gravis", "benign-fasciculation", "heart-failure", "cardiomyopathy", "atrial-fibrillation",
    "coronary-disease", "copd", "emphysema", "asthma", "interstitial-lung-disease", "bronchiectasis",
    "cystic-fibrosis", "abnormal-emg", "abnormal-nerve-study",
)  # fmt: skip
FACTORS = (
    "anxiety", "insomnia", "fatigue", "high-caffeine", "dehydration", "alcohol", "low-magnesium",
    "low-calcium",
    "low-potassium", "low-sodium", "high-potassium", "high-calcium", "magnesium-disorder", "calcium-disorder",
    "b12-deficiency", "vitamin-d-deficiency", "thyroid", "pregnancy", "advanced-kidney-disease",
)  # fmt: skip
SITED = ("muscle-weakness", "muscle-atrophy", "fasciculation")
OWN_YES_NO = (
    "difficulty-gripping", "difficulty-climbing-stairs", "split-hand", "weakness-progressive",
    "twitch-at-rest",
    "twitch-persists-despite-lifestyle", "weight-loss-intended", "vision-interference", "sudden-onset",
    "recent-exertion", "family-history-of-mnd",
)  # fmt: skip
OWN_CODED = {
    "twitch-course": ("improving", "unchanged", "worsening", "fluctuating"),
    "twitch-frequency": ("rare", "weekly", "daily", "constant"),
    "twitch-trigger": ("none", "caffeine", "stress", "exercise"),
}
LINKS = (
    "fasciculation", "muscle-weakness", "difficulty-gripping", "difficulty-climbing-stairs",
    "weakness-progressive",
    "muscle-atrophy", "cramp", "gait-disturbance", "sensory-change", "speech-difficulty",
    "swallowing-difficulty",
    "orthopnoea", "dyspnoea-at-rest", "sudden-onset", "twitch-at-rest", "twitch-persists-despite-lifestyle",
    "vision-interference", "recent-exertion",
)  # fmt: skip
# analyte: values on both sides of each limit
VALUES: dict[str, tuple[float, ...]] = {
    "potassium": (2.3, 2.5, 2.6, 2.9, 3.0, 3.4, 3.5, 4.2, 5.1, 5.2, 5.9, 6.0, 6.4, 6.5, 7.0),
    "sodium": (118, 120, 121, 130, 134, 135, 140, 145, 146, 159, 160),
    "adjusted-calcium": (1.7, 1.8, 1.9, 2.1, 2.15, 2.4, 2.55, 2.6, 3.4, 3.5),
    "total-calcium": (1.7, 1.95, 2.1, 2.3, 2.5, 2.7),
    "albumin": (20, 30, 40, 45),
    "magnesium": (0.35, 0.4, 0.45, 0.49, 0.5, 0.6, 0.7, 0.85, 1.0, 1.1),
    "b12": (120, 179, 180, 400, 1500),
    "vitamin-d": (20, 49, 50, 80),
    "tsh": (0.1, 0.3, 0.4, 2, 4.5, 5, 9),
    "free-t4": (14,),
    "ck": (100, 900),
    "creatinine": (80, 300),
    "egfr": (20, 29, 30, 70),
    "lithium": (0.6, 1.1, 1.4, 1.5, 2.0),
    "spo2": (84, 87, 88, 90, 91, 92, 93, 94, 98),
    "respiratory-rate": (14, 22, 23, 24, 25, 28),
    "fvc": (40, 49, 50, 59, 60, 90),
    "gad-7": (4, 9, 10, 15),
    "audit-c": (2, 4, 5, 9),
    "sleep-duration": (5, 6.5, 7, 8),
    "caffeine-intake": (100, 201, 250, 400, 401, 600),
    "fluid-intake": (0.8, 1, 2),
    "screen-time": (3, 6, 7),
    "weight": (70, 72, 75, 76, 80),
}
# texts of medicines, as orders have them: the class that decides is the reader's matter
MEDICINES = (
    "Lithium carbonate 300 mg capsule", "lithium battery", "no lithium",
    "lithium carbonate 300 mg discontinued",
    "predniSONE 10 MG", "hydrocortisone 1 % cream", "lisinopril/hydrochlorothiazide 20/12.5 mg",
    "albuterol (preservative free) nebuliser solution", "Amoxicillin 500 mg capsule", "omeprazole 20 mg",
    "allergy to prednisone", "Zoloft 50 mg tablet", "caffeine free tablets", "prednisolone 1 % eye drops",
)  # fmt: skip


class Maker:
    """Makes resources of one record: draws, and numbers them."""

    def __init__(self, rng: Random, on: date) -> None:
        self.rng, self.on, self.count = rng, on, 0

    def resource(self, kind: str, **elements: Any) -> Json:
        """A resource of the patient with an id of its own."""
        self.count += 1
        subject = "patient" if kind == "FamilyMemberHistory" else "subject"
        return {"resourceType": kind, "id": f"r{self.count}", subject: {"reference": "Patient/p"}, **elements}

    def day(self, among: tuple[int, ...] = DAYS) -> str:
        """A day some days ago."""
        return (self.on - timedelta(days=self.rng.choice(among))).isoformat()

    def chance(self, share: float) -> bool:
        """True in this share of the draws."""
        return self.rng.random() < share

    def code(self, concept: str) -> Json:
        """One of the concept's codes as a CodeableConcept, its ICD code with or without the dot."""
        options = [(s, c) for s, c in terms.codes_of(concept) if s != "LOINC"]
        system, code = self.rng.choice(options)
        if system in terms.ICD and self.chance(0.3):
            code = code.replace(".", "")
        return {"coding": [{"system": URIS[system], "code": code}]}

    def site(
        self, among: tuple[str, ...] = ("hand", "forearm", "thigh", "lower-leg", "shoulder", "foot")
    ) -> Json:
        """A bodySite, often with its side."""
        name = self.rng.choice(among)
        codings = [{"system": URIS["SNOMED"], "code": terms.SITES[name].split()[0]}]
        if name not in ("tongue", "jaw", "neck", "chest", "abdomen", "back", "trunk") and self.chance(0.7):
            side = self.rng.choice(("left", "right"))
            codings.append({"system": URIS["SNOMED"], "code": terms.codes_of(side)[0][1]})
        return {"coding": codings}


def own(name: str) -> Json:
    """One of our own codes."""
    return {"coding": [{"system": terms.OWN, "code": name}]}


# ---- Conditions -------------------------------------------------------------------------------------


def condition(make: Maker, concept: str, **elements: Any) -> Json:
    """A Condition of any status, verification, category and date."""
    found = make.resource("Condition", code=make.code(concept), **elements)
    _dates(make, found, partial=concept not in DIAGNOSES)
    _status(make, found)
    if concept == "pregnancy":
        found["verificationStatus"] = {
            "coding": [{"system": HL7 + "condition-ver-status", "code": "confirmed"}]
        }
    if make.chance(0.2):
        code = make.rng.choice(("problem-list-item", "encounter-diagnosis"))
        found["category"] = [{"coding": [{"system": HL7 + "condition-category", "code": code}]}]
    if concept in SITED and make.chance(0.5):
        found["bodySite"] = [make.site()]
    return found


def _dates(make: Maker, found: Json, *, partial: bool = True) -> None:
    onset, recorded = sorted((make.day(), make.day()))
    if make.chance(0.65):
        found["onsetDateTime"] = onset
        if partial and make.chance(0.08):
            found["onsetDateTime"] = onset[:7] if make.chance(0.6) else onset[:4]
    if make.chance(0.75):
        found["recordedDate"] = recorded


def _status(make: Maker, found: Json) -> None:
    draw = make.rng.random()
    clinical, verification = "active", "confirmed"
    if draw < 0.07:
        verification = make.rng.choice(("unconfirmed", "provisional", "differential"))
    elif draw < 0.11:
        clinical, verification = "", "refuted"
    elif draw < 0.12:
        clinical, verification = "", "entered-in-error"
    elif draw < 0.22:
        clinical = make.rng.choice(("resolved", "inactive", "remission"))
        if make.chance(0.6):
            last = found.get("recordedDate") or found.get("onsetDateTime", "")
            ends = [day for day in (make.day(), make.day(), make.day()) if day >= last]
            found |= {"abatementDateTime": ends[0]} if ends else {}
    elif draw < 0.30:
        clinical = ""
    elif draw < 0.34:
        verification = ""
    if clinical:
        found["clinicalStatus"] = {"coding": [{"system": HL7 + "condition-clinical", "code": clinical}]}
    if verification:
        found["verificationStatus"] = {
            "coding": [{"system": HL7 + "condition-ver-status", "code": verification}]
        }


def twitch(make: Maker) -> list[Json]:
    """One or several statements of a twitch; sometimes none."""
    draw = make.rng.random()
    if draw < 0.06:
        return []
    if draw < 0.16:
        return [condition(make, make.rng.choice(("eyelid-twitch", "blepharospasm", "hemifacial-spasm")))]
    if draw < 0.20:
        return [condition(make, make.rng.choice(("tongue-fasciculation", "facial-myokymia", "myokymia")))]
    days = sorted(make.rng.choice(DAYS) for _ in range(make.rng.choice((1, 1, 1, 2, 3))))
    found = []
    for day in days:
        onset = (make.on - timedelta(days=day)).isoformat()
        one = make.resource("Condition", code=make.code("fasciculation"), onsetDateTime=onset)
        one["clinicalStatus"] = {"coding": [{"system": HL7 + "condition-clinical", "code": "active"}]}
        if make.chance(0.6):
            one["bodySite"] = [make.site()]
        if make.chance(0.4):
            one["recordedDate"] = onset
        if make.chance(0.15):
            del one["onsetDateTime"]
        found.append(one)
    return found


# ---- Observations -----------------------------------------------------------------------------------


def symptom_seen(make: Maker) -> Json:
    """A finding observed: yes, no, by a code, not asked, or by the code alone."""
    concept = make.rng.choice(SYMPTOMS)
    found = make.resource(
        "Observation", status="final", code=make.code(concept), effectiveDateTime=make.day(LATELY)
    )
    draw = make.rng.random()
    if draw < 0.4:
        found["valueBoolean"] = True
    elif draw < 0.7:
        found["valueBoolean"] = False
    elif draw < 0.85:
        system, code = make.rng.choice(terms.codes_of(make.rng.choice(("yes", "no"))))
        found["valueCodeableConcept"] = {"coding": [{"system": URIS[system], "code": code}]}
    else:
        found["dataAbsentReason"] = {"coding": [{"system": HL7 + "data-absent-reason", "code": "not-asked"}]}
    if make.chance(0.4):
        found["category"] = [{"coding": [{"system": HL7 + "observation-category", "code": "exam"}]}]
    if concept in SITED and make.chance(0.4):
        found["bodySite"] = make.site()
    if make.chance(0.06):
        found["status"] = make.rng.choice(("preliminary", "cancelled", "entered-in-error", "amended"))
    return found


def all_denied(make: Maker) -> list[Json]:
    """An examination in which nothing was found: every root, on one day."""
    day = make.day(LATELY)
    roots = (
        "muscle-weakness", "muscle-atrophy", "dysarthria", "dysphagia", "dyspnoea", "orthopnoea",
        "dyspnoea-at-rest",
        "upper-motor-neuron", "tongue-fasciculation", "tongue-wasting", "numbness", "paraesthesia",
    )  # fmt: skip
    exam = [{"coding": [{"system": HL7 + "observation-category", "code": "exam"}]}]
    return [
        make.resource(
            "Observation", status="final", code=make.code(root), effectiveDateTime=day, valueBoolean=False,
            category=exam,
        )
        for root in roots
    ]  # fmt: skip


def grade(make: Maker) -> Json:
    """A Medical Research Council grade, with or without its site."""
    found = make.resource(
        "Observation", status="final", code=own("mrc-grade"), effectiveDateTime=make.day(LATELY)
    )
    found["valueInteger"] = make.rng.choice((0, 3, 4, 4, 5, 5, 5, 9))
    if make.chance(0.75):
        found["bodySite"] = make.site()
    return found


def own_value(make: Maker) -> Json:
    """One of our own codes with its value."""
    found = make.resource("Observation", status="final", effectiveDateTime=make.day(LATELY))
    draw = make.rng.random()
    if draw < 0.6:
        return found | {"code": own(make.rng.choice(OWN_YES_NO)), "valueBoolean": make.chance(0.65)}
    if draw < 0.85:
        name = make.rng.choice(list(OWN_CODED))
        value = {"coding": [{"system": terms.OWN, "code": make.rng.choice(OWN_CODED[name])}]}
        return found | {"code": own(name), "valueCodeableConcept": value}
    name = make.rng.choice(("weakness-onset", "twitch-onset"))
    return found | {"code": own(name), "valueDateTime": make.day()}


def measured(make: Maker, analyte: str | None = None) -> Json:
    """A result: a value, a comparator, a range of the laboratory, or nothing that can be read."""
    analyte = analyte or make.rng.choice(list(VALUES))
    among = DAYS if analyte in ("weight", "fvc", "tsh", "b12") else LATELY
    found = make.resource("Observation", status="final", effectiveDateTime=make.day(among))
    found |= _measured_part(make, analyte)
    if make.chance(0.05):
        found["status"] = make.rng.choice(("preliminary", "cancelled", "entered-in-error", "registered"))
    return found


def _measured_part(make: Maker, analyte: str) -> Json:
    codes = terms.ANALYTES[analyte][0].split()
    known = analyte in ("caffeine-intake", "fluid-intake", "screen-time")
    code = own(analyte) if known else {"coding": [{"system": URIS["LOINC"], "code": make.rng.choice(codes)}]}
    unit = next(iter(terms.ANALYTES[analyte][1]))
    value = make.rng.choice(VALUES[analyte])
    quantity = {"value": value, "unit": unit, "system": UCUM, "code": unit}
    draw = make.rng.random()
    if draw < 0.06:
        return {
            "code": code,
            "dataAbsentReason": {"coding": [{"system": HL7 + "data-absent-reason", "code": "error"}]},
        }
    if draw < 0.09:
        return {"code": code, "valueString": "haemolysed"}
    if draw < 0.12:
        return {"code": code, "valueQuantity": {"value": value}}
    if draw < 0.18:
        quantity["comparator"] = make.rng.choice(("<", "<=", ">", ">="))
    return {"code": code, "valueQuantity": quantity}


def panel(make: Maker) -> Json:
    """A panel with its results as components; its own code says nothing of what was measured."""
    parts = make.rng.sample(("potassium", "sodium", "magnesium", "adjusted-calcium", "tsh", "b12"), 3)
    return make.resource(
        "Observation",
        status="final",
        code={"text": "panel"},
        effectiveDateTime=make.day(LATELY),
        component=[_measured_part(make, part) for part in parts],
    )


# ---- The rest ---------------------------------------------------------------------------------------


def medicine(make: Maker) -> Json:
    """A MedicationRequest or a MedicationStatement, by code or by name."""
    found = make.resource("MedicationRequest", status="active", intent="order", authoredOn=make.day())
    if make.chance(0.5):
        row = make.rng.choice(terms.products())
        found["medicationCodeableConcept"] = {"coding": [{"system": URIS["RxNorm"], "code": row["rxcui"]}]}
    elif make.chance(0.3):
        found["medicationCodeableConcept"] = {"coding": [{"system": URIS["RxNorm"], "code": "6448"}]}
    elif make.chance(0.1):
        found["medicationReference"] = {"reference": "Medication/elsewhere"}
    else:
        found["medicationCodeableConcept"] = {"text": make.rng.choice(MEDICINES)}
    draw = make.rng.random()
    if draw < 0.2:
        del found["authoredOn"], found["intent"]
        found["resourceType"] = "MedicationStatement"
        found["status"] = make.rng.choice(("active", "completed", "stopped", "not-taken"))
        end = (make.on - timedelta(days=make.rng.choice((1, 29, 30, 31, 60)))).isoformat()
        if found["status"] in ("completed", "stopped"):
            found["effectivePeriod"] = {"start": "2020-01-01", "end": end}
    elif draw < 0.3:
        found["status"] = make.rng.choice(("draft", "on-hold", "cancelled"))
    elif draw < 0.35:
        found["intent"] = make.rng.choice(("plan", "proposal"))
    return found


def activity(make: Maker) -> Json:
    """What was done or ordered, an EMG with its conclusion, a referral."""
    concept = make.rng.choice(
        ("emg", "neurophysiology", "mri-brain", "mri-cervical-spine", "respiratory-function", "ecg")
    )
    draw = make.rng.random()
    system, code = make.rng.choice(terms.codes_of(concept))
    named = {"coding": [{"system": URIS[system], "code": code}]}
    if draw < 0.3:
        status = make.rng.choice(("active", "active", "completed", "draft", "revoked", "on-hold"))
        return make.resource(
            "ServiceRequest", status=status, intent="order", code=named, authoredOn=make.day()
        )
    if draw < 0.55:
        status = make.rng.choice(("active", "active", "completed", "draft", "revoked", "on-hold"))
        referral = make.code("neurology-referral")
        return make.resource(
            "ServiceRequest", status=status, intent="order", code=referral, authoredOn=make.day()
        )
    if draw < 0.75:
        status = make.rng.choice(("completed", "completed", "in-progress", "not-done", "preparation"))
        return make.resource("Procedure", status=status, code=named, performedDateTime=make.day())
    status = make.rng.choice(("final", "final", "preliminary", "registered", "cancelled"))
    report = make.resource("DiagnosticReport", status=status, code=named, effectiveDateTime=make.day())
    if concept == "emg" and make.chance(0.7) and status != "registered":
        report["conclusionCode"] = [make.code(make.rng.choice(("normal", "abnormal", "abnormal")))]
    return report


def relative(make: Maker) -> Json:
    """A relative with motor neuron disease, frontotemporal dementia, or something else."""
    role = make.rng.choice(("FTH", "MTH", "SIS", "UNCLE", "AUNT", "FAMMEMB"))
    concept = make.rng.choice(("motor-neuron-disease", "frontotemporal-dementia", "copd"))
    return make.resource(
        "FamilyMemberHistory",
        status=make.rng.choice(("completed", "partial", "entered-in-error")),
        relationship={"coding": [{"system": HL7 + "v3-RoleCode", "code": role}]},
        condition=[{"code": make.code(concept)}],
    )


def answers(make: Maker) -> Json:
    """The structured questionnaire, some of it answered."""
    items: list[Json] = [
        {"linkId": link, "answer": [{"valueBoolean": make.chance(0.5)}]}
        for link in make.rng.sample(LINKS, make.rng.randint(1, 6))
    ]
    if make.chance(0.4):
        items.append({"linkId": "weakness-onset", "answer": [{"valueDate": make.day()}]})
    return make.resource(
        "QuestionnaireResponse",
        status=make.rng.choice(("completed", "completed", "amended", "in-progress", "entered-in-error")),
        questionnaire="https://twitch-cds.example/fhir/Questionnaire/twitch-history",
        authored=make.day(LATELY),
        item=items,
    )


def words(make: Maker) -> Json:
    """A Condition in words alone."""
    text = make.rng.choice(
        ("Muscle twitching, right calf", "no muscle twitching", "mother has muscle twitching", "muscle ache")
    )
    found = make.resource("Condition", code={"text": text}, recordedDate=make.day())
    found["clinicalStatus"] = {"coding": [{"system": HL7 + "condition-clinical", "code": "active"}]}
    return found


def patient(make: Maker) -> Json:
    """Of any age; a few have died, a few have no birth date."""
    found: Json = {"resourceType": "Patient", "id": "p"}
    years = make.rng.choice((9, 15, 16, 17, 18, 30, 45, 52, 60, 75, 90))
    if make.chance(0.95):
        found["birthDate"] = make.on.replace(year=make.on.year - years, day=1).isoformat()
    if make.chance(0.01):
        found["deceasedBoolean"] = True
    return found


# ---- Situations: what meets in one row of the model ---------------------------------------------------


def _active(make: Maker, concept: str) -> Json:
    """A confirmed, active Condition of some days."""
    found = make.resource("Condition", code=make.code(concept))
    _dates(make, found, partial=concept not in DIAGNOSES)
    found["clinicalStatus"] = {"coding": [{"system": HL7 + "condition-clinical", "code": "active"}]}
    found["verificationStatus"] = {"coding": [{"system": HL7 + "condition-ver-status", "code": "confirmed"}]}
    return found


def _seen(make: Maker, concept: str, *, value: bool = True) -> Json:
    found = make.resource("Observation", status="final", code=make.code(concept))
    return found | {"effectiveDateTime": make.day(LATELY), "valueBoolean": value}


def breathing(make: Maker) -> list[Json]:
    """A breathing sign beside a motor sign, a heart or lung diagnosis, known ALS: some of them."""
    signs = ("orthopnoea", "dyspnoea-at-rest", "dyspnoea", "acute-respiratory-failure")
    motor = ("weakness-of-hand", "dysphagia", "slurred-speech", "tongue-wasting", "muscle-atrophy")
    other = (
        "heart-failure",
        "copd",
        "asthma",
        "atrial-fibrillation",
        "motor-neuron-disease",
        "bronchiectasis",
    )
    sign = make.rng.choice(signs)
    found = [_active(make, sign) if make.chance(0.5) else _seen(make, sign)]
    if make.chance(0.3):
        found.append(_seen(make, make.rng.choice(signs), value=make.chance(0.5)))
    if make.chance(0.6):
        found.append(_active(make, make.rng.choice(motor)))
    if make.chance(0.6):
        found.append(_active(make, make.rng.choice(other)))
    for _ in range(make.rng.choice((0, 0, 1, 2, 3))):
        found.append(measured(make, make.rng.choice(("spo2", "respiratory-rate", "fvc"))))
    return found


def lithium(make: Maker) -> list[Json]:
    """Lithium beside a speech or gait disturbance."""
    ordered = make.resource("MedicationRequest", status="active", intent="order")
    ordered["medicationCodeableConcept"] = {"coding": [{"system": URIS["RxNorm"], "code": "6448"}]}
    sign = make.rng.choice(("slurred-speech", "dysarthria", "gait-disturbance"))
    return [ordered, _active(make, sign) if make.chance(0.6) else _seen(make, sign)]


def new_weakness(make: Maker) -> list[Json]:
    """Weakness, its course, its onset, whether it was sudden: some of them."""
    kind = make.rng.choice(
        ("muscle-weakness", "weakness-of-hand", "foot-drop", "subjective-weakness", "slurred-speech")
    )
    found = [_active(make, kind) if make.chance(0.6) else _seen(make, kind)]
    for name, share in (("weakness-progressive", 0.6), ("sudden-onset", 0.3)):
        if make.chance(share):
            said = make.resource("Observation", status="final", code=own(name))
            found.append(said | {"effectiveDateTime": make.day(LATELY), "valueBoolean": make.chance(0.7)})
    if make.chance(0.3):
        said = make.resource("Observation", status="final", code=own("weakness-onset"))
        found.append(said | {"effectiveDateTime": make.day(LATELY), "valueDateTime": make.day(LATELY)})
    return found


def waiting(make: Maker) -> list[Json]:
    """A neurology referral, and what came before or after it."""
    referral = make.resource("ServiceRequest", status="active", intent="order", authoredOn=make.day())
    referral["code"] = make.code("neurology-referral")
    kinds = ("weakness-of-hand", "dysphagia", "numbness", "ptosis", "muscle-atrophy")
    return [referral, *(_active(make, make.rng.choice(kinds)) for _ in range(make.rng.choice((1, 1, 2))))]


def known(make: Maker) -> list[Json]:
    """A known neurological diagnosis, and flags before and after it."""
    name = make.rng.choice(
        (
            "benign-fasciculation", "multifocal-motor-neuropathy", "multiple-sclerosis",
            "peripheral-neuropathy",
            "kennedy-disease", "hirayama-disease", "myasthenia-gravis",
        )
    )  # fmt: skip
    kinds = ("muscle-weakness", "muscle-atrophy", "numbness", "hyperreflexia", "cramp", "ptosis", "dysphagia")
    flags = [_active(make, make.rng.choice(kinds)) for _ in range(make.rng.choice((1, 1, 2)))]
    return [_active(make, name), *flags]


KINDS: tuple[tuple[int, Callable[[Maker], Json | list[Json]]], ...] = (
    (10, lambda make: condition(make, make.rng.choice(SYMPTOMS))),
    (5, lambda make: condition(make, make.rng.choice(DIAGNOSES))),
    (4, lambda make: condition(make, make.rng.choice(FACTORS))),
    (7, symptom_seen),
    (2, all_denied),
    (2, grade),
    (6, own_value),
    (9, measured),
    (2, panel),
    (4, medicine),
    (4, activity),
    (1, relative),
    (2, answers),
    (1, words),
    (3, breathing),
    (1, lithium),
    (3, new_weakness),
    (2, waiting),
    (3, known),
)


def random_bundle(rng: Random, on: date) -> Json:
    """A record: a patient, perhaps a twitch, and up to seven things more."""
    make = Maker(rng, on)
    resources = [patient(make), *twitch(make)]
    weights = [weight for weight, _ in KINDS]
    for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7))):
        made = rng.choices(KINDS, weights)[0][1](make)
        resources += made if isinstance(made, list) else [made]
    return bundle(resources)


def bundle(resources: list[Json]) -> Json:
    """The resources as a Bundle."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def resources_of(record: Json) -> list[Json]:
    """The resources of a Bundle."""
    return [entry["resource"] for entry in record["entry"]]


# ---- What must not change the answer ----------------------------------------------------------------


def shuffled(record: Json, rng: Random) -> Json:
    """The same resources in another order."""
    resources = resources_of(record)
    rng.shuffle(resources)
    return bundle(resources)


def renamed(record: Json, rng: Random) -> Json:
    """Other ids, in another order of the alphabet."""
    made = copy.deepcopy(record)
    for one in resources_of(made):
        if one["resourceType"] != "Patient":
            one["id"] = f"x{rng.randrange(10**6)}-{one['id']}"
    return made


def duplicated(record: Json, rng: Random) -> Json:
    """One resource twice; words and medicines, which are counted, once."""
    counted = ("Patient", "MedicationRequest", "MedicationStatement")
    among = [
        o
        for o in resources_of(record)
        if o["resourceType"] not in counted and "text" not in o.get("code", {})
    ]
    if not among:
        return record
    twin = copy.deepcopy(rng.choice(among)) | {"id": "twin"}
    return bundle([*resources_of(record), twin])


def split(record: Json, rng: Random) -> Json:
    """A panel's components as Observations of their own."""
    made: list[Json] = []
    for one in copy.deepcopy(resources_of(record)):
        parts = one.pop("component", None)
        made += [one] if parts is None else []
        for number, part in enumerate(parts or ()):
            inherited = {key: value for key, value in one.items() if key not in ("code", "id")}
            made.append(inherited | part | {"id": f"{one['id']}-{number}"})
    return bundle(made)


def with_unrelated(record: Json, rng: Random) -> Json:
    """A resource that says nothing of ours."""
    return bundle(
        [
            *resources_of(record),
            {
                "resourceType": "Condition",
                "id": "unrelated",
                "subject": {"reference": "Patient/p"},
                "code": {
                    "coding": [{"system": URIS["SNOMED"], "code": "396331005", "display": "Celiac disease"}]
                },
                "recordedDate": "2020-01-01",
            },
        ]
    )


def with_notes(record: Json, rng: Random) -> Json:
    """Notes and narrative that say the gravest things."""
    made = copy.deepcopy(record)
    for one in resources_of(made):
        if one["resourceType"] != "Patient":
            one["text"] = {
                "status": "generated",
                "div": "<div xmlns='http://www.w3.org/1999/xhtml'>ALS, twitching</div>",
            }
            if one["resourceType"] in ("Condition", "Observation"):
                one["note"] = [{"text": "weakness, slurred speech, orthopnoea, no twitching"}]
    return made


def restated(record: Json, rng: Random) -> Json:
    """Each finding by another code of its concept, ICD with its dot or without."""
    make = Maker(rng, date.min)
    made = copy.deepcopy(record)
    for one in resources_of(made):
        named = terms.concepts(one.get("code"))
        told_by_icd = terms.site_of_icd(one.get("code"))
        if (
            one["resourceType"] == "Condition"
            and len(named) == 1
            and named[0] in terms.CONCEPTS
            and not told_by_icd
        ):
            options = [c for c in terms.codes_of(named[0]) if _says_the_same(named[0], *c)]
            system, code = rng.choice(options)
            code = code.replace(".", "") if system in terms.ICD and make.chance(0.5) else code
            one["code"] = {"coding": [{"system": URIS[system], "code": code}]}
    return made


def _says_the_same(concept: str, system: str, code: str) -> bool:
    return system != "LOINC" and terms.concept_of(system, code) == concept


def with_stranger(record: Json, rng: Random) -> Json:
    """A weakness of another patient, which is counted and not read."""
    stranger = Maker(rng, date(2026, 11, 23)).resource(
        "Condition", code=Maker(rng, date.min).code("muscle-weakness")
    )
    return bundle(
        [*resources_of(record), stranger | {"id": "stranger", "subject": {"reference": "Patient/q"}}]
    )


TRANSFORMATIONS: dict[str, Callable[[Json, Random], Json]] = {
    "shuffled": shuffled,
    "renamed": renamed,
    "duplicated": duplicated,
    "split": split,
    "with-unrelated": with_unrelated,
    "with-notes": with_notes,
    "restated": restated,
    "with-stranger": with_stranger,
}
