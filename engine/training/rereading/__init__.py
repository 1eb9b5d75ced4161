"""Trains the rereader: an adapter of the backbone and a head that find the answer in a few told turns.

`questions`: what is asked, and which turns are read behind it. `model`: the adapter, the span head, their loss and
files. `__main__`: the command.
"""
