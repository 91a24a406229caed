"""LaTeX in the fields of BibTeX, to plain text and back."""

import logging
import re

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from pylatexenc.latexwalker import LatexWalkerParseError

from app.formats.plain_text import one_line

LATEX = re.compile(r"[\\$~%]|--|``|''|[!?]`")
BRACES = str.maketrans("", "", "{}")
UNESCAPED_PERCENT = re.compile(r"(?<!\\)((?:\\\\)*)%")
UNESCAPED_DOLLAR = re.compile(r"(?<!\\)((?:\\\\)*)\$")
VERBATIM = re.compile(r"\\textbackslash(?:\{\})?|\\([{}_%&#$~])|[{}]")
ESCAPED = {
    **{sign: f"\\{sign}" for sign in "{}$%&#_"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}
ESCAPES = str.maketrans(ESCAPED)
LIGATURE = re.compile(r"(?<=-)(?=-)|(?<=`)(?=`)|(?<=')(?=')|(?<=[!?])(?=`)")
MAX_DECODED = 60_000  # characters; above this a text is left as it is, since the decoder slows down
# Signs that Zotero writes and pylatexenc does not know.
SIGNS = {
    "textasciicircum": "^",
    "textasciitilde": "~",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textunderscore": "_",
    "textquotedbl": '"',
}


def _decoder() -> LatexNodes2Text:
    context = get_default_latex_context_db()
    context.add_context_category("signs", macros=[MacroTextSpec(name, sign) for name, sign in SIGNS.items()], prepend=True)
    return LatexNodes2Text(latex_context=context)


DECODER = _decoder()
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)  # it warns of what `from_latex` then leaves as it is


def from_latex(text: str) -> str:
    """On one line. A lone `%` or `$` is taken for itself, as people write them, and not for a comment or mathematics."""
    if not LATEX.search(text):
        return one_line(text.translate(BRACES))
    if len(text) > MAX_DECODED:
        return one_line(text)
    source = UNESCAPED_PERCENT.sub(r"\1\\%", text)
    if len(UNESCAPED_DOLLAR.findall(source)) % 2:
        source = UNESCAPED_DOLLAR.sub(r"\1\\$", source)
    try:
        return one_line(DECODER.latex_to_text(source))
    except (LatexWalkerParseError, ValueError, IndexError, KeyError, AttributeError, TypeError, RecursionError):
        return one_line(text)


def from_verbatim(text: str) -> str:
    """Of identifiers and addresses, in which only the signs that had to be escaped are."""
    return one_line(VERBATIM.sub(lambda match: match[1] or ("\\" if len(match[0]) > 1 else ""), text))


def to_latex(text: str) -> str:
    """Signs that LaTeX would take for its own are escaped; pairs that it would draw together are kept apart."""
    return LIGATURE.sub("{}", text.translate(ESCAPES)) if text else text


def to_verbatim(text: str) -> str:
    return text.replace("\\", "\0").replace("{", "\\{").replace("}", "\\}").replace("\0", "\\textbackslash{}")
