"""One handler for every command: who, about whose records, what, decide, answer.

A command that lost a race is decided again, with the state as it now is. A key
that was used before is found where it counts: in the append, under the head's
lock; and, when the command is refused because it was already carried out, by
asking the append once more. A client that hangs up cancels nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from hashlib import sha256
from typing import Any, get_type_hints
from uuid import UUID, uuid4

import orjson
from aiohttp import web

from api.access import authorise
from api.answers import answer
from api.bodies import as_number, clean_text, read_object
from api.concerning import concern_of
from api.envelope import Envelope, decided_by
from api.errors import NotProposable, NotTried, RequestInvalid
from api.headers import expected_version, idempotency_key
from api.identity import Identity
from api.keys import LEDGER
from api.log.receipts import receipts_of
from api.problems import is_lost
from api.routing import CommandRoute
from api.scopes import SCOPES, Scopes
from api.sentences import BOOLEAN, UNKNOWN, shown_name
from api.validation import validator_for
from ledger.commands.plain_texts import guard_command
from ledger.commands.proposals import as_if_carried_out, carry_out_proposal, propose
from ledger.commands.references import guard_references
from ledger.commands.sealing import Disclosed
from ledger.core.aggregate import By, Event
from ledger.core.codec import encode, topic_of
from ledger.core.errors import Conflict, LedgerError
from ledger.core.times import timing_of
from ledger.storage.connect import LOST_CONNECTION
from ledger.storage.errors import IdempotencyMismatch, OutcomeUnknown, Unavailable, VersionMismatch
from ledger.storage.ledger import Ledger, Recorded
from ledger.storage.requests import Once

DECISIONS_MAX = 5
DRY_RUN, PROPOSE = "dry_run", "propose"
PROPOSING = timing_of(carry_out_proposal)
"""A proposal is a decision, whatever is proposed."""
TRUTHS = {"": True, "true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A command on its way to be decided."""

    command: Any
    identity: Identity
    scopes: Scopes
    said: dict[str, Any]
    once: Once | None = None
    expected_version: int | None = None
    is_dry_run: bool = False
    proposal: Mapping[str, Any] | None = None


class CommandHandler:
    """Handles the requests of one command route."""

    def __init__(self, route: CommandRoute) -> None:
        self.route = route
        self.timing = timing_of(route.function)
        self.validator = validator_for(route.takes, Envelope, is_strict=True)
        hints = get_type_hints(route.takes)
        self._personal: frozenset[str] = getattr(route.takes, "PERSONAL", frozenset())
        self._numbers = [name for name in route.parameters if hints[name] is int]

    async def __call__(self, request: web.Request) -> web.Response:
        """Take a command and answer with what it recorded."""
        identity = await authorise(request, self.route.operation)
        is_dry_run, is_proposal = _wishes(request)
        if is_proposal and self._personal:
            raise NotProposable()
        given = await read_object(request)
        _refuse_twice(given, self.route.parameters)
        given |= {name: clean_text(request.match_info[name]) for name in self.route.parameters}
        given |= {name: as_number(given[name]) for name in self._numbers}
        command, said = self.read(given)
        ledger = request.app[LEDGER]
        asked = Asked(
            command=command,
            identity=identity,
            scopes=request.app[SCOPES],
            said=said,
            once=_once(request, identity.actor_id, self._without_personal(given)),
            expected_version=expected_version(request),
            is_dry_run=is_dry_run,
            proposal=_kept(given) if is_proposal else None,
        )
        recorded = await self._record(ledger, asked)
        return self._answer(request, asked, recorded)

    def read(self, given: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Return the command and what is said beside it; refuses texts that must not stay."""
        command, said = self.validator.read(given, self.route.parameters)
        guard_command(command)
        return command, said

    def _without_personal(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return what a key's digest is made of: a digest of a telephone number can be guessed."""
        return {name: value for name, value in given.items() if name not in self._personal}

    async def _record(self, ledger: Ledger, asked: Asked) -> Recorded | None:
        try:
            return await self.decide(ledger, asked)
        except (IdempotencyMismatch, Unavailable):
            raise
        except LedgerError:
            # Perhaps it is refused because a request with this very key has just done it.
            once = None if asked.is_dry_run else asked.once
            replayed = await ledger.for_request(once=once).replay()
            if replayed is None:
                raise
            return replayed
        except LOST_CONNECTION as error:
            if not is_lost(error):
                raise
            unsure = Unavailable if asked.is_dry_run else OutcomeUnknown
            raise unsure(problem=type(error).__name__) from error

    async def decide(self, ledger: Ledger, asked: Asked) -> Recorded | None:
        """Decide, and again with what is true then, when something changed in the meantime."""
        for _ in range(DECISIONS_MAX - 1):
            try:
                return await self.decide_once(ledger, asked)
            except Conflict:  # perhaps about an organisation that another process moved
                await asked.scopes.standing.look_again()
        return await self.decide_once(ledger, asked)

    async def reached(self, asked: Asked) -> Mapping[UUID, int]:
        """Refuse (``NotFound``) what is out of reach; return what this rests on, at its version."""
        return await asked.scopes.acting(
            asked.identity, self.route.operation, self.route.about, asked.command
        )

    async def decide_once(self, ledger: Ledger, asked: Asked) -> Recorded | None:
        """Decide, with what is true now."""
        await guard_references(ledger.for_request(), asked.identity.persons(), asked.command)
        relied_on = await self.reached(asked)
        if asked.is_dry_run and self.route.discloses:
            raise NotTried(operation=self.route.operation)
        if asked.proposal is not None:
            return await self._propose(ledger, asked, relied_on)
        by = await decided_by(asked.identity, asked.said, ledger, self.timing)
        expected = await self._expected(ledger, asked, by)
        handle = ledger.for_request(
            once=asked.once, expected=expected, is_dry_run=asked.is_dry_run, decided_at=by.now
        )
        handle.rely_on(relied_on)
        recorded: Recorded | None = await self.route.function(asked.command, handle, by)
        return recorded

    async def _propose(
        self, ledger: Ledger, asked: Asked, relied_on: Mapping[UUID, int]
    ) -> Recorded | None:
        """Try whether a second person could carry it out as things are, and record the proposal."""
        identity, said = asked.identity, asked.said
        trial = await decided_by(identity, said, ledger, self.timing, as_if_carried_out)
        await self._expected(ledger, asked, trial)
        handle = ledger.for_request(is_dry_run=True)
        would: Recorded | None = await self.route.function(asked.command, handle, trial)
        if asked.is_dry_run:
            return would
        said = {name: value for name, value in said.items() if name in ("reason", "evidence")}
        by = await decided_by(identity, said, ledger, PROPOSING)
        handle = ledger.for_request(once=asked.once, decided_at=by.now)
        handle.rely_on(relied_on)
        concern = await concern_of(self.route.about, asked.command, asked.scopes.standing)
        return await propose(
            handle,
            by,
            operation=self.route.operation,
            told=asked.proposal or {},
            concern=concern,
        )

    async def _expected(self, ledger: Ledger, asked: Asked, by: By) -> tuple[UUID, int] | None:
        """Learn by a dry run which record the command changes, and that it is as expected."""
        if asked.expected_version is None:
            return None
        handle = ledger.for_request(is_dry_run=True)
        would: Recorded | None = await self.route.function(asked.command, handle, by)
        if would is None:
            return None
        version = would.version - sum(e.originator_id == would.id for e in would.events)
        if version != asked.expected_version:
            raise VersionMismatch(version=version, expected_version=asked.expected_version)
        return would.id, version

    def _location(self, request: web.Request, asked: Asked, recorded: Recorded) -> str:
        if asked.proposal is not None:
            return f"/v1/proposals/{recorded.id}"
        return self.route.location.format(**request.match_info, id=recorded.id)

    def _answer(
        self, request: web.Request, asked: Asked, recorded: Recorded | None
    ) -> web.Response:
        if recorded is None:
            return answer({"recorded": False, "event_ids": []})
        if asked.is_dry_run:
            return answer(
                {
                    "recorded": False,
                    "id": recorded.id,
                    "version": recorded.version,
                    "would_record": [_told(event) for event in recorded.events],
                }
            )
        headers = {
            "ETag": f'"{recorded.version}"',
            "Location": self._location(request, asked, recorded),
        }
        if recorded.replayed:
            headers["Idempotency-Hit"] = "true"
        body = {
            "recorded": True,
            "id": recorded.id,
            "version": recorded.version,
            "position": recorded.position,
            "event_ids": recorded.event_ids,
            "receipts": receipts_of(recorded),
        }
        if created := created_by(self.route.takes, recorded):
            body["created"] = created
        if isinstance(recorded, Disclosed):
            body["disclosed"] = recorded.disclosed
        return answer(body, status=201, headers=headers)


def created_by(command_type: type, recorded: Recorded) -> dict[str, UUID]:
    """Return the ids that a command makes inside a record, as its first event says them."""
    made = [one.name for one in fields(command_type) if one.default_factory is uuid4]
    told = recorded.events or recorded.events_before
    if not made or not told:
        return {}
    event = told[0]
    parts = [event, *(value for value in vars(event).values() if is_dataclass(value))]
    found = ((name, getattr(part, name, None)) for name in made for part in parts)
    return {name: value for name, value in found if value is not None}


def _wishes(request: web.Request) -> tuple[bool, bool]:
    """Return whether only to say what would happen, and whether to propose it."""
    query: Mapping[str, str] = request.query
    for name in query:
        if name not in (DRY_RUN, PROPOSE):
            raise RequestInvalid(UNKNOWN.about({}, parameter=shown_name(name)))
    return _wished(query, DRY_RUN), _wished(query, PROPOSE)


def _wished(query: Mapping[str, str], name: str) -> bool:
    given = query.get(name, "false").lower()
    if given not in TRUTHS:
        raise RequestInvalid(BOOLEAN.about({}, parameter=name))
    return TRUTHS[given]


def _kept(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a proposal keeps of what was sent: grounds stand beside it."""
    return {name: value for name, value in given.items() if name not in ("reason", "evidence")}


def _refuse_twice(given: dict[str, Any], parameters: tuple[str, ...]) -> None:
    """What stands in the path does not stand in the body as well."""
    twice = [UNKNOWN.about({}, pointer=f"/{name}") for name in parameters if name in given]
    if twice:
        raise RequestInvalid(*twice)


def _once(request: web.Request, actor_id: UUID, given: dict[str, Any]) -> Once | None:
    key = idempotency_key(request)
    if key is None:
        return None
    body = orjson.dumps(given, option=orjson.OPT_SORT_KEYS)
    digest = sha256(b"\n".join((request.method.encode(), request.path.encode(), body))).digest()
    return Once(caller=str(actor_id), key=key, request_digest=digest)


def _told(event: Event) -> dict[str, Any]:
    return {
        "topic": topic_of(event),
        "stream": event.originator_id,
        "version": event.originator_version,
        "state": orjson.Fragment(encode(event)),
    }
