"""State on disk: profiles, conversations, journal, snapshots, export and import.

    files.py       the one layer all disk operations go through (injectable); what the disk refuses, in words
    names.py       what a profile may be called
    looks.py       its colour and its picture
    records.py     what the store hands out and takes
    database.py    one profile's SQLite file: commits, schema versions
    tree.py        the versions of a conversation's messages, as a tree
    transcript.py  conversations and messages
    search.py      full-text search over the messages
    journal.py     learned turns
    tensors.py     the snapshot file format
    snapshots.py   which snapshot files there are
    timeline.py    the journal by days, and what was learned since a moment
    profile.py     one open profile; says what is promised after which step
    archive.py     the export file, and writing it
    conversation_file.py  one conversation as Markdown or JSON
    importing.py   reading one that may come from anywhere
    duplicating.py a second profile that holds what the first one does
    profiles.py    the set of profiles
    drafts.py      what stands in the input box

Of an encrypted profile:

    passphrase.py  from a passphrase to a key, and what that costs
    keys.py        the profile's key, and the file that holds it, wrapped
    sealed.py      encrypted files
    cipher.py      an encrypted database
    switching.py   encrypting a profile that is there, and decrypting it
    remembered.py  the system's keyring

Knows nobody of the engine but `engine.errors`.
"""

from engine.store.conversation_file import Speakers
from engine.store.files import Files, NewFile
from engine.store.profile import Profile
from engine.store.profiles import Access, ProfileStore, default_data_dir
from engine.store.records import (
    Arrays,
    ConversationRecord,
    Counts,
    DeletedMessage,
    DocumentRecord,
    EntryRecord,
    HitRecord,
    JournalRecord,
    LoadedState,
    MessageRecord,
    NewEntry,
    ProfileRecord,
    SnapshotRecord,
    StateIdentity,
    title_of,
)
from engine.store.transcript import UNDO_SECONDS

__all__ = [
    "UNDO_SECONDS",
    "Access",
    "Arrays",
    "ConversationRecord",
    "Counts",
    "DeletedMessage",
    "DocumentRecord",
    "EntryRecord",
    "Files",
    "HitRecord",
    "JournalRecord",
    "LoadedState",
    "MessageRecord",
    "NewEntry",
    "NewFile",
    "Profile",
    "ProfileRecord",
    "ProfileStore",
    "SnapshotRecord",
    "Speakers",
    "StateIdentity",
    "default_data_dir",
    "title_of",
]
