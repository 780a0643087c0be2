"""Import of history: a table of records from older books becomes events, each with its own day.

    file ► table of cells ► headers matched to fields ► rows read and checked ► steps ► commands

All rows are checked before the first is stored. What a row tells is recorded through the same
commands that people use; what a rule would have blocked is marked in the event, not lost.
"""
