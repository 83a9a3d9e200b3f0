"""Cards whose words stand whole in cards.toml: words that ask, and a reminder where the disease is known."""

from __future__ import annotations

from collections.abc import Mapping

from service.assessment import Assessment
from service.cards.card import Kind
from service.cards.markdown import bullets, escaped, own
from service.cards.phrases import day_words
from service.knowledge import Knowledge

SAID_WHOLE: Mapping[Kind, str] = {Kind.MENTIONED: "mention", Kind.KNOWN_MND: "known-mnd"}
MOST_QUESTIONS, MOST_SOURCES = 2, 2


def said_whole(kind: Kind, assessment: Assessment, knowledge: Knowledge) -> str:
    """What the words in cards.toml say; where words ask, the two questions that matter most."""
    words = knowledge.cards[SAID_WHOLE[kind]]
    if kind is not Kind.MENTIONED:
        return own(words["detail"])
    asked = [own(question) for question in list(knowledge.questions.values())[:MOST_QUESTIONS]]
    year = assessment.on.year
    named = [
        ", ".join(filter(None, (mention.source, day_words(mention.date, year) if mention.date else "")))
        for mention in assessment.mentions[:MOST_SOURCES]
    ]
    source = escaped(words["source"].format(sources="; ".join(named)), 200)
    return f"{own(words['detail'])}\n\n{bullets(asked)}\n\n{source}"
