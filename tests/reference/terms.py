"""Codes by what they mean (decision model §2 "Systems", §3 to §8), each taken from the terminology's CSV.

The table below names codes; that each of them stands in `terminology.csv` is checked when it is read, so
that a code
written from memory is an error. ICD codes are prefixes, without their dot; the longest one that fits decides.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

DESIGN = Path(__file__).parents[3] / "shared" / "design"
OWN = "https://twitch-cds.example/fhir/CodeSystem/twitch-findings"
SYSTEMS = {
    "http://snomed.info/sct": "SNOMED",
    "http://loinc.org": "LOINC",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://human-phenotype-ontology.org": "HPO",
    "http://purl.obolibrary.org/obo/hp.fhir": "HPO",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://www.whocc.no/atc": "ATC",
    OWN: "own",
}
ICD = ("ICD-10-CM", "ICD-10")

# concept: the codes that state it, a system a line.
CONCEPTS = {
    # §3, the twitch
    "fasciculation": "SNOMED 82470000; ICD-10-CM R25.3; ICD-10 R25.3; HPO HP:0002380",
    "myokymia": "SNOMED 27678003; HPO HP:0002411",
    "eyelid-twitch": "SNOMED 699377006",
    "tongue-fasciculation": "SNOMED 249878001; HPO HP:0001308",
    "facial-myokymia": "SNOMED 1070000; ICD-10-CM G51.4; ICD-10 G51.4; HPO HP:0000317",
    "benign-fasciculation": "SNOMED 230652001",
    "blepharospasm": "SNOMED 59026006; ICD-10-CM G24.5; ICD-10 G24.5; HPO HP:0000643",
    "hemifacial-spasm": "SNOMED 13753008; ICD-10-CM G51.3; ICD-10 G51.3; HPO HP:0010828",
    "cramp": "SNOMED 55300003 424647005 449917004 449918009 102549009; ICD-10-CM R25.2 M62.831; ICD-10 R25.2;"
    " HPO HP:0003710",
    # §4, weakness: the root first
    "muscle-weakness": "SNOMED 26544005; ICD-10-CM M62.81; HPO HP:0001324",
    "subjective-weakness": "SNOMED 126013009",
    "weakness-of-hand": "SNOMED 299042006; HPO HP:0030237",
    "weakness-of-arm": "SNOMED 713512009 15634971000119107; HPO HP:0003484",
    "monoparesis-arm": "SNOMED 249944006; ICD-10-CM G83.2; ICD-10 G83.2",
    "monoparesis-leg": "SNOMED 249945007; ICD-10-CM G83.1; ICD-10 G83.1",
    "weakness-of-leg": "SNOMED 102568007; HPO HP:0007340",
    "weakness-of-limb": "SNOMED 713514005",
    "monoparesis": "SNOMED 79520009; ICD-10-CM G83.3; ICD-10 G83.3",
    "proximal-weakness": "SNOMED 249939004; HPO HP:0003701",
    "distal-weakness": "SNOMED 249942005 249943000; HPO HP:0002460",
    "hemiplegia": "ICD-10-CM G81.9",
    "paraplegia": "ICD-10-CM G82.2",
    "facial-weakness": "SNOMED 95666008; ICD-10-CM R29.810",
    "foot-drop": "SNOMED 6077001 27253007; ICD-10-CM M21.37; HPO HP:0009027",
    "wrist-drop": "ICD-10-CM M21.33",
    "head-drop": "SNOMED 449899001",
    "bulbar-weakness": "SNOMED 398432008",
    "unspecified-weakness": "SNOMED 13791008; ICD-10-CM R53.1 R29.898",
    # §4, the other motor flags
    "muscle-atrophy": "SNOMED 88092000; ICD-10-CM M62.5; ICD-10 M62.5; HPO HP:0003202",
    "distal-atrophy": "HPO HP:0003693",
    "atrophy-of-hand": "HPO HP:0009130 HP:0003393",
    "tongue-wasting": "SNOMED 50805004; HPO HP:0012473",
    "dysarthria": "SNOMED 8011004; ICD-10-CM R47.1; ICD-10 R47.1; HPO HP:0001260",
    "slurred-speech": "SNOMED 289195008; ICD-10-CM R47.81; HPO HP:0001350",
    "anarthria": "SNOMED 48257004; HPO HP:0002425",
    "dysphagia": "SNOMED 40739000 288939007 399122003; ICD-10-CM R13.1; ICD-10 R13; HPO HP:0002015",
    "oropharyngeal-dysphagia": "SNOMED 71457002; ICD-10-CM R13.12",
    "choking": "SNOMED 249489001",
    "orthopnoea": "SNOMED 62744007; ICD-10-CM R06.01; HPO HP:0012764",
    "dyspnoea-at-rest": "SNOMED 161941007; HPO HP:0033710",
    "exertional-dyspnoea": "SNOMED 60845006 297216006",
    "dyspnoea": "SNOMED 267036007; ICD-10-CM R06.0 R06.00 R06.02 R06.09; ICD-10 R06.0; HPO HP:0002094",
    "acute-respiratory-failure": "SNOMED 65710008; ICD-10-CM J96.0; ICD-10 J96.0",
    "acute-on-chronic-respiratory-failure": "ICD-10-CM J96.2",
    "chronic-respiratory-failure": "SNOMED 39871006 426896000; ICD-10-CM J96.1; ICD-10 J96.1",
    "respiratory-failure": "SNOMED 409622000 709109004; ICD-10-CM J96 J96.9; ICD-10 J96; HPO HP:0002878",
    "upper-motor-neuron": "SNOMED 95647008; HPO HP:0002493",
    "hyperreflexia": "SNOMED 86854008; HPO HP:0001347",
    "spasticity": "SNOMED 221360009; HPO HP:0001257",
    "babinski": "SNOMED 246586009; HPO HP:0003487; LOINC 32385-7",
    "hoffmann": "HPO HP:0031993",
    "clonus": "HPO HP:0002169",
    # §4, the rest
    "ptosis": "SNOMED 11934000; ICD-10-CM H02.4; HPO HP:0000508",
    "diplopia": "SNOMED 24982008; ICD-10-CM H53.2; HPO HP:0000651",
    "weight-loss": "SNOMED 267024001 448765001 422868009 89362005; ICD-10-CM R63.4; ICD-10 R63.4; HPO"
    " HP:0001824",
    "numbness-of-hand": "SNOMED 309521004",
    "numbness-of-foot": "SNOMED 309538000",
    "numbness-of-face": "SNOMED 309557009",
    "numbness": "SNOMED 44077006; ICD-10-CM R20.0; ICD-10 R20.0",
    "paraesthesia": "SNOMED 91019004 62507009 274676007; ICD-10-CM R20.2; ICD-10 R20.2; HPO HP:0003401",
    "saddle-numbness": "SNOMED 449813001",
    "gait-disturbance": "SNOMED 22325002 22631008; ICD-10-CM R26; ICD-10 R26; HPO HP:0001288",
    "neck-pain": "SNOMED 81680005; ICD-10-CM M54.2",
    "abnormal-emg": "SNOMED 274523007; ICD-10-CM R94.131",
    "abnormal-nerve-study": "ICD-10-CM R94.130",
    # §6, diagnoses
    "motor-neuron-disease": "SNOMED 86044005 37340000 54304004 88923002 81211007 230258005 1259124000"
    " 718555006"
    " 49793008; ICD-10-CM G12.2; ICD-10 G12.2; HPO HP:0007354",
    "kennedy-disease": "SNOMED 230253001",
    "spinal-muscular-atrophy": "SNOMED 85505000 5262007; ICD-10-CM G12.1; ICD-10 G12.1",
    "post-polio": "SNOMED 31097004; ICD-10-CM G14",
    "hirayama-disease": "SNOMED 230256009",
    "multifocal-motor-neuropathy": "SNOMED 230591002; ICD-10-CM G61.82",
    "multiple-sclerosis": "SNOMED 24700007 426373005 425500002 428700003; ICD-10-CM G35; ICD-10 G35",
    "peripheral-neuropathy": "SNOMED 302226006 386033004 424736006; ICD-10-CM G60 G62 G63; ICD-10 G60"
    " G62 G63",
    "guillain-barre": "SNOMED 40956001; ICD-10-CM G61.0",
    "myasthenia-gravis": "SNOMED 91637004; ICD-10-CM G70.0; ICD-10 G70.0",
    "frontotemporal-dementia": "SNOMED 230270009; ICD-10-CM G31.0; HPO HP:0002145",
    # §4, what may explain breathlessness
    "heart-failure": "SNOMED 84114007 42343007 85232009 48447003 441481004 441530006; ICD-10-CM I50",
    "cardiomyopathy": "SNOMED 85898001; ICD-10-CM I42",
    "atrial-fibrillation": "SNOMED 49436004; ICD-10-CM I48",
    "coronary-disease": "SNOMED 53741008 414545008; ICD-10-CM I25",
    "copd": "SNOMED 13645005; ICD-10-CM J44",
    "emphysema": "SNOMED 87433001; ICD-10-CM J43",
    "asthma": "SNOMED 195967001; ICD-10-CM J45",
    "interstitial-lung-disease": "SNOMED 233703007 700250006; ICD-10-CM J84",
    "bronchiectasis": "SNOMED 12295008; ICD-10-CM J47",
    "cystic-fibrosis": "SNOMED 190905008",
    "other-lung-disease": "SNOMED 19829001",
    # §5 and §8
    "anxiety": "SNOMED 48694002 197480006 21897009 371631005 225624000 73595000 224974006 276074009;"
    " ICD-10-CM F41 Z73.3; ICD-10 F41 Z73.3; HPO HP:0000739",
    "insomnia": "SNOMED 193462001; ICD-10-CM G47.0; ICD-10 G47.0; HPO HP:0100785",
    "fatigue": "SNOMED 84229001; ICD-10-CM R53.83",
    "high-caffeine": "SNOMED 440491000124109",
    "dehydration": "SNOMED 34095006; ICD-10-CM E86; ICD-10 E86",
    "alcohol": "SNOMED 15167005 66590003 86933000; ICD-10-CM F10; ICD-10 F10",
    "low-magnesium": "SNOMED 190855004; ICD-10-CM E83.42 E61.2; HPO HP:0002917",
    "low-calcium": "SNOMED 5291005; ICD-10-CM E83.51; HPO HP:0002901",
    "low-potassium": "SNOMED 43339004; ICD-10-CM E87.6; ICD-10 E87.6; HPO HP:0002900",
    "low-sodium": "SNOMED 89627008; ICD-10-CM E87.1; ICD-10 E87.1; HPO HP:0002902",
    "high-potassium": "SNOMED 14140009; ICD-10-CM E87.5",
    "high-calcium": "SNOMED 66931009; ICD-10-CM E83.52",
    "magnesium-disorder": "ICD-10 E83.4",
    "calcium-disorder": "ICD-10 E83.5",
    "b12-deficiency": "SNOMED 190634004 64117007 49472006 84027009; ICD-10-CM D51; ICD-10 D51",
    "vitamin-d-deficiency": "SNOMED 34713006; ICD-10-CM E55.9; ICD-10 E55.9",
    "other-vitamin-deficiency": "SNOMED 85649008; ICD-10-CM D52.9 E51.9 E53.1",
    "thyroid": "SNOMED 40930008 111566002 34486009 90739004; ICD-10-CM E03 E05; ICD-10 E03 E05",
    "pregnancy": "SNOMED 77386006; ICD-10-CM Z33.1 Z34 O09",
    "advanced-kidney-disease": "SNOMED 431857002 433146000 46177005 265764009 105502003;"
    " ICD-10-CM N18.4 N18.5 N18.6 Z99.2",
    # §2, words that may ask
    "other-involuntary-movement": "ICD-10-CM R25.8 R25.9",
    # §7, what was done or ordered
    "emg": "SNOMED 42803009",
    "ncs": "SNOMED 22690006",
    "neurophysiology": "SNOMED 306276006",
    "mri-brain": "SNOMED 816077007 29567006; LOINC 24590-2 30657-1 24587-8 24589-4",
    "mri-cervical-spine": "SNOMED 241646009 60443006; LOINC 24935-9 30667-0 24937-5 30854-4 30855-1",
    "respiratory-function": "SNOMED 127783003 23426006; LOINC 18759-1",
    "blood-gas": "LOINC 24336-0",
    "ecg": "SNOMED 29303009",
    "neurology-referral": "SNOMED 308474002 183521007",
    "specialist-referral": "SNOMED 103696004",
    "neurology": "SNOMED 394591006",
    "normal": "SNOMED 17621005",
    "abnormal": "SNOMED 263654008",
    # §2, values and sides
    "yes": "SNOMED 52101004 410605003 373066001 10828004 260373001; LOINC LA33-6 LA9633-4",
    "no": "SNOMED 2667000 410516002 373067005 260385009 260415000; LOINC LA32-8 LA9634-2",
    "left": "SNOMED 7771000",
    "right": "SNOMED 24028007",
    "both-sides": "SNOMED 51440002",
    "pregnancy-status": "LOINC 82810-3",
}

# §3: what each body site is called, and its side where the code says one.
SITES = {
    "eyelid": "80243003 38934000 62736007", "face": "89545001 48477009 60819002",
    "tongue": "21974007 181226008",
    "jaw": "661005", "neck": "45048000", "hand": "85562004 76505004 7569003", "hand-left": "85151006",
    "forearm": "14975008 8205005", "upper-arm": "40983000", "upper-arm-left": "368208006",
    "upper-arm-right": "368209003", "shoulder": "16982005", "chest": "51185008 78904004",
    "abdomen": "818981001 818983003", "back": "77568009 52612000", "hip-or-buttock": "46862004",
    "thigh": "68367000", "thigh-left": "61396006", "thigh-right": "11207009",
    "lower-leg": "30021000 53840002",
    "foot": "56459004 29707007", "foot-right": "7769000",
    "arm": "53120007", "leg": "61685007", "trunk": "22943007",
}  # fmt: skip
WITHOUT_SITE = {"arm": "cervical", "leg": "lumbosacral", "trunk": "thoracic"}
REGIONS = {
    "bulbar": ("face", "jaw", "tongue"),
    "cervical": ("neck", "shoulder", "upper-arm", "forearm", "hand", "arm"),
    "thoracic": ("chest", "abdomen", "back", "trunk"),
    "lumbosacral": ("hip-or-buttock", "thigh", "lower-leg", "foot", "leg"),
}
ARM = ("shoulder", "upper-arm", "forearm", "hand", "arm")
# What a code says of the site by itself. ICD-10-CM says the side by its last digit: 1 right, 2 left.
SITE_OF_CONCEPT = {
    "eyelid-twitch": "eyelid", "tongue-fasciculation": "tongue", "facial-myokymia": "face",
    "weakness-of-hand": "hand", "weakness-of-arm": "arm", "monoparesis-arm": "arm", "monoparesis-leg": "leg",
    "weakness-of-leg": "leg", "facial-weakness": "face", "foot-drop": "foot", "wrist-drop": "forearm",
    "atrophy-of-hand": "hand", "tongue-wasting": "tongue", "split-hand": "hand",
    "difficulty-gripping": "hand",
    "numbness-of-hand": "hand", "numbness-of-foot": "foot", "numbness-of-face": "face",
}  # fmt: skip
SITE_OF_ICD = {
    "M6251": "shoulder", "M6252": "upper-arm", "M6253": "forearm", "M6254": "hand", "M6255": "thigh",
    "M6256": "lower-leg", "M6257": "foot", "M2137": "foot", "M2133": "forearm",
}  # fmt: skip

# §2 and §9: each analyte's codes, its unit, and what one of the other units is in it.
ANALYTES: dict[str, tuple[str, dict[str, float]]] = {
    "potassium": ("2823-3 6298-4", {"mmol/L": 1, "meq/L": 1, "mEq/L": 1, "mg/dL": 10 / 39.0983}),
    "sodium": ("2951-2 2947-0", {"mmol/L": 1, "meq/L": 1, "mEq/L": 1}),
    "adjusted-calcium": ("29265-6 46099-8", {"mmol/L": 1, "mg/dL": 0.2495, "meq/L": 0.5}),
    "total-calcium": ("2000-8 17861-6 49765-1", {"mmol/L": 1, "mg/dL": 0.2495, "meq/L": 0.5}),
    "albumin": ("1751-7 61151-7 61152-5", {"g/L": 1, "g/dL": 10}),
    "magnesium": ("2601-3 19123-9 2593-2 21377-7", {"mmol/L": 1, "meq/L": 0.5, "mEq/L": 0.5,
    "mg/dL": 0.4114}),
    "b12": ("2132-9 14685-2", {"ng/L": 1, "pg/mL": 1, "pmol/L": 1 / 0.738}),
    "vitamin-d": ("14635-7 62292-8 1989-3", {"nmol/L": 1, "ng/mL": 2.496}),
    "tsh": ("3016-3 11580-8 11579-0", {"m[IU]/L": 1, "mIU/L": 1, "u[IU]/mL": 1}),
    "free-t4": ("3024-7 14920-3", {"pmol/L": 1, "ng/dL": 12.87}),
    "ck": ("2157-6", {"U/L": 1, "IU/L": 1}),
    "glucose": ("2345-7 14749-6 2339-0 15074-8", {"mmol/L": 1, "mg/dL": 1 / 18.016}),
    "hba1c": ("4548-4 59261-8", {"%": 1, "mmol/mol": 1}),
    "creatinine": ("2160-0 14682-9 38483-4", {"umol/L": 1, "mg/dL": 88.4}),
    "egfr": ("98979-8 62238-1 33914-3 77147-7 69405-9", {"mL/min/{1.73_m2}": 1}),
    "lithium": ("14334-7", {"mmol/L": 1, "meq/L": 1, "mEq/L": 1}),
    "esr": ("30341-2 4537-7", {"mm/h": 1}),
    "weight": ("29463-7 3141-9", {"kg": 1, "g": 0.001, "[lb_av]": 0.45359237}),
    "spo2": ("59408-5 2708-6", {"%": 1}),
    "respiratory-rate": ("9279-1", {"/min": 1}),
    "fvc": ("19872-1 19871-3", {"%": 1}),
    "gad-7": ("70274-6", {"{score}": 1}),
    "audit-c": ("75626-2", {"{score}": 1}),
    "sleep-duration": ("93832-4", {"h": 1, "min": 1 / 60}),
    "caffeine-intake": ("80489-8", {"mg/d": 1, "mg/(24.h)": 1, "g/d": 1000}),
    "fluid-intake": ("8990-4", {"L/d": 1, "mL/d": 0.001, "mL/(24.h)": 0.001}),
    "screen-time": ("", {"h/d": 1}),
}  # fmt: skip
NAMED_BY_THE_MODEL = ("38483-4",)  # §2, laboratories' LOINC siblings; the CSV does not list it
PANELS = {
    "24321-2": ("sodium", "potassium", "calcium", "glucose", "creatinine"),
    "58410-2": ("blood-count",),
}
# §5: the classes of medicines, by the CSV's own concepts.
CLASS_OF = {
    "corticosteroid": "corticosteroid", "corticosteroids": "corticosteroid", "loop diuretic": "diuretic",
    "thiazide": "diuretic", "thiazides": "diuretic", "loop diuretics": "diuretic", "K-sparing": "diuretic",
    "diuretics": "diuretic", "beta-2 agonist": "beta-agonist", "beta-2 inhaled": "beta-agonist",
    "beta-2 systemic": "beta-agonist", "xanthine": "theophylline", "theophylline": "theophylline",
    "caffeine": "caffeine", "stimulant": "stimulant", "decongestant": "stimulant", "lithium": "lithium",
    "anticholinesterase": "cholinesterase-inhibitor", "anticholinesterases": "cholinesterase-inhibitor",
    "anticholinesterases (dementia)": "cholinesterase-inhibitor", "statin": "statin", "statins": "statin",
    "PPI (low Mg)": "proton-pump-inhibitor", "PPI": "proton-pump-inhibitor", "SSRI/SNRI": "ssri-snri",
    "SSRI": "ssri-snri", "venlafaxine": "ssri-snri", "duloxetine": "ssri-snri",
}  # fmt: skip


@cache
def terminology() -> list[dict[str, str]]:
    """The rows of `terminology.csv`."""
    with (DESIGN / "terminology.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def products() -> list[dict[str, str]]:
    """The rows of `rxnorm-products.csv`."""
    with (DESIGN / "rxnorm-products.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@cache
def known_codes() -> set[tuple[str, str]]:
    """Every code of the CSV with its system: none but these may be named here."""
    return {(row["system"], row["code"]) for row in terminology()}


def listed(system: str, code: str) -> str:
    """`code`, or an error where the CSV does not list it. A part of a listed ICD category is listed."""
    within = system in ICD and any(s == system and code.startswith(c) for s, c in known_codes())
    if (system, code) not in known_codes() and not within:
        raise ValueError(f"{system} {code} does not stand in terminology.csv")
    return code


@cache
def codes_of(concept: str) -> list[tuple[str, str]]:
    """The codes that state `concept`: system and code."""
    found = []
    for part in CONCEPTS[concept].split(";"):
        system, *codes = part.split()
        found += [(system, listed(system, code)) for code in codes]
    return found


@cache
def _by_code() -> dict[tuple[str, str], str]:
    return {
        (system, code.replace(".", "") if system in ICD else code): concept
        for concept in CONCEPTS
        for system, code in codes_of(concept)
    }


@cache
def concept_of(system: str, code: str) -> str | None:
    """What a code states; of ICD prefixes the longest one that fits. None where it states nothing of ours."""
    if system not in ICD:
        return _by_code().get((system, code))
    bare = code.replace(".", "").upper()
    for length in range(len(bare), 2, -1):
        found = _by_code().get((system, bare[:length]))
        if found:
            return found
    return None


@cache
def _sites() -> dict[str, str]:
    return {listed("SNOMED", code): site for site, codes in SITES.items() for code in codes.split()}


@cache
def _analyte_codes() -> dict[str, str]:
    return {
        code if code in NAMED_BY_THE_MODEL else listed("LOINC", code): name
        for name, (codes, _) in ANALYTES.items()
        for code in codes.split()
    }


def codings(concept: Any) -> list[tuple[str, str]]:
    """System (as the CSV names it) and code of every coding that is read."""
    found = []
    for coding in (concept or {}).get("coding", ()):
        system = SYSTEMS.get(coding.get("system", ""))
        if system and isinstance(coding.get("code"), str):
            found.append((system, coding["code"]))
    return found


def concepts(concept: Any) -> list[str]:
    """§2: any known coding decides, wherever it stands. Our own codes are named as they are."""
    found: list[str] = []
    for system, code in codings(concept):
        named = code if system == "own" else concept_of(system, code)
        if named and named not in found:
            found.append(named)
    return found


def analyte(concept: Any) -> str | None:
    """The analyte that an Observation's code asks for."""
    for system, code in codings(concept):
        if system == "own" and code in ANALYTES:
            return code
        if system == "LOINC" and code in _analyte_codes():
            return _analyte_codes()[code]
    return None


def site_of_codings(concept: Any) -> list[str]:
    """§3: the sites of one bodySite, with their side by the code itself or by a qualifier beside it."""
    names = [_sites()[code] for system, code in codings(concept) if system == "SNOMED" and code in _sites()]
    said = set(concepts(concept))
    if not names:
        return []
    name = names[0]
    if "both-sides" in said or {"left", "right"} <= said:
        return [f"{name}-left", f"{name}-right"]
    for side in ("left", "right"):
        if side in said:
            return [f"{name}-{side}"]
    return [name]


def site_of_icd(concept: Any) -> list[str]:
    """§3: the site that an ICD-10-CM code names, its side by the last digit."""
    for system, code in codings(concept):
        bare = code.replace(".", "")
        if system == "ICD-10-CM" and bare[:5] in SITE_OF_ICD:
            side = {"1": "-right", "2": "-left"}.get(bare[5:6], "")
            return [SITE_OF_ICD[bare[:5]] + side]
    return []


def bare_site(site: str) -> str:
    """A site without its side."""
    return site.removesuffix("-left").removesuffix("-right")


def region_of(site: str) -> str | None:
    """§3: the region of a site; the eyelid has none."""
    return next((region for region, names in REGIONS.items() if bare_site(site) in names), None)
