"""A rule: a permanent id, and the question it puts to the facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from service.facts import Facts
from service.facts.answers import Answer
from service.knowledge import Knowledge

Question = Callable[[Facts, Knowledge], Answer]


@dataclass(frozen=True, slots=True)
class Rule:
    """Its kind, words and evidence stand in rules.toml, its disposition in pathways.toml, under the same id.

    A rule is asked once about the same facts; other rules that build on it get the same answer.
    """

    id: str
    ask: Question


RULES: dict[str, Rule] = {}


def rule(rule_id: str) -> Callable[[Question], Question]:
    """Registers a rule; rules.toml says whether it is a motor flag, a red flag or an emergency."""

    def register(question: Question) -> Question:
        once = asked_once(question)
        RULES[rule_id] = Rule(rule_id, once)
        return once

    return register


def asked_once(question: Question) -> Question:
    """The question; whoever puts it to the same facts again gets the answer that was given before."""

    @wraps(question)
    def once(facts: Facts, knowledge: Knowledge) -> Answer:
        answer = facts.answered.get(once)
        if answer is None:
            answer = facts.answered[once] = question(facts, knowledge)
        return answer

    return once
