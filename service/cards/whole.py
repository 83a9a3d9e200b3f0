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
    days = [day_words(mention.date, year) for mention in assessment.mentions[:MOST_SOURCES] if mention.date]
    source = escaped(words["source"].format(days=", ".join(days)), 200) if days else ""
    return "\n\n".join(filter(None, (own(words["detail"]), bullets(asked), source)))
