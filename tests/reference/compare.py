"""The service and the reference over random records, side by side.

    python -m tests.reference.compare --records 2000 --seed 1

prints every kind of mismatch once, grouped by member (and rule), with the smallest record that shows it,
and how
often it was seen. `--changes` asks the service alone whether a change that must not matter does.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

from tests.reference.model import assess
from tests.reference.records import TRANSFORMATIONS, bundle, random_bundle, resources_of

WITHHELD_PARTS = ("2 litres a day", "potassium-rich foods", "magnesium supplements", "supplements")  # §8

Json = dict[str, Any]
Answer = Callable[[Json, str], Json]
ON = date(2026, 11, 23)
PATHWAYS = ("early-referral", "nice-ng127")
SAME_DAY = (
    "respiratory-compromise", "critical-electrolytes", "lithium-toxicity", "rapid-weakness", "sudden-deficit",
    "saddle-numbness",
)  # fmt: skip
MOTOR = (
    "muscle-weakness", "muscle-atrophy", "speech-difficulty", "swallowing-difficulty", "breathing-difficulty",
    "upper-motor-neuron-signs", "tongue-fasciculation", "suspected-mnd",
)  # fmt: skip
# The questions whose facts the model names, and that the reference answers for.
QUESTIONS = (
    "muscle-weakness", "muscle-atrophy", "speech-difficulty", "swallowing-difficulty", "weakness-onset",
    "lithium",
)  # fmt: skip


def service_answers() -> Answer:
    """The service behind its own Flask app, without a network and with a store in memory."""
    from structlog.testing import capture_logs

    from service.config import Settings
    from service.knowledge import load
    from service.store import Store
    from service.web import create_app

    store = Store("sqlite://", hash_key="a key for comparisons")
    store.upgrade()
    client = create_app(Settings(), knowledge=load(), store=store, today=lambda: ON).test_client()

    def answer(record: Json, pathway: str) -> Json:
        with capture_logs():
            response = client.post(
                f"/evaluate?on={ON}&pathway={pathway}",
                data=json.dumps(record),
                headers={"Content-Type": "application/fhir+json"},
            )
        found = response.get_json()
        assert response.status_code == 200, (response.status_code, found)
        return dict(found)

    return answer


# ---- One shape for both -----------------------------------------------------------------------------


def members(found: Json) -> Json:
    """The members of the service's JSON that decide, in the reference's shape."""
    twitch = found["twitch"]
    duration = twitch["durationDays"] or {"low": None, "high": None}
    return {
        "disposition": found["disposition"],
        "twitch": {
            "present": twitch["present"],
            "durationDays": [duration["low"], duration["high"]],
            "sites": sorted(twitch["sites"]),
            "regions": sorted(twitch["regions"]),
            "spreading": twitch["spreading"] == "YES",
        },
        "findings": {
            one["rule"]: (one["truth"], one.get("disposition"), _cause(one.get("explainedBy")))
            for one in found["findings"]
            if one["truth"] != "NO"
        },
        "referral": found["referral"] | {"note": bool(found["referral"].get("note"))},
        "contributors": sorted(one["id"] for one in found["contributors"]),
        "tests": {one["id"]: _test(one) for one in found["tests"]},
        "lifestyle": {one["id"]: _withheld_parts(one) for one in found["lifestyle"]},
        "considerations": [one["id"] for one in found.get("considerations", ())],
        "mentions": len(found.get("mentions", ())),
        "unreadMedicines": len(found.get("unreadMedicines", ())),
        "openQuestions": {one["fact"]: one["couldRaise"] for one in found["openQuestions"]},
        "otherSubjects": found["otherSubjects"],
    }


def _withheld_parts(step: Json) -> list[str]:
    """The parts of a step that the model withholds; what else may harm is knowledge."""
    parts = {part for text in step["withheld"] if (part := text.split(":")[0]) in WITHHELD_PARTS}
    if "supplements" in parts:
        parts.discard("magnesium supplements")  # all of them, these among them
    return sorted(parts)


def _cause(diagnosis: str | None) -> str | None:
    """A known diagnosis as §6 groups them: Kennedy disease, SMA, post-polio and Hirayama go together."""
    others = ("kennedy-disease", "spinal-muscular-atrophy", "post-polio", "hirayama-disease")
    if diagnosis in others:
        return "other-motor-neuron-disorder"
    return diagnosis.removesuffix("-syndrome") if diagnosis else None


def _test(one: Json) -> Json:
    withheld = one.get("withheld")
    kind = None if not withheld else withheld.split()[0]
    return {
        "withheld": kind if kind in (None, "done", "ordered") else "referral",
        "recommended": one.get("recommended"),
        "analytes": sorted(one.get("analytes") or ()),
        "withheldAnalytes": sorted(one.get("withheldAnalytes") or ()),
        "followUp": {name: what["within"] for name, what in sorted((one.get("followUp") or {}).items())},
    }


def mismatches(ours: Json, theirs: Json) -> dict[str, tuple[Any, Any]]:
    """What differs: member (and rule, test, question) -> what the model says, what the service says."""
    ours = ours | {
        "unreadMedicines": len(ours["unreadMedicines"]),
        "findings": {rule: (*found[:2], _cause(found[2])) for rule, found in ours["findings"].items()},
    }
    pairs: dict[str, tuple[Any, Any]] = {}
    for name in (
        "disposition",
        "contributors",
        "considerations",
        "mentions",
        "unreadMedicines",
        "otherSubjects",
    ):
        pairs[name] = (ours[name], theirs[name])
    ours = ours | {
        "lifestyle": {name: _withheld_parts({"withheld": parts}) for name, parts in ours["lifestyle"].items()}
    }
    for name in ("twitch", "referral", "lifestyle"):
        for key in sorted({*ours[name], *theirs[name]}):
            pairs[f"{name}.{key}"] = (ours[name].get(key), theirs[name].get(key))
    for rule in _comparable(ours):
        pairs[f"findings.{rule}"] = tuple(side["findings"].get(rule) for side in (ours, theirs))
    pairs |= _tests(ours["tests"], theirs["tests"], few=ours["disposition"] in ("lifestyle", "same-day"))
    for fact in set(QUESTIONS) - set(ours["leftOpen"]):
        pairs[f"openQuestions.{fact}"] = (fact in ours["openQuestions"], fact in theirs["openQuestions"])
    suspicion = pairs.get("findings.suspected-mnd", (None, None))
    if not any(side and side[0] == "YES" for side in suspicion):
        pairs.pop(
            "findings.suspected-mnd", None
        )  # whether an ended suspicion is NO or UNKNOWN decides nothing
    if ours["child"]:  # §8 gives figures for adults, and does not say what is left of them for a child
        pairs = {name: pair for name, pair in pairs.items() if not name.startswith("lifestyle")}
    if ours["disposition"] == "no-action":
        pairs = {
            name: pair for name, pair in pairs.items() if not name.startswith(("referral", "contributors"))
        }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _comparable(ours: Json) -> tuple[str, ...]:
    """The rules that are raised: all while a twitch is present, some while it is recent, none without one."""
    if ours["disposition"] == "no-action":
        return ()
    return (*MOTOR, *SAME_DAY) if ours["twitch"]["present"] != "YES" else tuple({**ours["findings"]} | _ALL)


_ALL = dict.fromkeys((*MOTOR, *SAME_DAY))


def _tests(ours: Json, theirs: Json, *, few: bool) -> dict[str, tuple[Any, Any]]:
    pairs = {}
    for name in sorted({*ours, *theirs}):
        if name not in ours or name not in theirs:
            pairs[f"tests.{name}"] = (ours.get(name), theirs.get(name))
            continue
        model, service = (_panel(one) if name == "blood-panel" else one for one in (ours[name], theirs[name]))
        if few and model["recommended"]:
            # "only what that disturbs", "what the rule needs now": beside the obvious that is knowledge
            for key in ("analytes", "withheldAnalytes"):
                service = service | {key: [one for one in service[key] if one in model[key]]}
        for key in model:
            pairs[f"tests.{name}.{key}"] = (model[key], service.get(key))
    return pairs


def _panel(one: Json) -> Json:
    """A panel without analytes is withheld; albumin goes with calcium, and needs no answer of its own."""
    kept = {key: [name for name in one[key] if name != "albumin"] for key in ("analytes", "withheldAnalytes")}
    return one | kept | ({"withheld": None} if not kept["analytes"] else {})


# ---- Running ----------------------------------------------------------------------------------------


def compare(answer: Answer, record: Json, pathway: str) -> dict[str, tuple[Any, Any]]:
    """What differs over one record."""
    return mismatches(assess(record, ON, pathway), members(answer(record, pathway)))


def minimised(answer: Answer, record: Json, pathway: str, name: str) -> Json:
    """The record without every resource that the mismatch does not need."""
    resources = resources_of(record)
    for one in list(resources):
        fewer = [other for other in resources if other is not one]
        if one["resourceType"] != "Patient" and name in compare(answer, bundle(fewer), pathway):
            resources = fewer
    return bundle(resources)


def changed(answer: Answer, record: Json, pathway: str, rng: Random) -> dict[str, tuple[Any, Any]]:
    """What a change that must not matter changes in the service's answer."""
    before = members(answer(record, pathway))
    found = {}
    for name, change in TRANSFORMATIONS.items():
        after = members(answer(change(record, rng), pathway))
        if name == "with-stranger":
            after["otherSubjects"] -= 1
        for member in before:
            if before[member] != after[member]:
                found[f"{name}: {member}"] = (before[member], after[member])
    return found


def records(seed: int, count: int) -> list[tuple[Json, str]]:
    """`count` records with their pathways; the same for the same seed."""
    return [
        (random_bundle(Random(f"{seed}-{number}"), ON), PATHWAYS[number % 4 == 3]) for number in range(count)
    ]


def main(arguments: list[str]) -> int:
    """Print each kind of mismatch once; 1 where there is any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changes", action="store_true")
    parser.add_argument("--only", default="")
    chosen = parser.parse_args(arguments)
    answer = service_answers()
    counts: Counter[str] = Counter()
    first: dict[str, tuple[Json, str, Any]] = {}
    for number, (record, pathway) in enumerate(records(chosen.seed, chosen.records)):
        rng = Random(f"{chosen.seed}-{number}-change")
        found = changed(answer, record, pathway, rng) if chosen.changes else compare(answer, record, pathway)
        for name, pair in found.items():
            counts[name] += 1
            smallest = name not in first or len(record["entry"]) < len(first[name][0]["entry"])
            if name.startswith(chosen.only) and smallest:
                first[name] = (record, pathway, pair)
    for name, (record, pathway, pair) in sorted(first.items()):
        if not chosen.changes:
            record = minimised(answer, record, pathway, name)
            pair = compare(answer, record, pathway)[name]
        print(f"\n{name} ({counts[name]} times, {pathway})\n  model:   {pair[0]}\n  service: {pair[1]}")
        for one in resources_of(record):
            print("   ", json.dumps(one, separators=(",", ":")))
    print(f"\n{chosen.records} records, {len(counts)} kinds of mismatch, {sum(counts.values())} mismatches")
    return 1 if counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
