"""The window's words for what exactly happened: one pair for each reason that the engine gives.

The reasons are part of the pipe's protocol (`engine.reasons.Reason`), so they are repeated here: `app` knows
`engine.protocol` and nothing else of the engine. A reason that is not known here, of a newer engine, has the engine's
own words instead (`app.errors`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QLocale

from app.figures import size
from app.language import QT_TRANSLATE_NOOP, translate

STATE_REFUSED: Final = "state.refused"
OTHER_MODEL: Final = frozenset({"state.other-model", "state.other-memory", "state.other-model-and-memory"})
"""Learning anew is the way on."""

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "log.damaged": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "The log of the newest changes was damaged when Techo last ended. What was said or learned last "
            "may be missing.",
        ),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "Look at the end of your newest chat, and tell Techo again what is not there. A copy of the "
            "damaged log was set aside as {aside}.",
        ),
    ),
    "database.changed": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "This profile's file was changed while Techo was closed. It was looked through: every message and"
            " every learned turn is as it was.",
        ),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "A disk may be failing, or another program wrote there. Export the profile to another disk, and "
            "have this one checked.",
        ),
    ),
    "database.changed.damaged": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "This profile's file was changed while Techo was closed, and {found} messages or learned turns in"
            " it are damaged.",
        ),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "A disk may be failing, or another program wrote there. Export the profile to another disk, and "
            "have this one checked.",
        ),
    ),
    "database.changed.carried": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "This profile's file was changed while Techo was closed. What of it is damaged is named when it is read.",
        ),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "A disk may be failing, or another program wrote there. Compare it with an export, and have the disk "
            "checked.",
        ),
    ),
    "entry.set-aside": (
        QT_TRANSLATE_NOOP(
            "Reasons", "The learned turn {entry} was damaged on the disk and is not part of the memory any more."
        ),
        QT_TRANSLATE_NOOP("Reasons", "Tell Techo again what it was about."),
    ),
    "message.damaged": (
        QT_TRANSLATE_NOOP(
            "Reasons", "A message (number {message}) was damaged on the disk; its text may not be what was said."
        ),
        "",
    ),
    "index.remade": (
        QT_TRANSLATE_NOOP(
            "Reasons", "The index for searching your chats was damaged. It was made anew; nothing is missing."
        ),
        "",
    ),
    "snapshot.missing": (
        QT_TRANSLATE_NOOP(
            "Reasons", "A saved state of the memory ({file}) is missing. An older one is used if there is one."
        ),
        "",
    ),
    "snapshot.set-aside": (
        QT_TRANSLATE_NOOP("Reasons", "A saved state of the memory ({file}) is damaged. It was set aside as {aside}."),
        "",
    ),
    "memory.rebuilt": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "The memory is rebuilt from everything in its journal, from the beginning. Nothing is lost by that.",
        ),
        "",
    ),
    "memory.rebuilt.after": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "The memory is rebuilt from an older state (after learned turn {entry}) and its journal since. "
            "Nothing is lost by that.",
        ),
        "",
    ),
    "identity.mended": (
        QT_TRANSLATE_NOOP("Reasons", "Which model the memory belongs to was damaged on the disk. It was put right."),
        "",
    ),
    "state.refused": (
        QT_TRANSLATE_NOOP("Reasons", "The memory could not be opened."),
        "",
    ),
    "state.not-saved": (
        QT_TRANSLATE_NOOP(
            "Reasons", "The memory's state could not be saved; its journal is complete, so nothing is lost."
        ),
        "",
    ),
    "turn.not-learned": (
        QT_TRANSLATE_NOOP("Reasons", "This turn was not learned."),
        "",
    ),
    "turn.old-version-kept": (
        QT_TRANSLATE_NOOP("Reasons", "What the old version of the message had taught was not forgotten."),
        "",
    ),
    "forget.log-not-removed": (
        QT_TRANSLATE_NOOP("Reasons", "A damaged log that was set aside may still hold what was forgotten."),
        QT_TRANSLATE_NOOP("Reasons", "Remove it by hand."),
    ),
    "forget.log-not-emptied": (
        QT_TRANSLATE_NOOP(
            "Reasons", "What was forgotten is not used any more, but a copy stays in the database's log."
        ),
        QT_TRANSLATE_NOOP("Reasons", "It goes when the profile is closed and the disk has room."),
    ),
    "forget.file-not-removed": (
        QT_TRANSLATE_NOOP("Reasons", "{path} could not be removed. It still holds what was to be forgotten."),
        QT_TRANSLATE_NOOP("Reasons", "Remove it by hand."),
    ),
    "protection.not-remembered": (
        QT_TRANSLATE_NOOP("Reasons", "The profile is protected, but this computer does not remember its passphrase."),
        "",
    ),
    "protection.plain-files-left": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "The profile is protected, but some of its old files, which anybody can read, could not be removed.",
        ),
        QT_TRANSLATE_NOOP("Reasons", "Open the profile once more: Techo tries again each time."),
    ),
    "protection.encrypted-files-left": (
        QT_TRANSLATE_NOOP(
            "Reasons", "Some old files of the protected profile could not be removed. They are not used any more."
        ),
        QT_TRANSLATE_NOOP("Reasons", "Techo tries again when the profile is opened next."),
    ),
    "export.plain": (
        QT_TRANSLATE_NOOP(
            "Reasons", "What was written to {file} is not encrypted: whoever gets that file can read it."
        ),
        "",
    ),
    "disk.full": (
        QT_TRANSLATE_NOOP("Reasons", "The disk is full ({path})."),
        QT_TRANSLATE_NOOP("Reasons", "Free some space on that disk and try again. What was saved before is untouched."),
    ),
    "disk.quota": (
        QT_TRANSLATE_NOOP("Reasons", "The disk quota is used up ({path})."),
        QT_TRANSLATE_NOOP("Reasons", "Free some space and try again. What was saved before is untouched."),
    ),
    "disk.too-large": (
        QT_TRANSLATE_NOOP("Reasons", "The file would be too large for this disk ({path})."),
        QT_TRANSLATE_NOOP("Reasons", "Choose another disk. What was saved before is untouched."),
    ),
    "disk.denied": (
        QT_TRANSLATE_NOOP("Reasons", "{path} may not be written or read."),
        QT_TRANSLATE_NOOP("Reasons", "See who owns that folder, and whether you may write there."),
    ),
    "disk.read-only": (
        QT_TRANSLATE_NOOP("Reasons", "The disk cannot be written to ({path})."),
        QT_TRANSLATE_NOOP("Reasons", "Choose a folder on a disk that can."),
    ),
    "disk.missing": (
        QT_TRANSLATE_NOOP("Reasons", "{path} does not exist."),
        QT_TRANSLATE_NOOP("Reasons", "Look where it has gone, or choose another place."),
    ),
    "disk.no-folder": (
        QT_TRANSLATE_NOOP("Reasons", "A part of {path} is not a folder."),
        QT_TRANSLATE_NOOP("Reasons", "Choose another place."),
    ),
    "disk.is-folder": (
        QT_TRANSLATE_NOOP("Reasons", "{path} is a folder."),
        QT_TRANSLATE_NOOP("Reasons", "Choose a file."),
    ),
    "disk.exists": (
        QT_TRANSLATE_NOOP("Reasons", "{path} exists already."),
        QT_TRANSLATE_NOOP("Reasons", "Choose another name."),
    ),
    "disk.no-file": (
        QT_TRANSLATE_NOOP("Reasons", "{path} is not an ordinary file."),
        QT_TRANSLATE_NOOP("Reasons", "Choose an ordinary file."),
    ),
    "disk.name-long": (
        QT_TRANSLATE_NOOP("Reasons", "The name is too long ({path})."),
        QT_TRANSLATE_NOOP("Reasons", "Choose a shorter one."),
    ),
    "disk.open-files": (
        QT_TRANSLATE_NOOP("Reasons", "Too many files are open."),
        QT_TRANSLATE_NOOP("Reasons", "Close other programs and try again."),
    ),
    "disk.broken": (
        QT_TRANSLATE_NOOP("Reasons", "The disk reported an error ({path})."),
        QT_TRANSLATE_NOOP("Reasons", "Make a copy of Techo's data, and have the disk checked."),
    ),
    "disk.busy": (
        QT_TRANSLATE_NOOP("Reasons", "Another program is using {path}."),
        QT_TRANSLATE_NOOP("Reasons", "Close the other Techo, or wait a moment, and try again."),
    ),
    "disk.cannot-open": (
        QT_TRANSLATE_NOOP("Reasons", "{path} cannot be opened."),
        QT_TRANSLATE_NOOP("Reasons", "See whether the folder exists, and whether you may write there."),
    ),
    "disk.no-memory": (
        QT_TRANSLATE_NOOP("Reasons", "There is not enough memory."),
        QT_TRANSLATE_NOOP("Reasons", "Close other programs and try again."),
    ),
    "disk.other": (
        QT_TRANSLATE_NOOP("Reasons", "{path} could not be read or written."),
        QT_TRANSLATE_NOOP("Reasons", "Check the disk and try again."),
    ),
    "database.damaged": (
        QT_TRANSLATE_NOOP("Reasons", "The file of this profile is damaged ({path})."),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "Nothing was changed. Make a copy of its folder, then import the last export under a new name, or"
            " put back a backup.",
        ),
    ),
    "database.tampered": (
        QT_TRANSLATE_NOOP(
            "Reasons", "The file of this protected profile was changed by somebody else, or is damaged ({path})."
        ),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "Nothing was changed. Make a copy of its folder, then import the last export under a new name, or put "
            "back a backup.",
        ),
    ),
    "database.read": (
        QT_TRANSLATE_NOOP("Reasons", "Another program is reading the file of this profile."),
        QT_TRANSLATE_NOOP("Reasons", "Close that program, and try again. Nothing was changed."),
    ),
    "database.no-search": (
        QT_TRANSLATE_NOOP("Reasons", "Techo cannot search what was said: this Python's SQLite ({have}) cannot do it."),
        QT_TRANSLATE_NOOP("Reasons", "Use a Python whose SQLite is {need} or newer. Nothing was changed."),
    ),
    "name.missing": (
        QT_TRANSLATE_NOOP("Reasons", "A profile needs a name."),
        QT_TRANSLATE_NOOP("Reasons", "Use letters, digits or signs, in any script."),
    ),
    "name.long": (
        QT_TRANSLATE_NOOP("Reasons", "This name is too long: {length} characters of {most} at most."),
        QT_TRANSLATE_NOOP("Reasons", "Choose a shorter one."),
    ),
    "name.character": (
        QT_TRANSLATE_NOOP("Reasons", "This name holds a character that cannot be seen ({character})."),
        QT_TRANSLATE_NOOP("Reasons", "Type the name anew."),
    ),
    "name.invisible": (
        QT_TRANSLATE_NOOP("Reasons", "This name holds nothing that can be seen."),
        QT_TRANSLATE_NOOP("Reasons", "Use letters, digits or signs, in any script."),
    ),
    "profile.none": (
        QT_TRANSLATE_NOOP("Reasons", "There is no profile “{name}”."),
        QT_TRANSLATE_NOOP("Reasons", "Choose another profile, or make one."),
    ),
    "profile.exists": (
        QT_TRANSLATE_NOOP("Reasons", "There is a profile “{name}” already."),
        QT_TRANSLATE_NOOP("Reasons", "Choose another name."),
    ),
    "profile.in-use": (
        QT_TRANSLATE_NOOP("Reasons", "The profile “{name}” is open in another Techo."),
        QT_TRANSLATE_NOOP("Reasons", "Close it there, or choose another profile."),
    ),
    "profile.unreadable": (
        QT_TRANSLATE_NOOP("Reasons", "There is no profile “{name}”, and “{other}” cannot be opened."),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "If that is the one you mean, import an exported copy of it. To begin anew, make a new profile.",
        ),
    ),
    "profile.changed": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "There is no profile “{name}”, and the file of “{other}” was changed while Techo was closed; its "
            "name may have been another.",
        ),
        QT_TRANSLATE_NOOP(
            "Reasons", "Open “{other}” and see whether it is the one you mean. To begin anew, make a new profile."
        ),
    ),
    "profile.files-left": (
        QT_TRANSLATE_NOOP("Reasons", "The profile “{name}” is deleted, but some of its files could not be removed."),
        QT_TRANSLATE_NOOP("Reasons", "Remove the folder {path} by hand; Techo tries again at each start."),
    ),
    "profiles.busy": (
        QT_TRANSLATE_NOOP("Reasons", "Another Techo has been changing the profiles for {seconds} seconds."),
        QT_TRANSLATE_NOOP("Reasons", "Wait until it is done, or close it, and try again."),
    ),
    "profile.locked": (
        QT_TRANSLATE_NOOP("Reasons", "The profile “{name}” is locked."),
        QT_TRANSLATE_NOOP("Reasons", "Type its passphrase."),
    ),
    "profile.locked.keyring": (
        QT_TRANSLATE_NOOP("Reasons", "The profile “{name}” is locked, and the system's keyring does not open it."),
        QT_TRANSLATE_NOOP("Reasons", "Type its passphrase."),
    ),
    "profile.plain": (
        QT_TRANSLATE_NOOP("Reasons", "The profile “{name}” is not protected."),
        QT_TRANSLATE_NOOP("Reasons", "Protect it with a passphrase first."),
    ),
    "profile.encrypted": (
        QT_TRANSLATE_NOOP("Reasons", "The profile “{name}” is protected already."),
        QT_TRANSLATE_NOOP("Reasons", "Change its passphrase instead."),
    ),
    "passphrase.wrong": (
        QT_TRANSLATE_NOOP("Reasons", "That is not the passphrase."),
        QT_TRANSLATE_NOOP(
            "Reasons", "Type it again: upper and lower case differ. A lost passphrase cannot be recovered."
        ),
    ),
    "passphrase.empty": (
        QT_TRANSLATE_NOOP("Reasons", "The passphrase is empty."),
        QT_TRANSLATE_NOOP("Reasons", "Type at least one character; a few words that only you know are good."),
    ),
    "passphrase.long": (
        QT_TRANSLATE_NOOP("Reasons", "A passphrase has {most} characters at most."),
        QT_TRANSLATE_NOOP("Reasons", "Choose a shorter passphrase."),
    ),
    "passphrase.half": (
        QT_TRANSLATE_NOOP("Reasons", "The passphrase holds half a character."),
        QT_TRANSLATE_NOOP("Reasons", "Type it anew."),
    ),
    "passphrase.memory": (
        QT_TRANSLATE_NOOP("Reasons", "There is not enough memory to try the passphrase: {need_bytes} are needed."),
        QT_TRANSLATE_NOOP("Reasons", "Close other programs and try again. Nothing was changed."),
    ),
    "key.mended": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "The file with the profile's key was damaged. Its copy was whole and was used; both are right again.",
        ),
        QT_TRANSLATE_NOOP(
            "Reasons", "A disk may be failing. Export the profile to another disk, and have this one checked."
        ),
    ),
    "key.tampered": (
        QT_TRANSLATE_NOOP("Reasons", "The file with the profile's key was changed, or is damaged ({path})."),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "Put it back from a backup of its folder, or import the profile's last export under a new name. "
            "Nothing was changed.",
        ),
    ),
    "keyring.none": (
        QT_TRANSLATE_NOOP("Reasons", "This computer has no keyring that is safe."),
        QT_TRANSLATE_NOOP("Reasons", "Go on with the passphrase."),
    ),
    "keyring.failed": (
        QT_TRANSLATE_NOOP("Reasons", "The system's keyring cannot be used."),
        QT_TRANSLATE_NOOP("Reasons", "Unlock the keyring and try again, or go on with the passphrase."),
    ),
    "encryption.missing": (
        QT_TRANSLATE_NOOP("Reasons", "{package}, which protected profiles need, is not installed or does not work."),
        QT_TRANSLATE_NOOP("Reasons", "Run ./techo: it sets it up again. Nothing was changed."),
    ),
    "protection.not-carried": (
        QT_TRANSLATE_NOOP("Reasons", "Not everything of the profile could be carried over."),
        QT_TRANSLATE_NOOP("Reasons", "Nothing was changed. Try again."),
    ),
    "sealed.tampered": (
        QT_TRANSLATE_NOOP("Reasons", "The encrypted file {file} was changed by somebody else, or is damaged."),
        QT_TRANSLATE_NOOP("Reasons", "Use an export of the profile, or a backup of its folder. Nothing was changed."),
    ),
    "state.other-model": (
        QT_TRANSLATE_NOOP("Reasons", "What this profile has learned belongs to another language model."),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "“Learn anew” in the Memory menu reads its journal once more, and nothing is lost. Or choose the "
            "model it was used with.",
        ),
    ),
    "state.other-memory": (
        QT_TRANSLATE_NOOP("Reasons", "What this profile has learned belongs to another version of the memory."),
        QT_TRANSLATE_NOOP(
            "Reasons", "“Learn anew” in the Memory menu reads its journal once more, and nothing is lost."
        ),
    ),
    "state.other-model-and-memory": (
        QT_TRANSLATE_NOOP("Reasons", "What this profile has learned belongs to another language model and its memory."),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "“Learn anew” in the Memory menu reads its journal once more, and nothing is lost. Or choose the "
            "model it was used with.",
        ),
    ),
    "import.other": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "What is in this file was learned with another language model or another version of the memory.",
        ),
        QT_TRANSLATE_NOOP("Reasons", "Import it with the model that it was exported with. Nothing was imported."),
    ),
    "newer.state": (
        QT_TRANSLATE_NOOP("Reasons", "The memory was saved by a newer Techo (format {format})."),
        QT_TRANSLATE_NOOP("Reasons", "Update Techo, then open the profile again. Nothing was changed."),
    ),
    "newer.profile": (
        QT_TRANSLATE_NOOP("Reasons", "This profile was made by a newer Techo (format {format})."),
        QT_TRANSLATE_NOOP("Reasons", "Update Techo, then open the profile again. Nothing was changed."),
    ),
    "newer.export": (
        QT_TRANSLATE_NOOP("Reasons", "This file was exported by a newer Techo (format {format})."),
        QT_TRANSLATE_NOOP("Reasons", "Update Techo, then import it again. Nothing was imported."),
    ),
    "newer.key": (
        QT_TRANSLATE_NOOP("Reasons", "This profile was protected by a newer Techo (format {format})."),
        QT_TRANSLATE_NOOP("Reasons", "Update Techo, then open the profile again. Nothing was changed."),
    ),
    "entry.damaged": (
        QT_TRANSLATE_NOOP("Reasons", "The learned turn {entry} is damaged."),
        QT_TRANSLATE_NOOP("Reasons", "Forget it in the journal, and tell it anew."),
    ),
    "back.nothing": (
        QT_TRANSLATE_NOOP("Reasons", "Nothing was learned after that moment."),
        QT_TRANSLATE_NOOP("Reasons", "Choose an earlier one."),
    ),
    "text.long": (
        QT_TRANSLATE_NOOP("Reasons", "The message is too long: {length} characters of {most} at most."),
        QT_TRANSLATE_NOOP("Reasons", "Send it in parts."),
    ),
    "text.large": (
        QT_TRANSLATE_NOOP("Reasons", "The text is too large: {bytes} of {most_bytes} at most."),
        QT_TRANSLATE_NOOP("Reasons", "Send it in parts."),
    ),
    "import.foreign": (
        QT_TRANSLATE_NOOP("Reasons", "This is no file that Techo has exported."),
        QT_TRANSLATE_NOOP("Reasons", "Choose one that it has. Nothing was imported."),
    ),
    "import.damaged": (
        QT_TRANSLATE_NOOP("Reasons", "This file was changed or damaged after Techo exported it."),
        QT_TRANSLATE_NOOP("Reasons", "Export the profile again, and copy the whole file. Nothing was imported."),
    ),
    "import.locked": (
        QT_TRANSLATE_NOOP("Reasons", "This file is a protected profile."),
        QT_TRANSLATE_NOOP("Reasons", "Type the passphrase that the profile had when it was exported."),
    ),
    "export.exists": (
        QT_TRANSLATE_NOOP("Reasons", "{path} exists already."),
        QT_TRANSLATE_NOOP("Reasons", "Choose another name."),
    ),
    "export.inside": (
        QT_TRANSLATE_NOOP("Reasons", "{path} is inside Techo's own folder."),
        QT_TRANSLATE_NOOP("Reasons", "Choose another folder."),
    ),
    "export.large": (
        QT_TRANSLATE_NOOP("Reasons", "The profile is too large for one file."),
        QT_TRANSLATE_NOOP("Reasons", "Copy its folder instead, or delete old conversations."),
    ),
    "llama.broken": (
        QT_TRANSLATE_NOOP("Reasons", "llama.cpp, which runs the language model, cannot be loaded."),
        QT_TRANSLATE_NOOP("Reasons", "Run ./techo: it sets it up again."),
    ),
    "weights.unreadable": (
        QT_TRANSLATE_NOOP("Reasons", "The memory's weights ({file}) cannot be read."),
        QT_TRANSLATE_NOOP("Reasons", "Install Techo again."),
    ),
    "weights.foreign": (
        QT_TRANSLATE_NOOP(
            "Reasons", "The memory's weights ({file}) were made for neither {model} nor Techo's own model."
        ),
        QT_TRANSLATE_NOOP("Reasons", "Use the weights that come with Techo."),
    ),
    "model.cannot-open": (
        QT_TRANSLATE_NOOP("Reasons", "The model {path} cannot be opened."),
        QT_TRANSLATE_NOOP("Reasons", "See whether it is still there, and whether you may read it."),
    ),
    "model.unreadable": (
        QT_TRANSLATE_NOOP("Reasons", "{path} cannot be read."),
        QT_TRANSLATE_NOOP("Reasons", "See whether it is still there, and whether you may read it."),
    ),
    "model.empty": (
        QT_TRANSLATE_NOOP("Reasons", "{path}: the file is empty."),
        QT_TRANSLATE_NOOP("Reasons", "The download was not complete: fetch it again."),
    ),
    "model.cut": (
        QT_TRANSLATE_NOOP("Reasons", "{path}: the file is cut off."),
        QT_TRANSLATE_NOOP("Reasons", "The download was not complete, or the file is damaged: fetch it again."),
    ),
    "model.no-gguf": (
        QT_TRANSLATE_NOOP("Reasons", "{path}: this is not a GGUF file."),
        QT_TRANSLATE_NOOP("Reasons", "Choose a file that ends in .gguf."),
    ),
    "model.old": (
        QT_TRANSLATE_NOOP("Reasons", "{path}: it is in an old format that is not read any more."),
        QT_TRANSLATE_NOOP(
            "Reasons", "Look for a newer file of the same model; of ternary models one in TQ1_0 or TQ2_0."
        ),
    ),
    "model.new": (
        QT_TRANSLATE_NOOP("Reasons", "{path}: it is in a format that is not known here."),
        QT_TRANSLATE_NOOP(
            "Reasons", "It is damaged, or made for a newer program: update Techo, or choose another file."
        ),
    ),
    "model.big-endian": (
        QT_TRANSLATE_NOOP("Reasons", "{path}: it was made for a computer of another kind (big-endian)."),
        QT_TRANSLATE_NOOP("Reasons", "Look for the ordinary file of the same model; nearly all are."),
    ),
    "model.damaged": (
        QT_TRANSLATE_NOOP(
            "Reasons", "{path}: what the file says of itself cannot be. It is damaged, or made to do harm."
        ),
        QT_TRANSLATE_NOOP("Reasons", "Download it again, from a source you trust, or choose another file."),
    ),
    "model.no-partner": (
        QT_TRANSLATE_NOOP("Reasons", "{path}: this is a part or an aid of a model, and no model that writes."),
        QT_TRANSLATE_NOOP("Reasons", "Choose the GGUF file of a whole language model."),
    ),
    "model.part": (
        QT_TRANSLATE_NOOP("Reasons", "{path}: this is part {part} of {parts} of a model."),
        QT_TRANSLATE_NOOP(
            "Reasons", "Join the parts with llama.cpp's llama-gguf-split --merge, and choose the joined file."
        ),
    ),
    "model.no-weights": (
        QT_TRANSLATE_NOOP("Reasons", "{path}: this is a vocabulary without weights."),
        QT_TRANSLATE_NOOP("Reasons", "Choose the GGUF file of a whole language model."),
    ),
    "model.not-loaded": (
        QT_TRANSLATE_NOOP("Reasons", "llama.cpp cannot load {file}."),
        QT_TRANSLATE_NOOP("Reasons", "The file may be cut off, or of a kind that is not known."),
    ),
    "download.address": (
        QT_TRANSLATE_NOOP("Reasons", "This address cannot be used."),
        QT_TRANSLATE_NOOP("Reasons", "Copy the address of the file itself (http or https, without a password)."),
    ),
    "download.checksum-form": (
        QT_TRANSLATE_NOOP("Reasons", "The checksum is no SHA-256: 64 hexadecimal digits."),
        QT_TRANSLATE_NOOP("Reasons", "Check it, or leave it out."),
    ),
    "download.exists": (
        QT_TRANSLATE_NOOP("Reasons", "{path} is there already."),
        QT_TRANSLATE_NOOP("Reasons", "Choose another name, or remove that file first."),
    ),
    "download.full": (
        QT_TRANSLATE_NOOP("Reasons", "The disk became full."),
        QT_TRANSLATE_NOOP("Reasons", "Free some space. What has arrived is kept: the next try goes on there."),
    ),
    "download.room": (
        QT_TRANSLATE_NOOP(
            "Reasons", "There is not enough room: {need_bytes} are still to come, and {free_bytes} are free."
        ),
        QT_TRANSLATE_NOOP("Reasons", "Free some space, or choose a folder on another disk. What has arrived is kept."),
    ),
    "download.disk": (
        QT_TRANSLATE_NOOP("Reasons", "{path} cannot be written."),
        QT_TRANSLATE_NOOP("Reasons", "See whether the folder is there, and whether you may write there."),
    ),
    "download.twice": (
        QT_TRANSLATE_NOOP("Reasons", "{file} is being downloaded already."),
        QT_TRANSLATE_NOOP("Reasons", "Wait for it, or cancel it."),
    ),
    "download.broken": (
        QT_TRANSLATE_NOOP("Reasons", "The download broke off {failures} times in a row."),
        QT_TRANSLATE_NOOP(
            "Reasons",
            "Look at the network and try again later. What has arrived is kept: the next try goes on there.",
        ),
    ),
    "download.certificate": (
        QT_TRANSLATE_NOOP("Reasons", "The server's certificate is not valid."),
        QT_TRANSLATE_NOOP(
            "Reasons", "Somebody may be listening in. Look at this computer's clock, or try another network."
        ),
    ),
    "download.redirected": (
        QT_TRANSLATE_NOOP("Reasons", "The server sends from one address to the next without end."),
        QT_TRANSLATE_NOOP("Reasons", "Try another address."),
    ),
    "download.unprotected": (
        QT_TRANSLATE_NOOP(
            "Reasons",
            "The server sends from a protected address (https) to an unprotected one (http); that is refused.",
        ),
        QT_TRANSLATE_NOOP("Reasons", "Look for the file in another place."),
    ),
    "download.other-file": (
        QT_TRANSLATE_NOOP("Reasons", "What the server sends is not the file that was asked for."),
        QT_TRANSLATE_NOOP("Reasons", "Try another address."),
    ),
    "download.no-length": (
        QT_TRANSLATE_NOOP(
            "Reasons", "The server does not say how long the file is, so nobody could tell whether all of it came."
        ),
        QT_TRANSLATE_NOOP("Reasons", "Give its checksum (SHA-256), or look for another source."),
    ),
    "download.refused": (
        QT_TRANSLATE_NOOP("Reasons", "The server refused ({status})."),
        QT_TRANSLATE_NOOP("Reasons", "Check the address."),
    ),
    "download.not-public": (
        QT_TRANSLATE_NOOP(
            "Reasons", "The file is not public, or its licence has to be accepted there first ({status})."
        ),
        QT_TRANSLATE_NOOP("Reasons", "Look for another source."),
    ),
    "download.gone": (
        QT_TRANSLATE_NOOP("Reasons", "There is no such file at this address ({status})."),
        QT_TRANSLATE_NOOP("Reasons", "Check the address; the file may have moved."),
    ),
    "download.checksum": (
        QT_TRANSLATE_NOOP("Reasons", "The file's checksum is not the expected one; it was removed."),
        QT_TRANSLATE_NOOP(
            "Reasons", "It was damaged on the way, or is another file. Download it again, or from another source."
        ),
    ),
    "document.folder": (
        QT_TRANSLATE_NOOP("Reasons", "This is a folder."),
        QT_TRANSLATE_NOOP("Reasons", "Choose the files in it that are to be read."),
    ),
    "document.no-text": (
        QT_TRANSLATE_NOOP("Reasons", "This file holds no text, whatever its name says."),
        QT_TRANSLATE_NOOP("Reasons", "Choose a text, Markdown or PDF file."),
    ),
    "document.bytes": (
        QT_TRANSLATE_NOOP("Reasons", "This file has {bytes}; {most_bytes} at most can be read."),
        QT_TRANSLATE_NOOP("Reasons", "Split it, and have the parts read that matter."),
    ),
    "document.passages": (
        QT_TRANSLATE_NOOP("Reasons", "This document has more than {most} passages."),
        QT_TRANSLATE_NOOP("Reasons", "The memory is small. Have the part read that matters."),
    ),
    "document.pages": (
        QT_TRANSLATE_NOOP("Reasons", "This PDF has {pages} pages; {most} at most can be read."),
        QT_TRANSLATE_NOOP("Reasons", "Split it, and have the parts read that matter."),
    ),
    "document.letters": (
        QT_TRANSLATE_NOOP("Reasons", "This PDF holds more than {most} letters of text."),
        QT_TRANSLATE_NOOP("Reasons", "Split it, and have the parts read that matter."),
    ),
    "document.slow": (
        QT_TRANSLATE_NOOP("Reasons", "Reading this file takes too long, or too much memory."),
        QT_TRANSLATE_NOOP("Reasons", "Save a simpler copy, or only the pages that matter."),
    ),
}
"""What happened, and what to do about it. In braces stands what the reason comes with."""


def words(reason: str, values: Mapping[str, str | int]) -> tuple[str, str] | None:
    """What happened and what to do about it, in the language of the window.

    None: this reason is not known here, or it does not come with what belongs in the words.
    """
    if reason not in _WORDS:
        return None
    told = {name: _in_words(name, value) for name, value in values.items()}
    what, todo = (translate("Reasons", text) if text else "" for text in _WORDS[reason])
    try:
        return what.format_map(told), todo.format_map(told)
    except KeyError:
        return None


def _in_words(name: str, value: str | int) -> str:
    if isinstance(value, str):
        return value
    return size(value) if name.endswith("bytes") else QLocale().toString(value)
