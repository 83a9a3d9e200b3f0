"""Whatever text a record carries, its cards have the same markup: nothing in it becomes a cell or a link.

Every text, display, unit, name and note of the golden records is replaced by a hostile one. What decides are
codes, so the cards must be those of the harmless record, but for the names that they repeat.
"""

import re
from typing import Any

import pytest

from service.assess import assess
from service.cards import Card, build
from service.fhir.read.record import entries, record_of
from tests.patients.render import rendered
from tests.patients.stories import Story, knowledge, stories

TEXTS = ("text", "display", "unit", "family", "given")
# Records that tell what could not be read, or hold medicines, repeat most of what somebody else wrote.
TELLING = ("unreadable-weakness", "hostile-record", "smoker-inhalers", "lithium-toxicity", "mother-had-als")
HOSTILE = {
    "a cell": "a | b |\n| --- | --- |\n| c | d |",
    "code": "``` `code` ```\n\n    indented",
    "a script": "<script>alert(1)</script><img src=x onerror=alert(2)><!-- gone",
    "a link": "[pay](https://evil.example) https://evil.example www.evil.example <https://evil.example>",
    "a picture": "![beacon](https://evil.example/p.png) [x]: https://evil.example",
    "a heading": "\r\n# All clear\r\n\r\n- no action\n> quote\n***\n",
    "a direction mark": "\u202egnihctiwt\u202c \u2066left\u2069 \u200bzero \u2028line \x00nul",
    "entities": "&lt;script&gt; &amp;#60;b&amp;#62; &#x3c;i&#x3e;",
    "10 kB": "twitch | <b> " * 800,
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("story", [s for s in stories() if s.name in TELLING], ids=lambda story: story.name)
def test_no_text_of_a_record_becomes_markup(story: Story, kind: str) -> None:
    harmless, hostile = (_cards(story, text) for text in ("harmless", HOSTILE[kind]))

    assert [c.summary for c in hostile] == [c.summary for c in harmless]
    assert [_tags(c) for c in hostile] == [_tags(c) for c in harmless]
    assert all(len(card.detail) < 4000 for card in hostile)
    assert not any(set(card.summary + card.detail) & set("\u202e\u2066\u200b\u2028\x00") for card in hostile)
    assert "evil.example" not in "".join(tag for card in hostile for tag in _tags(card))


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.name)
def test_no_record_says_its_card_in_its_own_words(story: Story) -> None:
    everything = "".join(HOSTILE.values())[:3000]

    hostile, harmless = _cards(story, everything), _cards(story, "harmless")

    assert [_tags(c) for c in hostile] == [_tags(c) for c in harmless]


def _cards(story: Story, text: str) -> tuple[Card, ...]:
    record = record_of(entries(_said_as(story.bundle, text)), knowledge())
    return build(assess(record, story.on, knowledge=knowledge(), pathway="early-referral"), knowledge())


def _said_as(value: Any, text: str) -> Any:
    """The same resources with every text replaced; a unit stays with its code, which decides."""
    if isinstance(value, list):
        return [text if isinstance(each, str) else _said_as(each, text) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: text if key in TEXTS and isinstance(each, str) else _said_as(each, text)
        for key, each in value.items()
    }


def _tags(card: Card) -> list[str]:
    return re.findall(r"<[^>]*>", rendered(card.detail))
