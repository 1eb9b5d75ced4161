"""After a change of model or version what was learned belongs to another one: the way on is offered at once.

Until the journal is learned anew nothing can be said in such a profile, so a notice that names a menu is not enough.
"""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget
from shiboken6 import isValid

from app import errors, reasons
from app.dialogs import offer
from app.notices import NoticeArea, NoticeBar
from app.partner import Partner
from engine.protocol import Notice


class LearningAnew(QObject):
    """Shows such a notice with a button, and asks."""

    def __init__(self, partner: Partner, notices: NoticeArea, window: QWidget) -> None:
        super().__init__(window)
        self._partner = partner
        self._notices = notices
        self._window = window
        self._bar: NoticeBar | None = None
        self._box: QMessageBox | None = None
        partner.was_relearned.connect(self._done_with)
        partner.leaving.connect(self._done_with)

    def takes(self, notice: Notice) -> bool:
        """Whether the notice says that the memory was learned with another model; then it is dealt with."""
        error = notice.error
        if error is None or notice.reason != reasons.STATE_REFUSED or error.reason not in reasons.OTHER_MODEL:
            return False
        self._done_with()
        self._bar = self._notices.say(lambda: errors.message(error), lambda: errors.hint(error), error=True)
        self._bar.add_action(lambda: self.tr("Learn anew"), self._partner.relearn)
        self._ask(errors.message(error))
        return True

    def _ask(self, why: str) -> None:
        name = "" if self._partner.profile is None else self._partner.profile.name
        self._box = offer(
            self._window,
            title=self.tr("Learn anew"),
            question=self.tr("Have “{name}” learn anew with the model that talks now?").format(name=name),
            more=why
            + "\n\n"
            + self.tr(
                "Every turn in the journal is read once more, ten to twenty a second. Nothing that you said is lost. "
                "Until then nothing can be said in this profile."
            ),
            yes=self.tr("Learn anew"),
            no=self.tr("Not now"),
            then=self._partner.relearn,
        )

    def _done_with(self, *_: object) -> None:
        """They may have been answered or dismissed, and are gone then."""
        bar, box, self._bar, self._box = self._bar, self._box, None, None
        if bar is not None and isValid(bar):
            bar.dismiss()
        if box is not None and isValid(box):
            box.close()
