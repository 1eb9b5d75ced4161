"""Trains the rereader: an adapter of the backbone and a head that find the answer in a few told turns.

    questions.py  what is asked, and which turns are read behind it
    model.py      the adapter, the span head, their loss, the files
    __main__.py   the command
"""
