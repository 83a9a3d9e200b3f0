"""All cards of the golden patients on one page, as a client would show them.

    python -m tests.patients.render > cards.html
    python -m tests.patients.render 280 > narrow.html      as wide as a side bar of 280 pixels

The detail goes through markdown-it-py and nh3: what a careful client drops is dropped here too.
"""

from __future__ import annotations

import sys
from html import escape

import nh3
from markdown_it import MarkdownIt

from service.cards import Card
from tests.patients.stories import Story, stories

COLOURS = {"info": "#1c7ed6", "warning": "#e8890c", "critical": "#d6293e"}
STYLE = """
body { font: 13px/1.4 system-ui, sans-serif; margin: 12px; background: #eef0f3; color: #1a1a1a }
h2 { font-size: 13px; margin: 18px 0 6px; color: #555 } .story { break-inside: avoid }
.card { background: #fff; border-left: 6px solid; border-radius: 4px; padding: 8px 12px; margin: 0 0 8px;
        box-shadow: 0 1px 2px #0003 }
.summary { font-weight: 700; font-size: 14px } .source { color: #777; font-size: 11px; margin: 2px 0 6px }
p, ul { margin: 5px 0 } ul { padding-left: 18px } a { color: #1c5fae }
table { border-collapse: collapse; width: 100%; margin: 4px 0 }
td, th { border: 1px solid #ddd; padding: 2px 5px; text-align: left }
th { background: #f5f5f5; font-weight: 600 }
button { margin: 3px 4px 0 0; padding: 4px 9px; border: 1px solid #9ab; border-radius: 3px; font: inherit;
         background: #f7f9fb } button.recommended { background: #dbeafe; border-color: #1c5fae }
"""
MARKDOWN = MarkdownIt("commonmark").enable("table")


def page(width: int, *names: str) -> str:
    """The page; `names` choose the stories by the beginning of their names."""
    chosen = [s for s in stories() if not names or s.name.startswith(names)]
    body = "\n".join(_story(story) for story in chosen)
    style = f"{STYLE} .story {{ width: {width}px }}"
    return f'<!doctype html><meta charset="utf-8"><title>Cards</title><style>{style}</style>\n{body}\n'


def _story(story: Story) -> str:
    cards = "\n".join(_card(card) for card in story.cards()) or "<p>No card.</p>"
    return f'<div class="story"><h2>{escape(story.title)} ({story.on})</h2>{cards}</div>'


def _card(card: Card) -> str:
    detail = nh3.clean(MARKDOWN.render(card.detail))
    buttons = "".join(
        f'<button class="{"recommended" if s.is_recommended else ""}">{escape(s.label)}</button>'
        for s in card.suggestions
    )
    return (
        f'<div class="card" style="border-color: {COLOURS[card.indicator]}">'
        f'<div class="summary">{escape(card.summary)}</div>'
        f'<div class="source">Source: {escape(card.source.label)}</div>{detail}{buttons}</div>'
    )


if __name__ == "__main__":
    sys.stdout.write(page(int(sys.argv[1]) if len(sys.argv) > 1 else 620, *sys.argv[2:]))
