"""The rule book, and what a code means, as values: what the rules do and what the knowledge holds."""

import pytest

from service.knowledge import load
from service.rules import RULES
from service.rules.book import rule_book
from service.rules.meanings import meanings_of


def test_every_rule_has_a_page_in_the_words_and_cells_of_the_knowledge() -> None:
    known = load()

    pages = rule_book(known)

    assert sorted(page.id for page in pages) == sorted(RULES)
    for page in pages:
        words = known.rules[page.id]
        assert (page.says, page.why, page.evidence) == (words.says, words.why, words.evidence)
        assert page.asks_for == {name: str(p.dispositions[page.id]) for name, p in known.pathways.items()}
        assert page.reads, page.id
        assert page.looks_at, page.id


def test_a_page_names_what_its_rule_asks_also_through_others_and_by_which_numbers() -> None:
    pages = {page.id: page for page in rule_book(load())}

    compromise = pages["respiratory-compromise"]
    assert (compromise.kind, pages["muscle-weakness"].kind) == ("same-day", "motor flag")
    assert "oxygen-saturation" in compromise.looks_at
    assert ("oxygen_saturation_low", 92.0, "%") in compromise.thresholds
    assert {"potassium", "calcium-adjusted"} <= {*pages["critical-electrolytes"].looks_at}
    assert "family history" in pages["family-history-of-mnd"].looks_at


@pytest.mark.parametrize(
    ("system", "code", "words", "readers"),
    [
        ("snomed", "82470000", "concept fasciculation", "–"),
        ("snomed", "80243003", "body site: ", "–"),
        ("snomed", "7771000", "as a qualifier of a body site: left", "–"),
        ("snomed", "260415000", "as an answer: NO", "–"),
        ("snomed", "394591006", "specialty: neurology", "–"),
        ("snomed", "103696004", "only together with that specialty", "–"),
        ("snomed", "183521007", "test neurology-referral", "–"),
        ("loinc", "2823-3", "analyte potassium", "critical-electrolytes"),
        ("loinc", "24321-2", "panel that measures", "critical-electrolytes"),
        ("atc", "R03AC02", "medicine of class beta-agonist", "contributor beta-agonist"),
        ("own", "twitch-course", "our own code: Course of the twitching", "–"),
    ],
)
def test_a_code_means_what_it_stands_for_and_names_who_looks_at_it(
    system: str, code: str, words: str, readers: str
) -> None:
    told = [row for row in meanings_of(code, load(), [system]) if words in row[1]]

    assert {found for found, _, _ in told} == {system}
    assert readers in " ".join(looking for _, _, looking in told)


def test_what_is_no_code_of_a_chapter_finds_none_by_its_first_letter() -> None:
    assert [*meanings_of("E", load())] == []
