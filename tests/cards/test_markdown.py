"""Nothing that a record says becomes markup, a link or HTML."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from service.cards.markdown import bullets, capital, escaped, link, own, plain, section, small, table

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def shown(markdown: str) -> str:
    """What a reader sees of one paragraph, with every tag that is not the paragraph's left in."""
    return html.unescape(RENDERER.render(markdown).strip().removeprefix("<p>").removesuffix("</p>"))


@pytest.mark.conformance("44")
@pytest.mark.parametrize(
    "text",
    [
        "**bold** _it_ ~~gone~~ `code`",
        "[click](javascript:alert\\(1\\))",
        "![beacon](x)",
        "a | b",
        "# heading",
        "> quote",
        "- item",
        "1. item",
        "2) item",
        "+ item",
        "=== title",
        "&lt;b&gt; &amp; &copy;",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<!-- gone -->",
        "\\*not escaped\\*",
        "$x^2$ {{mustache}}",
        "[^1] [x]: y",
    ],
)
def test_markup_is_shown_as_it_was_written(text: str) -> None:
    markdown = escaped(text)

    assert shown(markdown) == text


@given(st.text(max_size=120))
def test_any_text_renders_as_itself_on_one_line(text: str) -> None:
    markdown = escaped(text, 500)

    assert "\n" not in markdown
    seen = shown(markdown).replace(" ", "")
    assert seen == plain(text, 500).replace(" ", "")


@given(st.text(alphabet="|`*_[]<>&#\\\n\r\t ~-+.1()!:/w@", max_size=60))
def test_a_cell_stays_one_cell(text: str) -> None:
    page = RENDERER.render(table(("a", "b"), [(escaped(text), "end")]))

    assert page.count("<td>") == 2
    assert set(re.findall(r"</?(\w+)", page)) == {"table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize(
    "text",
    ["http://evil.example/x", "HTTPS://evil.example", "www.evil.example", "WWW.evil.example", "a@b.example"],
)
def test_an_address_is_readable_but_no_link(text: str) -> None:
    seen = html.unescape(shown(escaped(text)))

    assert seen.replace(" ", "") == text
    assert not re.search(r"(?i)://|www\.|\w@", seen)


def test_line_breaks_controls_and_direction_marks_are_gone() -> None:
    assert escaped("a\r\n\tb\x00c\u202ed\u200be\u2028f") == "a bcde f"


def test_a_lone_surrogate_does_not_reach_the_encoder() -> None:
    assert escaped("a\ud800b").encode() == b"ab"


def test_long_text_is_cut_at_a_word_and_says_so() -> None:
    cut = escaped("word " * 100, 42)

    assert cut == "word word word word word word word word…"


def test_a_long_word_is_cut_all_the_same() -> None:
    assert plain("x" * 500, 20) == "x" * 19 + "…"


def test_text_of_just_the_length_is_not_cut() -> None:
    assert plain("twelve chars", 12) == "twelve chars"


def test_our_own_words_are_escaped_but_never_cut() -> None:
    assert own("a | b " * 100).endswith(" a \\| b")


def test_a_link_cannot_be_closed_by_its_address() -> None:
    assert (
        link("NICE [NG42]", "https://x.example/a_(b) c")
        == "[NICE \\[NG42\\]](https://x.example/a_%28b%29%20c)"
    )


def test_a_list_stands_below_its_title_and_a_sentence_beside_it() -> None:
    assert section("Why", "because") == "**Why:** because"
    assert section("Why", bullets(["a", "b"])) == "**Why**\n\n- a\n- b"


def test_capitals_are_kept_where_they_belong_to_an_abbreviation() -> None:
    assert (capital("foot drop"), small("Foot drop"), small("SSRI or SNRI"), small("")) == (
        "Foot drop",
        "foot drop",
        "SSRI or SNRI",
        "",
    )
