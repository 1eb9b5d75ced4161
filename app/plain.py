"""Text of others where Qt would take it for HTML."""

from __future__ import annotations

from html import escape

from PySide6.QtGui import Qt


def tip(text: str) -> str:
    """A tooltip that shows `text` as it is.

    A tooltip has no plain mode: what looks like HTML is rendered, pictures from files included. Titles come from what
    was said or from an imported file, names of models from files that anybody made.
    """
    if not Qt.mightBeRichText(text):
        return text
    return "<p>" + escape(text).replace("\n", "<br>") + "</p>"
