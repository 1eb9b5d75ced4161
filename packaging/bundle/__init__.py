"""Bundles: one folder with Python, Qt, llama.cpp, the model and Techo in it, made with PyInstaller.

entry.py    what the bundle's executable does: window, command line, engine
techo.spec  what goes in, and what stays out; for Linux, Windows and macOS
build.py    `./techo bundle DIR`: runs PyInstaller, copies the desktop's files, prints the size
icons.py    makes icons/ from resources/icons/techo.svg
icons/, techo.techo.Techo.desktop, techo.techo.Techo.metainfo.xml    what desktops want to know
"""
