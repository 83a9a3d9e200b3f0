"""Loading the knowledge: checks find faults, an overlay lies over it, the version names the content."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from service import __version__
from service.assessment import Disposition
from service.errors import KnowledgeInvalid
from service.knowledge import FILES, changes, load
from service.knowledge.checks import problems_in
from service.knowledge.overlay import Changes, changes_of, problems_of

Tables = dict[str, dict[str, Any]]


@cache
def _packaged() -> Tables:
    return {name: tomllib.loads((files("service.knowledge") / f"{name}.toml").read_text()) for name in FILES}


@pytest.fixture
def tables() -> Tables:
    """The packaged tables, to be broken."""
    return copy.deepcopy(_packaged())


def test_the_packaged_knowledge_is_sound(tables: Tables) -> None:
    assert problems_in(tables) == []


def _drop(*path: str) -> Callable[[Tables], None]:
    def drop(tables: Tables) -> None:
        table: Any = tables
        for name in path[:-1]:
            table = table[name]
        del table[path[-1]]

    return drop


def _put(value: Any, *path: str) -> Callable[[Tables], None]:
    def put(tables: Tables) -> None:
        table: Any = tables
        for name in path[:-1]:
            table = table.setdefault(name, {})
        table[path[-1]] = value

    return put


FAULTS = [
    # names of medicines
    (
        _put("", "medicines", "lithium", "names", "lithosun"),
        "medicines.toml [lithium.names] does not say who uses the name lithosun",
    ),
    (
        _put("WHO INN", "medicines", "lithium", "names", "300"),
        "medicines.toml [lithium.names] has a name without a letter: '300'",
    ),
    (
        _put("", "medicines", "corticosteroid", "by_form", "hydrocortisone"),
        "medicines.toml [corticosteroid.by_form] does not say who uses the name hydrocortisone",
    ),
    (
        _put("no", "medicines", "corticosteroid", "inhaled"),
        "medicines.toml [corticosteroid].inhaled must be true or false",
    ),
    (_drop("naming", "no_name", "before"), "naming.toml [no_name].before must be a list of words"),
    (_put(["no", ""], "naming", "no_name", "before"), "naming.toml [no_name].before must be a list of words"),
    (_put("cream", "naming", "local", "words"), "naming.toml [local].words must be a list of words"),
    # evidence
    *(
        (_drop("evidence", "local-cluster", field), f"evidence.toml [local-cluster] lacks {field}")
        for field in ("cite", "says", "checked", "due")
    ),
    (
        _put("", "evidence", "efsa-2015-caffeine", "identifier"),
        "evidence.toml [efsa-2015-caffeine] has no identifier and is not marked local",
    ),
    # citations
    (_drop("thresholds", "twitch_long", "evidence"), "thresholds.toml [twitch_long] cites no evidence"),
    (_put([], "medicines", "lithium", "evidence"), "medicines.toml [lithium] cites no evidence"),
    (
        _put("hearsay", "thresholds", "twitch_long", "evidence"),
        "thresholds.toml [twitch_long] cites hearsay, which evidence.toml lacks",
    ),
    (
        _put(["hearsay"], "rules", "cramping", "evidence"),
        "rules.toml [cramping] cites hearsay, which evidence.toml lacks",
    ),
    (
        _put(["hearsay"], "diagnoses", "multiple-sclerosis", "evidence"),
        "diagnoses.toml [multiple-sclerosis] cites hearsay, which evidence.toml lacks",
    ),
    (
        _drop("analytes", "sodium", "reference", "evidence"),
        "analytes.toml [sodium] has a reference range without evidence",
    ),
    (
        _put("hearsay", "analytes", "sodium", "plausible", "evidence"),
        "analytes.toml [sodium] says what is plausible without evidence",
    ),
    # thresholds
    (
        _put("14", "thresholds", "twitch_long", "value"),
        "thresholds.toml [twitch_long].value must be a number",
    ),
    (
        _put(True, "thresholds", "twitch_long", "value"),
        "thresholds.toml [twitch_long].value must be a number",
    ),
    (_drop("thresholds", "twitch_long", "value"), "thresholds.toml [twitch_long].value must be a number"),
    (_drop("thresholds", "twitch_long", "unit"), "thresholds.toml [twitch_long] has no unit"),
    # pathways
    (_drop("pathways", "nice-ng127", "cramping"), "pathways.toml [nice-ng127] lacks cramping"),
    (
        _put("lifestyle", "pathways", "nice-ng127", "sneezing"),
        "pathways.toml [nice-ng127] names sneezing, which rules.toml lacks",
    ),
    (
        _put("tomorrow", "pathways", "nice-ng127", "cramping"),
        "pathways.toml [nice-ng127].cramping is 'tomorrow', which is no disposition",
    ),
    (
        _put("urgent-referral", "pathways", "early-referral", "rapid-weakness"),
        "pathways.toml [early-referral].rapid-weakness must be same-day: it is never suppressed",
    ),
    # concepts
    (
        _put("syndrome", "codes", "cramp", "kind"),
        "codes.toml [cramp].kind must be one of symptom, diagnosis, twitch, look-alike",
    ),
    (_put("nose", "codes", "cramp", "site"), "codes.toml [cramp] is at nose, which sites.toml lacks"),
    (
        _put("nose", "codes", "muscle-weakness", "narrower", "foot-drop", "site"),
        "codes.toml [muscle-weakness] is at nose, which sites.toml lacks",
    ),
    # analytes
    (
        _put(2, "analytes", "sodium", "units", "mmol/L"),
        "analytes.toml [sodium].units must hold its own unit mmol/L with the factor 1",
    ),
    (
        _put(-1, "analytes", "sodium", "units", "mg/dL"),
        "analytes.toml [sodium].units mg/dL must be positive and finite",
    ),
    (
        _put("mEq/L", "units", "aliases", "mval/L"),
        "units.toml mval/L leads to mEq/L, which is an alias itself",
    ),
    # diagnoses
    (
        lambda t: t["diagnoses"].__setitem__("gout", t["diagnoses"]["multiple-sclerosis"]),
        "diagnoses.toml [gout] is no concept of codes.toml",
    ),
    (
        _put("for ever", "diagnoses", "multiple-sclerosis", "explains_until"),
        "diagnoses.toml [multiple-sclerosis].explains_until must be one of diagnosis, two years after,"
        " always",
    ),
    *(
        (
            _put([rule], "diagnoses", "multiple-sclerosis", "explains"),
            f"diagnoses.toml [multiple-sclerosis] explains {rule}, which is no rule or a same-day rule",
        )
        for rule in ("rapid-weakness", "sneezing")
    ),
    # lifestyle
    (
        _put("why", "lifestyle", "steps", "sleep", "because", "sneezing"),
        "lifestyle.toml [steps.sleep.because] names sneezing, which rules.toml lacks",
    ),
    (
        _put(["hearsay"], "lifestyle", "steps", "sleep", "evidence"),
        "lifestyle.toml [steps.sleep] cites hearsay, which evidence.toml lacks",
    ),
]


@pytest.mark.parametrize(("broken", "sentence"), FAULTS, ids=[sentence for _, sentence in FAULTS])
def test_a_fault_is_found_and_named_by_file_and_block(
    tables: Tables, broken: Callable[[Tables], None], sentence: str
) -> None:
    broken(tables)

    problems = problems_in(tables)

    assert sentence in problems


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (_put(3, "thresholds", "twitch_long"), "thresholds"),
        (_drop("rules", "cramping", "kind"), "pathways"),
        (_drop("analytes", "sodium", "units"), "analytes"),
        (_put({}, "sites"), "concepts"),
        (_drop("lifestyle", "steps", "sleep", "evidence"), "lifestyle"),
        (_drop("diagnoses", "multiple-sclerosis", "explains"), "diagnoses"),
    ],
)
def test_a_block_of_the_wrong_shape_is_a_problem_and_no_crash(
    tables: Tables, broken: Callable[[Tables], None], check: str
) -> None:
    broken(tables)

    problems = problems_in(tables)

    assert any(p.startswith(f"{check}: a block lacks or misnames something") for p in problems)


def test_every_problem_is_found_at_once(tables: Tables) -> None:
    for broken in (_drop("thresholds", "twitch_long", "unit"), _drop("pathways", "nice-ng127", "cramping")):
        broken(tables)

    assert len(problems_in(tables)) == 2


# --- Loading and overlays -------------------------------------------------------------------------


@pytest.fixture
def overlay(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "overlay.toml"
        path.write_text(text)
        return path

    return write


LONGER = "[thresholds.twitch_long]\nvalue = 21\n"


def test_an_overlay_changes_what_it_names_and_nothing_else(overlay: Callable[[str], Path]) -> None:
    plain, changed = load(), load(overlay(LONGER))

    assert (plain.thresholds.twitch_long, changed.thresholds.twitch_long) == (14, 21)
    assert changed.thresholds.course_counts == plain.thresholds.course_counts
    assert changed.concepts == plain.concepts


def test_an_overlay_replaces_lists_and_adds_codes(overlay: Callable[[str], Path]) -> None:
    text = '[codes.cramp.snomed]\n"123456789" = "Our cramp"\n[lifestyle]\ndaily = ["Sleep"]\n'

    changed = load(overlay(text))

    assert [m.concept for m in changed.meanings.find("snomed", "123456789")] == ["cramp"]
    assert changed.speaks("snomed", "123456789")
    assert list(changed.daily) == ["Sleep"]
    assert len(changed.concepts["cramp"].codes) == len(load().concepts["cramp"].codes) + 1


@pytest.mark.parametrize(
    "text",
    [
        '[sites.sites.hand.right]\n"1" = "Our right hand"\n',
        '[sites.sites.knee]\nwords = "knee"\nregion = "lumbosacral"\nsnomed = { "1" = "Our knee" }\n',
        '[units.aliases]\n"mmol per l" = "mmol/L"\n',
        '[relatives.first_degree]\nXSIS = "our sister"\n',
        "[codes.cramp]\ncounts_days = 30\n",
    ],
    ids=["side", "site", "alias", "relative", "how long a concept counts"],
)
def test_an_overlay_can_name_what_a_deployment_has_of_its_own(
    overlay: Callable[[str], Path], text: str
) -> None:
    assert list(problems_of(tomllib.loads(text), _packaged())) == []
    assert changes(overlay(text)).lines
    assert load(overlay(text)).version != load().version


def test_an_overlay_can_bring_its_own_pathway(overlay: Callable[[str], Path]) -> None:
    cells = {**_packaged()["pathways"]["nice-ng127"], "cramping": "routine-referral"}
    text = "[pathways.ours]\n" + "\n".join(f'"{rule}" = "{cell}"' for rule, cell in cells.items())

    changed = load(overlay(text.replace('"describes"', "describes")))

    assert changed.disposition("cramping", "ours") is Disposition.ROUTINE_REFERRAL
    assert changed.disposition("cramping", "nice-ng127") is Disposition.LIFESTYLE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[recipes]\n", r"\[recipes\] is no knowledge file"),
        ("not toml", "cannot be read"),
        ("[thresholds.twitch_long]\nevidence = 'hearsay'\n", "cites hearsay"),
        ("[pathways.ours]\ndescribes = 'x'\n", r"\[ours\] lacks"),
        ("pathways = 3\n", "misnames"),
        ("thresholds = 3\n", "misnames"),
    ],
)
def test_an_unsound_overlay_stops_the_program_with_its_problems(
    overlay: Callable[[str], Path], text: str, words: str
) -> None:
    with pytest.raises(KnowledgeInvalid, match=words):
        load(overlay(text))


def test_an_overlay_that_is_not_there_or_not_text_stops_the_program(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")

    for name in ("binary.toml", "missing.toml"):
        with pytest.raises(KnowledgeInvalid, match="cannot be read"):
            load(tmp_path / name)


CELLS = _packaged()["pathways"]["nice-ng127"]


@pytest.mark.parametrize(
    "text",
    [
        '[codes.mine]\nkind = "symptom"\n',
        '[analytes.mine]\nunit = "1"\n[analytes.mine.units]\n"1" = 1\n',
        "[pathways.ours]\n" + "\n".join(f'"{r}" = "{c}"' for r, c in CELLS.items() if r != "describes"),
        "[pathways.ours]\n" + "\n".join(f'"{r}" = "{c}"' for r, c in CELLS.items() if r != "thyroid"),
        "[pathways.ours]\n" + "\n".join(f'"{r}" = "{c}"' for r, c in CELLS.items() if "over-90" not in r),
    ],
    ids=[
        "concept without words",
        "analyte without kind",
        "no describes",
        "no contributor",
        "no over-90-days",
    ],
)
def test_a_block_that_lacks_something_is_a_problem_that_is_named(
    overlay: Callable[[str], Path], text: str
) -> None:
    with pytest.raises(KnowledgeInvalid):
        load(overlay(text))


MONTHS = '[thresholds.twitch_long]\nvalue = 3\nunit = "mo"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (MONTHS, "thresholds.twitch_long.unit is 'd' and cannot be 'mo': write the value in that unit"),
        ("[thresholds.twitch_long]\nvalue = nan\n", "thresholds.twitch_long.value is nan; write a number"),
        ("[thresholds.twitch_long]\nvalue = inf\n", "thresholds.twitch_long.value is inf; write a number"),
        ("[thresholds.twitch_long]\nvalue = -1\n", "thresholds.twitch_long.value is -1; write a number"),
        ("[analytes.potassium.reference]\nlow = -3\n", "analytes.potassium.reference.low is -3;"),
        (
            "[thresholds.twitch_long]\nvaleu = 5\n",
            "twitch_long.valeu is read by nothing; did you mean value?",
        ),
        ("[thresholds.twitch_lnog]\nvalue = 5\n", "twitch_lnog is read by nothing; did you mean twitch_long"),
        ("[thresholds.patience]\nvalue = 5\n", "patience is read by nothing; thresholds.toml lists what"),
        (
            "[thresholds]\ntwitch_long = 5\n",
            "thresholds.twitch_long must be a table; write [thresholds.twitch",
        ),
        (
            "[analytes.potassium.reference]\nhi = 5\n",
            "potassium.reference.hi is read by nothing; did you mean",
        ),
        ("[evidence.ours]\ndoi = 'x'\n", "known there are checked, cite, due, identifier, kind, says"),
        (
            '[analytes.potassium]\nunit = "mg/dL"\n',
            "analytes.potassium.unit is 'mmol/L' and cannot be 'mg/dL'",
        ),
        (
            '[rules.rapid-weakness]\nkind = "red-flag"\n',
            "rules.rapid-weakness.kind is 'same-day' and cannot be",
        ),
    ],
)
def test_a_line_that_would_not_do_what_it_says_is_refused_with_what_to_write(
    overlay: Callable[[str], Path], text: str, says: str
) -> None:
    with pytest.raises(KnowledgeInvalid, match=re.escape(says)):
        load(overlay(text))


def test_the_overlays_problems_are_listed_with_all_others(overlay: Callable[[str], Path]) -> None:
    text = MONTHS + 'valeu = 5\nevidence = "hearsay"\n[pathways.ours]\ndescribes = "x"\n'

    with pytest.raises(KnowledgeInvalid) as stopped:
        load(overlay(text))

    told = str(stopped.value)
    assert all(words in told for words in ("cannot be 'mo'", "valeu", "cites hearsay", "[ours] lacks"))


def test_a_whole_copy_of_the_packaged_files_is_an_overlay_that_changes_nothing(
    tables: Tables,
) -> None:
    assert list(problems_of(tables, _packaged())) == []
    assert changes_of(tables, _packaged()) == Changes((), ())


def test_what_an_overlay_changes_is_told_in_words(overlay: Callable[[str], Path]) -> None:
    text = LONGER + (
        '[pathways.nice-ng127]\ncramping = "routine-referral"\nsensory-change = "primary-care-review"\n'
        '[codes.cramp.snomed]\n"1" = "Our cramp"\n"2" = "Another"\n[rules.cramping]\nsays = "Cramp"\n'
    )

    told = changes(overlay(text))

    assert told.lines == (
        "twitch_long 14 d → 21 d",
        "nice-ng127: cramping lifestyle → routine-referral",
        "codes.cramp: 2 values new or changed",
        "rules.cramping: 1 value new or changed",
    )
    assert told.warnings == ()


def test_the_guides_example_is_an_overlay_that_does_what_it_says(overlay: Callable[[str], Path]) -> None:
    guide = (Path(__file__).parents[2] / "deploy" / "README.md").read_text()
    section = guide.partition("## A hospital's own knowledge")[2]
    text = section.partition("```toml\n")[2].partition("```")[0]

    known, told = load(overlay(text)), changes(overlay(text))

    assert known.thresholds.twitch_long == 21
    assert known.speaks("icd-10-cm", "M62.838")
    assert told.lines[:2] == (
        "twitch_long 14 d → 21 d",
        "nice-ng127: cramping lifestyle → primary-care-review",
    )


def test_a_motor_sign_that_asks_for_little_is_warned_about(overlay: Callable[[str], Path]) -> None:
    cells = {**_packaged()["pathways"]["nice-ng127"], "muscle-weakness": "lifestyle"}
    text = "[pathways.ours]\n" + "\n".join(f'"{rule}" = "{cell}"' for rule, cell in cells.items())

    told = changes(overlay(text))

    assert told.lines[0] == "new pathway ours"
    (warning,) = told.warnings
    assert "ours.muscle-weakness is lifestyle" in warning


# --- The version ----------------------------------------------------------------------------------


def test_the_version_names_the_package_and_the_content() -> None:
    assert load().version.startswith(f"{__version__}+")
    assert load().version == load().version


def test_the_version_changes_with_the_overlays_content_and_only_then(
    overlay: Callable[[str], Path], tmp_path: Path
) -> None:
    once, again = load(overlay(LONGER)).version, load(overlay(LONGER)).version
    elsewhere = tmp_path / "other-name.toml"
    elsewhere.write_text(LONGER)
    other = load(overlay(LONGER.replace("21", "22"))).version

    assert once == again == load(elsewhere).version
    assert len({once, other, load().version}) == 3


def test_a_threshold_that_does_not_exist_is_named() -> None:
    with pytest.raises(AttributeError, match=r"thresholds\.toml has no patience"):
        _ = load().thresholds.patience


def test_a_fact_is_named_in_words_wherever_it_comes_from() -> None:
    knowledge = load()

    assert knowledge.words("b12") == knowledge.analytes["b12"].words
    assert knowledge.words("cramp") == knowledge.concepts["cramp"].words
    assert knowledge.words("statin") == knowledge.medicines["statin"].words
    assert knowledge.words("sudden-onset") == "sudden onset"
