"""Write ``docs/events.md``: every event of the ledger, from the code that defines it.

    python -m scripts.event_catalogue

A test fails when the file is not what this writes.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import fields
from itertools import groupby
from pathlib import Path

from api.event_names import event_name
from ledger import (
    accounts,
    calendar,
    claims,
    conduct,
    confirmed_references,
    delegations,
    deposits,
    erasures,
    expenses,
    findings,
    interests,
    leases,
    log_history,
    organisations,
    persons,
    petitions,
    points,
    policies,
    proposals,
    readings,
    sealing_history,
    users,
)
from ledger.core.aggregate import ENVELOPE_FIELDS, Event

CONTEXTS = (
    organisations,
    delegations,
    interests,
    policies,
    calendar,
    petitions,
    conduct,
    claims,
    confirmed_references,
    findings,
    deposits,
    accounts,
    leases,
    expenses,
    points,
    log_history,
    persons,
    erasures,
    sealing_history,
    readings,
    users,
    proposals,
)
PATH = Path("docs/events.md")

HEAD = """# Events 事件目录

Made by `python -m scripts.event_catalogue` from the code; do not edit by hand.

Every event also carries, in its entry's header: its id, stream and version, topic, when it happened
(`occurred_at`) and when the ledger took it (`recorded_at`), who acted in which role, post and
organisation, on whose behalf, the cause, the correlation, the reason, the version of the policy
book, the evidence (SHA-256, name, media type, size), whether it is imported history, and which
rules it broke. Amounts `*_fen` are fen, `*_bp` hundredths of a percent; `*_on` is a day in China,
`*_at` a moment.

There are {count} kinds of event.
"""


def event_types() -> list[type[Event]]:
    """Return every event type of the contexts, by context and topic."""
    packages = [context.__name__ for context in CONTEXTS]

    def place(event_type: type[Event]) -> int:
        module = event_type.__module__
        return next(
            (n for n, p in enumerate(packages) if module == p or module.startswith(p + ".")), -1
        )

    found = {topic_of(e): e for e in _subclasses(Event) if "TOPIC" in vars(e) and place(e) >= 0}
    return sorted(found.values(), key=lambda e: (place(e), topic_of(e)))


def topic_of(event_type: type[Event]) -> str:
    """Return the topic under which events of this type are stored."""
    topic: str = vars(event_type)["TOPIC"]
    return topic


def catalogue() -> str:
    """Return the whole text of ``docs/events.md``."""
    types = event_types()
    parts = [HEAD.format(count=len(types))]
    for aggregate, group in groupby(types, key=lambda e: topic_of(e).partition(".")[0]):
        parts.append(f"## {aggregate}\n")
        parts.extend(_describe(event_type) for event_type in group)
    return "\n".join(parts)


def _subclasses(kind: type[Event]) -> Iterator[type[Event]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _describe(event_type: type[Event]) -> str:
    topic = topic_of(event_type)
    name = event_name(topic)
    lines = [
        f"### `{topic}`",
        "",
        f"**{name.zh}** · {name.en}",
        "",
        inspect.getdoc(event_type) or "",
    ]
    own = [field for field in fields(event_type) if field.name not in ENVELOPE_FIELDS]
    if own:
        lines += ["", "| field | type |", "|---|---|"]
        lines += [f"| `{field.name}` | `{_type_name(field.type)}` |" for field in own]
    return "\n".join([*lines, ""])


def _type_name(declared: object) -> str:
    return str(declared).replace("|", "\\|")


if __name__ == "__main__":
    PATH.write_text(catalogue(), "utf-8")
