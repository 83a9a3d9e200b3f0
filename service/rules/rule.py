"""A rule: a permanent id, what kind it is, and the question it puts to the facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from service.assessment import RuleKind
from service.facts import Facts
from service.facts.answers import Answer
from service.knowledge.advice import Thresholds

Question = Callable[[Facts, Thresholds], Answer]


@dataclass(frozen=True, slots=True)
class Rule:
    """Its words and evidence stand in rules.toml, its disposition in pathways.toml, under the same id.

    A rule is asked once about the same facts; other rules that build on it get the same answer.
    """

    id: str
    kind: RuleKind
    ask: Question


RULES: dict[str, Rule] = {}


def red_flag(rule_id: str) -> Callable[[Question], Question]:
    """Registers a warning sign that counts while the twitch is present."""
    return _registered(rule_id, RuleKind.OTHER)


def motor_flag(rule_id: str) -> Callable[[Question], Question]:
    """Registers a sign of the motor system: also asked of a recent twitch, and never reassured away."""
    return _registered(rule_id, RuleKind.MOTOR)


def same_day(rule_id: str) -> Callable[[Question], Question]:
    """Registers an emergency: also asked of a recent twitch, and never suppressed by anything."""
    return _registered(rule_id, RuleKind.SAME_DAY)


def asked_once(question: Question) -> Question:
    """The question; whoever puts it to the same facts again gets the answer that was given before."""

    @wraps(question)
    def once(facts: Facts, threshold: Thresholds) -> Answer:
        answer = facts.answered.get(once)
        if answer is None:
            answer = facts.answered[once] = question(facts, threshold)
        return answer

    return once


def _registered(rule_id: str, kind: RuleKind) -> Callable[[Question], Question]:
    def register(question: Question) -> Question:
        once = asked_once(question)
        RULES[rule_id] = Rule(rule_id, kind, once)
        return once

    return register
