"""The settings: each takes effect at once and is kept at once, so there is nothing to confirm."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLocale, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app import appearance, fonts, language, palettes, theme
from app.settings import WindowSettings
from app.shortcut_row import ShortcutRow
from app.shortcuts import plain
from app.tray import Tray


class SettingsDialog(QDialog):
    """Language, theme, size of text, memory panel, system tray.

    Args:
        parent: the window.
        settings: where they are kept.
        panel: the action that shows and hides the memory panel.
        shortcut: the row of the key for everywhere.
    """

    def __init__(self, parent: QWidget, settings: WindowSettings, panel: QAction, shortcut: ShortcutRow) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._settings = settings
        self._panel = panel
        self.language_box = QComboBox()
        for code in (language.SYSTEM, *language.LANGUAGES):
            self.language_box.addItem("", code)
        self.theme_box = QComboBox()
        for name in (theme.SYSTEM, *palettes.THEMES):
            self.theme_box.addItem("", name)
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setRange(fonts.SMALLEST // fonts.STEP, fonts.LARGEST // fonts.STEP)
        self.size_slider.setPageStep(1)
        self.size_note = QLabel()
        self.panel_box = QCheckBox()
        self.tray_box = QCheckBox()
        self.font_note = theme.named(QLabel(wordWrap=True), "stateNote")
        self.shortcut = shortcut
        self._labels = [QLabel() for _ in range(4)]
        buttons = QDialogButtonBox()
        self.close_button = buttons.addButton("", QDialogButtonBox.ButtonRole.RejectRole)
        self.close_button.setDefault(True)
        buttons.rejected.connect(self.reject)

        sizing = QHBoxLayout()
        sizing.setSpacing(14)
        sizing.addWidget(self.size_slider, 1)
        sizing.addWidget(self.size_note)
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(12)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setFormAlignment(Qt.AlignmentFlag.AlignTop)
        fields: list[QWidget] = [self.language_box, self.theme_box, self.size_slider, shortcut.button]
        form.addRow(self._labels[0], self.language_box)
        form.addRow("", self.font_note)
        form.addRow(self._labels[1], self.theme_box)
        form.addRow(self._labels[2], sizing)
        form.addRow("", self.panel_box)
        form.addRow("", self.tray_box)
        form.addRow(self._labels[3], shortcut)
        form.setRowVisible(self.tray_box, Tray.available())
        form.setRowVisible(self.font_note, fonts.japanese() is None)
        for label, field in zip(self._labels, fields, strict=True):
            label.setBuddy(field)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(18)
        column.addLayout(form)
        column.addStretch()
        column.addWidget(buttons)

        self.language_box.setCurrentIndex(max(0, self.language_box.findData(settings.language)))
        self.theme_box.setCurrentIndex(max(0, self.theme_box.findData(settings.theme)))
        self.size_slider.setValue(settings.font_percent // fonts.STEP)
        self.panel_box.setChecked(panel.isChecked())
        self.tray_box.setChecked(settings.close_to_tray)
        self.retranslate()
        self.language_box.currentIndexChanged.connect(self._change)
        self.theme_box.currentIndexChanged.connect(self._change)
        self.size_slider.valueChanged.connect(self._change)
        self.panel_box.toggled.connect(self._on_panel)
        self.tray_box.toggled.connect(self._on_tray)
        self.setMinimumWidth(420)

    def retranslate(self) -> None:
        """Set all words."""
        self.setWindowTitle(self.tr("Settings"))
        words = (self.tr("&Language"), self.tr("&Theme"), self.tr("Size of &text"))
        fields = (self.language_box, self.theme_box, self.size_slider)
        self._labels[3].setText(self.tr("&Key for everywhere"))
        for label, text, field in zip(self._labels[:3], words, fields, strict=True):
            label.setText(text)
            field.setAccessibleName(plain(text))
            if isinstance(field, QComboBox):
                field.view().setAccessibleName(plain(text))
        for row, text in enumerate((self.tr("As the system has it"), "English", "日本語")):
            self.language_box.setItemText(row, text)
        names = (self.tr("As the system has it"), self.tr("Light"), self.tr("Dark"), self.tr("High contrast"))
        for row, text in enumerate(names):
            self.theme_box.setItemText(row, text)
        self.panel_box.setText(self.tr("Show the &memory panel"))
        self.panel_box.setAccessibleName(self.tr("Show the memory panel"))
        self.tray_box.setText(self.tr("&Closing the window leaves Techo in the system tray"))
        self.tray_box.setAccessibleName(plain(self.tray_box.text()))
        self.font_note.setText(
            self.tr("This computer has no font with Japanese characters. Install one, such as Noto Sans CJK.")
        )
        self.close_button.setText(self.tr("Close"))
        self.close_button.setAccessibleName(self.tr("Close"))
        self._show_size()

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of the language."""
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)

    def _show_size(self) -> None:
        text = self.tr("{percent} %").format(percent=QLocale().toString(self.size_slider.value() * fonts.STEP))
        self.size_note.setText(text)
        self.size_slider.setAccessibleDescription(text)

    def _change(self) -> None:
        settings = self._settings
        settings.language = str(self.language_box.currentData())
        settings.theme = str(self.theme_box.currentData())
        settings.font_percent = self.size_slider.value() * fonts.STEP
        settings.save()
        self._show_size()
        appearance.apply(settings)
        # Larger words need a larger dialog; Qt lays out again only after this.
        QTimer.singleShot(0, self, lambda: self.resize(self.sizeHint().expandedTo(self.minimumSize())))

    def _on_panel(self, shown: bool) -> None:
        self._panel.setChecked(shown)
        self._settings.memory_panel = shown
        self._settings.save()

    def _on_tray(self, keep: bool) -> None:
        self._settings.close_to_tray = keep
        self._settings.save()
