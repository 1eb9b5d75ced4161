"""Plain text to blocks: what is a paragraph, what is a list, what is a line of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from engine.documents.passages import Block

WRAPPED: Final = 45
"""Letters from which a line that does not end a sentence may go on in the next one."""
_ITEM: Final = re.compile(r"^\s*(?:[-*+•·◦▪‣○●・]|\(?\d{1,3}[.)]|[a-z]\))\s+")
_RULE: Final = re.compile(r"^[\s\-=_*~#.·•]+$")
_ENDS: Final = (".", "!", "?", ":", ";", "。", "！", "？", "：")
_WIDE: Final = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")


def blocks(text: str) -> Iterator[Block]:
    """Paragraphs with their wrapped lines joined; items and short lines by themselves.

    A line that ends in a colon is what the lines below it are about.
    """
    for paragraph in re.split(r"\n[^\S\n]*(?:\n[^\S\n]*)+", text):
        heading = ""
        for line in unwrapped([line for line in paragraph.split("\n") if not _RULE.match(line)]):
            bare = _ITEM.sub("", line).strip()
            if bare.endswith((":", "：")) and len(bare) <= WRAPPED * 2:
                heading = bare
            elif bare:
                yield Block(bare, heading)


def unwrapped(lines: Sequence[str]) -> Iterator[str]:
    """Lines that were broken because the page was full, in one."""
    whole = ""
    last = 0
    for line in lines:
        bare = line.strip()
        goes_on = whole and last >= WRAPPED and not whole.endswith(_ENDS) and not _ITEM.match(line)
        # A short last line of a wrapped paragraph may follow on the end of a sentence, too.
        goes_on = goes_on or (whole and last >= WRAPPED * 4 // 3 and not _ITEM.match(line))
        if goes_on:
            whole = join(whole, bare)
        else:
            if whole:
                yield whole
            whole = line.rstrip()
        # A Japanese letter is as wide as two.
        last = len(bare) + len(_WIDE.findall(bare))
    if whole:
        yield whole


def join(before: str, after: str) -> str:
    """Two lines in one: a hyphen that broke a word goes, and between Japanese letters there is no space."""
    if re.search(r"[a-z]-$", before) and re.match(r"[a-z]", after):
        return before[:-1] + after
    if before and after and _WIDE.match(before[-1]) and _WIDE.match(after[0]):
        return before + after
    return f"{before} {after}"
