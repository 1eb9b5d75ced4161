"""Documents: a person's text, Markdown or PDF file to plain passages, each short enough to be learned in one turn.

A file may come from anywhere, and a PDF is a program in all but name. So the work is done in a child process with
bounded memory and time (`__main__`), which is ended when it stalls or the person stops; the engine, which holds the
memory, reads nothing but its lines (`reader`).

    reader    the engine's side: starts the child, watches it, gathers the passages
    extract   the child's side: checks the file, then decoding -> markdown, plain or pdf -> passages
"""

from engine.documents.reader import Document, read_document

__all__ = ["Document", "read_document"]
