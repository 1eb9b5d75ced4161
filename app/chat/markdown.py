"""A reply's Markdown as the HTML subset that Qt's rich text understands.

Safe by construction: raw HTML is shown as text, pictures become links (nothing is ever fetched), and markdown-it
refuses `javascript:`, `vbscript:`, `file:` and `data:` addresses. Colours are written into the tags, because Qt's rich
text knows no classes on parts of a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from app.language import translate
from app.palettes import Theme

HEADINGS: Final = {"h1": "x-large", "h2": "large"}
"""Relative to the text around it; Qt knows 1.5 and 1.2 by these names."""
MAX_HIGHLIGHTED: Final = 20_000
"""Characters of one code block that are coloured; a longer one is shown plain, so that drawing stays quick."""


class _Renderer(RendererHTML):
    """Qt's dialect: code in a one-cell table (only tables have padding), pictures as links."""

    def __init__(self, parser: Any = None) -> None:
        super().__init__(parser)
        self.theme: Theme | None = None

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        # Not <h1>: Qt enlarges it by its own rule on top of any size in points.
        size = HEADINGS.get(tokens[idx].tag, "medium")
        return f'<p style="font-size:{size};font-weight:600;margin-top:12px;margin-bottom:5px">'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</p>"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        text = escape(self.renderInlineAsText(token.children or [], options, env) or translate("Markdown", "picture"))
        source = str(token.attrs.get("src", ""))
        if source.startswith(("https://", "http://")):
            return f'<a href="{escape(source)}">[{text}]</a>'
        return f"<i>[{text}]</i>"

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        ground = self.theme.code if self.theme else "#eeeeee"
        return f'<code style="background-color:{ground}">{escape(tokens[idx].content)}</code>'

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return self._code(tokens[idx].content, "")

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        return self._code(token.content, token.info.split()[0] if token.info.strip() else "")

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        line = self.theme.line if self.theme else "#cccccc"
        return (
            f'<table border="1" cellspacing="0" cellpadding="6" style="border-collapse:collapse;border-color:{line};'
            'margin-top:6px;margin-bottom:6px">'
        )

    def _code(self, text: str, language: str) -> str:
        theme = self.theme
        ground = theme.code if theme else "#eeeeee"
        body = _highlight(text.rstrip("\n"), language, theme.highlighter if theme else "default")
        return (
            f'<table width="100%" cellpadding="10" cellspacing="0" style="margin-top:6px;margin-bottom:6px">'
            f'<tr><td bgcolor="{ground}"><pre style="margin:0;white-space:pre-wrap">{body}</pre></td></tr></table>'
        )


_MARKER_ALONE: Final = re.compile(r"\s*(\d+[.)]|[-+*]|#{1,6})\s*")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer)
    return parser.enable(["table", "strikethrough"])


@lru_cache(maxsize=8)
def _formatter(style: str) -> Any:
    from pygments.formatters.html import HtmlFormatter

    return HtmlFormatter(style=style, noclasses=True, nowrap=True, nobackground=True)


def _highlight(text: str, language: str, style: str) -> str:
    """Code as HTML spans; plain when the language is not named or not known (nothing is guessed)."""
    if not language or len(text) > MAX_HIGHLIGHTED:
        return escape(text, quote=False)
    from pygments import highlight
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return escape(text, quote=False)
    colored: str = highlight(text, lexer, _formatter(style))
    return colored.rstrip("\n")


def to_html(text: str, theme: Theme) -> str:
    """Render `text`; an unfinished construct at its end (a reply that still streams) is rendered as far as it goes."""
    if _MARKER_ALONE.fullmatch(text):
        # "417." is an answer; to Markdown it is item 417 of a list, and empty.
        return f"<p>{escape(text.strip(), quote=False)}</p>"
    parser = _parser()
    renderer = parser.renderer
    if isinstance(renderer, _Renderer):
        renderer.theme = theme
    return str(parser.render(text)).rstrip("\n")


def code_blocks(text: str) -> list[str]:
    """The code in `text`, block by block, as it was written."""
    return [token.content for token in _parser().parse(text) if token.type in ("fence", "code_block")]


def warm_up(theme: Theme) -> None:
    """Load what the first reply would otherwise wait for: parser, highlighter and its style."""
    _parser()
    _highlight("x = 1", "python", theme.highlighter)
