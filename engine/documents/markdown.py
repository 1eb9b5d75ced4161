"""Markdown to blocks: what a reader would see, without the marks, each piece under its heading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from engine.documents import plain
from engine.documents.passages import Block

_LIST_ENDS: Final = ("bullet_list_close", "ordered_list_close")
_FRONT_MATTER: Final = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)


def blocks(text: str) -> Iterator[Block]:
    """Paragraphs, items, rows ("Day: Monday, Place: gym") and lines of code, in their order. HTML is left out."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    yield from _Reader(parser.parse(_FRONT_MATTER.sub("", text))).blocks()


class _Reader:
    """Walks over the tokens of one document."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._heading = ""
        self._lead: tuple[str, int] | None = None
        """A paragraph that ends in a colon, and how deep the list stands that it speaks of."""
        self._columns: list[str] = []
        self._cells: list[str] = []
        self._head = False

    def blocks(self) -> Iterator[Block]:
        for place, token in enumerate(self._tokens):
            if token.type == "inline":
                yield from self._inline(place, token)
            elif token.type in ("fence", "code_block"):
                yield from (self._block(line) for line in token.content.split("\n"))
            elif token.type in ("thead_open", "thead_close"):
                self._head = token.type == "thead_open"
            elif token.type == "tr_open":
                self._cells = []
            elif token.type == "tr_close":
                yield from self._row()
            elif token.type in _LIST_ENDS and self._lead is not None and token.level <= self._lead[1]:
                self._lead = None

    def _inline(self, place: int, token: Token) -> Iterator[Block]:
        text = _text(token)
        around = self._tokens[place - 1].type
        if around == "heading_open":
            self._heading, self._lead = _line(text), None
        elif around in ("th_open", "td_open"):
            self._cells.append(_line(text))
        else:
            after = self._tokens[place + 2].type if place + 2 < len(self._tokens) else ""
            if text.rstrip().endswith((":", "：")) and after in ("bullet_list_open", "ordered_list_open"):
                self._lead = (_line(text), token.level - 1)
            else:
                if self._lead is not None and token.level - 1 <= self._lead[1]:
                    self._lead = None
                yield from (self._block(line) for line in plain.unwrapped(text.split("\n")))

    def _row(self) -> Iterator[Block]:
        if self._head:
            self._columns = self._cells
            return
        named = [
            f"{column}: {cell}" if column else cell
            for column, cell in zip(self._columns, self._cells, strict=False)
            if cell
        ]
        if named:
            yield self._block(", ".join(named))

    def _block(self, text: str) -> Block:
        return Block(text, self._lead[0] if self._lead is not None else self._heading)


def _line(text: str) -> str:
    return " ".join(text.split())


def _text(token: Token) -> str:
    """The words of some lines: of a link its text, of a picture what is said instead of it."""
    parts = []
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type in ("text", "code_inline", "image", "text_special"):
            parts.append(child.content)
    return "".join(parts).strip()
