"""Foreign words in Streamlit's texts."""

import re

import pytest

from explorer.ui.plain import plain

FOREIGN = [
    "![x](http://elsewhere.example/a.png)",
    "[x](javascript:alert(1))",
    "**bold** _it_ `code` ~~gone~~",
    "$x$ :red[danger] :material/home: :smile:",
    "<b>a</b> &lt; a|b",
    "back\\slash \\![x](y)",
    "# not a heading",
    "1. no list",
    "- no list",
]


@pytest.mark.parametrize("text", FOREIGN)
def test_no_mark_of_markdown_is_left_to_act_and_no_word_is_lost(text):
    escaped = plain(text)
    # CommonMark 0.31, section 2.4: a backslash before ASCII punctuation leaves the character alone.
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped) == text
    acting = re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped)
    assert not set(acting) & set("\\`*_[]<>~$:&|")
    assert not re.match(r"#|-|\d+\.", acting)


def test_lines_become_one_paragraph():
    assert plain("one\n\n# two") == "one # two"
