"""Foreign words inside Streamlit's texts: shown as they are, never obeyed as Markdown. Imports no torch."""

import re

_MARKS = re.compile(r"[\\`*_\[\]<>~$:&|]|^[#+=-]|(?<=^\d)[.)]")
"""What Markdown, its extensions and Streamlit's own directives give a meaning to: anywhere, or at the beginning."""


def plain(text: object) -> str:
    """Text, an exception's too, that Markdown shows character by character and in one paragraph.

    Links, errors and file names carry a stranger's words: as Markdown ``![](http://…)`` would make every reader's
    browser ask another server for a picture.
    """
    return _MARKS.sub(r"\\\g<0>", " ".join(str(text).split()))
