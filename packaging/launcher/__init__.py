"""Set-up and launch: what `./techo` runs while anything is missing. Standard library only, Python 3.11 or newer.

`../bootstrap.sh` finds a Python and runs this package (`python -P -m launcher`); once everything is there, `./techo`
sees it by a stamp and never comes here. Every step looks first at what is there and does only what is missing, so that
an interrupted set-up goes on where it stopped, and a broken one is repaired.
"""
