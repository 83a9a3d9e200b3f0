"""The golden patients' cards as a client shows them, to be looked at before they are judged right.

    python3 dev.py cards                   every story
    python3 dev.py cards teacher hostile   those whose names begin so

Writes `.cache/cards/cards.html`: each story's cards as wide as a window (620 pixels) and, beside it, as
narrow as an EHR's side bar (280). Where Chromium is installed, pictures of it follow (`cards-01.png` …), each
low enough to be read at one look.

The detail goes through markdown-it-py and nh3: what a careful client drops is dropped here too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import nh3
from markdown_it import MarkdownIt

from service.cards import Card
from tests.patients.stories import Story, stories

OUT = Path(__file__).parents[2] / ".cache" / "cards"
WIDTHS = (620, 280)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
HIGHEST, PATIENCE = 1500, 120
COLOURS = {"info": "#1c7ed6", "warning": "#e8890c", "critical": "#d6293e"}
STYLE = """
body { font: 13px/1.4 system-ui, sans-serif; margin: 12px; background: #eef0f3; color: #1a1a1a }
h2 { font-size: 13px; margin: 0 0 6px; color: #555 } .story { padding: 6px 0 14px }
.widths { display: flex; gap: 20px; align-items: flex-start }
.card { background: #fff; border-left: 6px solid; border-radius: 4px; padding: 8px 12px; margin: 0 0 8px;
        box-shadow: 0 1px 2px #0003; box-sizing: border-box; overflow: hidden }
.summary { font-weight: 700; font-size: 14px } .source { color: #777; font-size: 11px; margin: 2px 0 6px }
p, ul, ol { margin: 5px 0 } ul, ol { padding-left: 18px } a { color: #1c5fae }
table { border-collapse: collapse; width: 100%; margin: 4px 0 }
td, th { border: 1px solid #ddd; padding: 2px 5px; text-align: left; vertical-align: top }
th { background: #f5f5f5; font-weight: 600 }
button { margin: 3px 4px 0 0; padding: 4px 9px; border: 1px solid #9ab; border-radius: 3px; font: inherit;
         background: #f7f9fb; text-align: left }
button.recommended { background: #dbeafe; border-color: #1c5fae }
"""
# The browser measures: how high a story is decides what fits into one picture; no card may be cut off.
MEASURE = """
for (const s of document.querySelectorAll('.story')) s.dataset.height = s.offsetHeight;
for (const c of document.querySelectorAll('.card'))
  if (c.scrollWidth > c.clientWidth) c.dataset.wide = c.closest('.story').id;
"""
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


def page(chosen: Sequence[Story]) -> str:
    """The stories' cards, each in every width."""
    body = "\n".join(_story(story) for story in chosen)
    return (
        f'<!doctype html><meta charset="utf-8"><title>Cards</title><style>{STYLE}</style>\n{body}\n'
        f"<script>{MEASURE}</script>\n"
    )


def rendered(detail: str) -> str:
    """A card's detail as the HTML of a careful client."""
    return nh3.clean(MARKDOWN.render(detail))


def write(chosen: Sequence[Story]) -> None:
    """Write the page, and its pictures where there is a browser; say where they are."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    written = OUT / "cards.html"
    written.write_text(page(chosen), encoding="utf-8")
    print(written)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"No pictures: none of {', '.join(BROWSERS)} is installed.")
        return
    for number, (part, height) in enumerate(_slices(chosen, _heights(browser, written)), start=1):
        slice_page, picture = OUT / f"cards-{number:02}.html", OUT / f"cards-{number:02}.png"
        slice_page.write_text(page(part), encoding="utf-8")
        _browse(browser, slice_page, f"--window-size={sum(WIDTHS) + 60},{height}", f"--screenshot={picture}")
        slice_page.unlink()
        print(picture, *(story.name for story in part))


def _slices(chosen: Sequence[Story], heights: Sequence[int]) -> Iterator[tuple[list[Story], int]]:
    """The stories, as many at a time as one picture shows, and how high that picture is."""
    part: list[Story] = []
    total = 0
    for story, height in zip(chosen, heights, strict=True):
        if part and total + height > HIGHEST:
            yield part, total + 30
            part, total = [], 0
        part.append(story)
        total += height
    yield part, total + 30


def _heights(browser: str, written: Path) -> list[int]:
    seen = _browse(browser, written, f"--window-size={sum(WIDTHS) + 60},1000", "--dump-dom")
    for story in dict.fromkeys(re.findall(r'data-wide="([^"]+)"', seen)):
        print(f"Too wide: {story}")
    return [int(height) for height in re.findall(r'data-height="(\d+)"', seen)]


def _browse(browser: str, shown: Path, *flags: str) -> str:
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *FLAGS, f"--user-data-dir={profile}", *flags, shown.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    return done.stdout


def _story(story: Story) -> str:
    cards = story.cards()
    columns = "".join(f'<div style="width: {width}px">{_cards(cards)}</div>' for width in WIDTHS)
    title = f"{story.name}: {story.title} ({story.on})"
    shown = f'<h2>{escape(title)}</h2><div class="widths">{columns}</div>'
    return f'<div class="story" id="{story.name}">{shown}</div>'


def _cards(cards: Sequence[Card]) -> str:
    return "\n".join(map(_card, cards)) or "<p>No card.</p>"


def _card(card: Card) -> str:
    buttons = "".join(
        f'<button class="{"recommended" if s.is_recommended else ""}">{escape(s.label)}</button>'
        for s in card.suggestions
    )
    return (
        f'<div class="card" style="border-color: {COLOURS[card.indicator]}">'
        f'<div class="summary">{escape(card.summary)}</div>'
        f'<div class="source">Source: {escape(card.source.label)}</div>{rendered(card.detail)}{buttons}</div>'
    )


if __name__ == "__main__":
    write([s for s in stories() if len(sys.argv) == 1 or s.name.startswith(tuple(sys.argv[1:]))])
