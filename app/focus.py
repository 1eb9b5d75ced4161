"""The order in which Tab goes through the window.

Qt's own order is that in which widgets were made; what comes later (a notice, a message with its button) would stand
behind everything else, wherever it is on screen. This one follows the layouts, which is the order of reading.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QSplitter, QWidget


def controls(widget: QWidget, also: QWidget | None = None) -> Iterator[QWidget]:
    """What Tab stops at in `widget`, itself included, in the order of reading.

    Args:
        widget: a part of a window.
        also: named as well if it is in there: it has the focus now, perhaps by a click.
    """
    if not widget.isVisible() or not widget.isEnabled():
        return
    stops = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None
    if stops or widget is also:
        yield widget
    # What takes the focus keeps its own parts to itself; only a scrolled page holds others.
    if isinstance(widget, QScrollArea):
        inside = [part for part in (widget.widget(),) if part is not None]
    elif stops:
        inside = []
    else:
        inside = _children(widget)
    for child in inside:
        yield from controls(child, also)


def _children(widget: QWidget) -> list[QWidget]:
    if isinstance(widget, QSplitter):
        parts = (widget.widget(place) for place in range(widget.count()))
        return [part for part in parts if part is not None]
    layout = widget.layout()
    placed = [] if layout is None else list(_placed(layout))
    loose: list[QWidget] = widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return placed + [child for child in loose if child not in placed and not child.isWindow()]


def _placed(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        if item is None:
            continue
        widget, below = item.widget(), item.layout()
        if widget is not None:
            yield widget
        elif below is not None:
            yield from _placed(below)


def step(parts: list[QWidget], focused: QWidget | None, *, forwards: bool) -> bool:
    """Move the focus by one; past the last comes the first. False when what had it is not there (any more)."""
    order = [control for part in parts for control in controls(part, focused)]
    if focused not in order:
        return False
    place = (order.index(focused) + (1 if forwards else -1)) % len(order)
    reason = Qt.FocusReason.TabFocusReason if forwards else Qt.FocusReason.BacktabFocusReason
    order[place].setFocus(reason)
    return True
