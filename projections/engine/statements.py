"""The SQL that reads and changes rows of any view's table, made from its columns.

Names of tables and columns come from the views' own declarations, never from a
request; values always travel as arguments.
"""

from __future__ import annotations

from projections.engine.shape import Shape


def read_rows(shape: Shape, key: tuple[str, ...]) -> str:
    """Read the rows of one ledger ($1) with these keys (an array a key column, $2 …)."""
    arrays = [f"${number}::{shape.types[name]}[]" for number, name in enumerate(key, start=2)]
    asked = f"unnest({', '.join(arrays)}) AS asked ({', '.join(key)})"
    same = " AND ".join(f"found.{name} = asked.{name}" for name in key)
    return (
        f"SELECT found.* FROM {asked} JOIN {shape.table} AS found"  # noqa: S608 - names from code
        f" ON found.ledger_id = $1 AND {same}"
    )


def change_rows(shape: Shape, key: tuple[str, ...]) -> str:
    """Change existing rows to what a JSON array ($1) of whole rows says."""
    whole_key = ("ledger_id", *key)
    changes = ", ".join(f"{name} = new.{name}" for name in shape.types if name not in whole_key)
    columns = ", ".join(f"{name} {kind}" for name, kind in shape.types.items())
    same = " AND ".join(f"old.{name} = new.{name}" for name in whole_key)
    return (
        f"UPDATE {shape.table} AS old SET {changes}"  # noqa: S608 - names from code
        f" FROM json_to_recordset($1::json) AS new ({columns}) WHERE {same}"
    )


def remove_row(shape: Shape, key: tuple[str, ...]) -> str:
    """Take away the row of one ledger ($1) with a key ($2 …)."""
    same = " AND ".join(f"{name} = ${number}" for number, name in enumerate(key, start=2))
    return f"DELETE FROM {shape.table} WHERE ledger_id = $1 AND {same}"  # noqa: S608 - names from code


def rows_of_stream(table: str, stream: str) -> str:
    """Read all rows of one ledger ($1) that a stream ($2) changes."""
    return f"SELECT * FROM {table} WHERE ledger_id = $1 AND {stream} = $2"  # noqa: S608 - names from code


def lines_at(table: str) -> str:
    """Read the lines of one ledger ($1) at some positions ($2)."""
    return (
        f"SELECT * FROM {table}"  # noqa: S608 - names from code
        " WHERE ledger_id = $1 AND position = ANY($2) ORDER BY position, line_no"
    )
