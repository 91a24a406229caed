"""Words as they are stored: no markup, no control characters, single spaces."""

import re
from html import unescape

# The C0 and C1 control characters (Unicode category Cc) that str.split does not take for a space.
CONTROLS = dict.fromkeys([*range(0x09), *range(0x0E, 0x1C), *range(0x7F, 0x85), *range(0x86, 0xA0)])
MARKUP = re.compile(r"</?(?:i|b|u|em|strong|sub|sup|sc|scp|nobr|span(?: [^<>]{0,200})?)>", re.IGNORECASE)

ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9a-f]{1,5});", re.IGNORECASE)
JATS = re.compile(r"</?jats:[a-z-]{1,30}(?: [^<>]{0,500})?>", re.IGNORECASE)  # Journal Article Tag Suite, NISO Z39.96


def one_line(text: str) -> str:
    """On one line, with single spaces, without control characters."""
    line = " ".join(text.split())
    return line if line.isprintable() else " ".join(line.translate(CONTROLS).split())


def paragraphs(text: str) -> str:
    """As `one_line`, but line breaks stay."""
    return "\n".join(one_line(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")).strip()


def without_markup(text: str) -> str:
    """Without the tags that Zotero, Crossref and PubMed put into titles and abstracts: `<i>`, `<sup>`, `<jats:p>` and their like."""
    bare = MARKUP.sub("", JATS.sub(" ", text)) if "<" in text else text
    return without_entities(bare)


def without_entities(text: str) -> str:
    """With the signs that `&amp;`, `&lt;`, `&#233;` and their like stand for."""
    return ENTITY.sub(lambda entity: unescape(entity[0]), text) if "&" in text else text


def split_list(text: str) -> list[str]:
    """The items of a cell: between semicolons where there is one, otherwise between commas."""
    items = text.split(";" if ";" in text else ",")
    return [item for item in map(one_line, items) if item]


def join_list(items: list[str]) -> str:
    """What `split_list` reads back; the last semicolon keeps a lone item that holds a comma together."""
    text = "; ".join(items)
    return f"{text};" if len(items) == 1 and "," in text else text
