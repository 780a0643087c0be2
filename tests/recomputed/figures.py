"""Every figure that people answer for, worked out from the entries alone.

Nothing of the ledger's own reckoning is used here: an entry is a header line and a line of JSON,
and each rule below is written down a second time, as its document says it. ``docs/recomputing.md``
has the same rules in words.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Figures = dict[tuple[str, str, str], int]
"""(what it is of, its id, the figure's name): its value."""


@dataclass(frozen=True)
class Said:
    """One entry, read as JSON."""

    position: int
    stream: str
    version: int
    topic: str
    occurred_at: datetime
    recorded_at: datetime
    fields: dict[str, Any]

    @property
    def kind(self) -> str:
        return self.topic.split(".")[0]

    @property
    def what(self) -> str:
        return self.topic.split(".")[1]


def read(position: int, data: bytes) -> Said:
    """Return an entry's header and event."""
    head, _, state = data.partition(b"\n")
    header = json.loads(head)
    return Said(
        position=position,
        stream=header["stream"],
        version=header["version"],
        topic=header["topic"],
        occurred_at=datetime.fromisoformat(header["occurred_at"]),
        recorded_at=datetime.fromisoformat(header["recorded_at"]),
        fields=json.loads(state),
    )


def counting(
    log: Iterable[Said], at: datetime | None = None, known_at: datetime | None = None
) -> list[Said]:
    """Return what was known and had happened, in the log's order, without what was taken back."""
    known = [said for said in log if known_at is None or said.recorded_at <= known_at]
    gone = {
        (said.stream, version)
        for said in known
        if said.what == "step_reversed"
        for version in said.fields["versions_reversed"]
    }
    return [
        said
        for said in known
        if (said.stream, said.version) not in gone and (at is None or said.occurred_at <= at)
    ]


def figures(log: Iterable[Said]) -> Figures:
    """Return every figure of the records that were begun."""
    streams: dict[str, list[Said]] = defaultdict(list)
    for said in log:
        streams[said.stream].append(said)
    found: Figures = {}
    for stream, entries in streams.items():
        rule = RULES.get(entries[0].kind)
        if rule is not None and any(said.what in BEGINNINGS for said in entries):
            for name, value in rule(entries).items():
                found[entries[0].kind, stream, name] = value
    return found


BEGINNINGS = {"assessed", "opened", "filed", "raised", "applied", "listed"}


# Deposits -----------------------------------------------------------------------------------


@dataclass
class Draw:
    """A draw-down: what was asked for, and whether that money is still held back."""

    amount_fen: int
    is_open: bool = True
    is_paid: bool = False


@dataclass
class Deposit:
    """What a deposit holds, holds back and waits for."""

    moved: Counter[str] = field(default_factory=Counter)
    draws: dict[str, Draw] = field(default_factory=dict)
    demands: dict[str, list[int]] = field(default_factory=dict)
    missed: int = 0

    def tell(self, said: Said) -> None:
        fields = said.fields
        if "draw_id" in fields:
            self._tell_draw(said.what, fields)
        elif said.what in {"received", "returned", "forfeited"}:
            self.moved[said.what] += fields["amount_fen"]
        elif said.what == "top_up_demanded":
            self.demands[fields["demand_id"]] = [fields["amount_fen"], 0]
        elif said.what == "top_up_received":
            self.demands[fields["demand_id"]][1] += fields["amount_fen"]
            self.moved["topped_up"] += fields["amount_fen"]
        elif said.what in {"top_up_missed", "return_missed"}:
            self.missed += 1

    def _tell_draw(self, what: str, fields: dict[str, Any]) -> None:
        if what == "draw_requested":
            self.draws[fields["draw_id"]] = Draw(fields["terms"]["amount_fen"])
        draw = self.draws[fields["draw_id"]]
        if what in {"draw_rejected", "draw_cancelled"}:
            draw.is_open = False
        elif what == "draw_approved":
            draw.is_open = not draw.is_paid
        elif what == "draw_paid":
            draw.is_open, draw.is_paid = False, True
            self.moved["paid"] += fields["amount_fen"]
        elif what == "draw_refunded":
            self.moved["refunded"] += fields["amount_fen"]


def of_deposit(entries: list[Said]) -> dict[str, int]:
    """Held is what came in less what went out; what open draw-downs ask for is held back."""
    deposit = Deposit()
    for said in entries:
        deposit.tell(said)
    moved = deposit.moved
    came = moved["received"] + moved["topped_up"] + moved["refunded"]
    went = moved["paid"] + moved["returned"] + moved["forfeited"]
    promised = sum(draw.amount_fen for draw in deposit.draws.values() if draw.is_open)
    demanded = sum(max(0, asked - came_in) for asked, came_in in deposit.demands.values())
    return {
        "held_fen": came - went,
        "promised_fen": promised,
        "free_fen": came - went - promised,
        "demanded_fen": demanded,
        "received_fen": moved["received"],
        "topped_up_fen": moved["topped_up"],
        "paid_fen": moved["paid"],
        "refunded_fen": moved["refunded"],
        "returned_fen": moved["returned"],
        "forfeited_fen": moved["forfeited"],
        "missed_count": deposit.missed,
    }


# Public accounts and expenses ---------------------------------------------------------------


def of_account(entries: list[Said]) -> dict[str, int]:
    """What came in less what went out; an approved expense's money is set aside until paid."""
    moved: Counter[str] = Counter()
    held: dict[str, int] = {}
    for said in entries:
        fields = said.fields
        match said.what:
            case "revenue_received":
                moved["received"] += fields["receipt"]["amount_fen"]
            case "revenue_reversed" | "payment_reversed":
                moved[said.what] += fields["amount_fen"]
            case "hold_placed":
                held[fields["expense_id"]] = fields["amount_fen"]
            case "hold_released":
                held[fields["expense_id"]] = 0
            case "paid_out":
                held[fields["expense_id"]] = 0
                moved["paid"] += fields["amount_fen"]
            case _:
                pass
    balance = (
        moved["received"] - moved["revenue_reversed"] - moved["paid"] + moved["payment_reversed"]
    )
    return {
        "balance_fen": balance,
        "held_fen": sum(held.values()),
        "free_fen": balance - sum(held.values()),
        "received_fen": moved["received"],
        "reversed_fen": moved["revenue_reversed"],
        "paid_fen": moved["paid"],
        "paid_back_fen": moved["payment_reversed"],
    }


def of_expense(entries: list[Said]) -> dict[str, int]:
    """Whether its publication was missed, and how many answers to objections were."""
    whats = Counter(said.what for said in entries)
    return {
        "is_publication_missed": int(whats["publication_missed"] > 0),
        "missed_answer_count": whats["objection_answer_missed"],
    }


# Points and shops ---------------------------------------------------------------------------


def of_points(entries: list[Said]) -> dict[str, int]:
    """Points awarded and brought back, less those reversed, expired and redeemed."""
    moved: Counter[str] = Counter()
    for said in entries:
        if said.what.startswith("points_"):
            moved[said.what.removeprefix("points_")] += said.fields["points"]
    names = ("awarded", "reversed", "expired", "redeemed", "returned")
    balance = (
        moved["awarded"]
        + moved["returned"]
        - moved["reversed"]
        - moved["expired"]
        - moved["redeemed"]
    )
    return {f"{name}_points": moved[name] for name in names} | {"balance_points": balance}


MOVES = {
    "reserved": {"reserved": 1},
    "issued": {"reserved": -1, "issued": 1},
    "redemption_cancelled": {"reserved": -1},
    "goods_returned": {"issued": -1},
}
"""What becomes of an order's pieces."""


def of_item(entries: list[Said]) -> dict[str, int]:
    """Pieces received and adjusted are on the shelf, reserved for an order, or issued."""
    orders: dict[str, int] = {}
    pieces: Counter[str] = Counter()
    price = 0
    for said in entries:
        fields = said.fields
        if said.what in {"listed", "priced"}:
            price = fields["price_points"]
        elif said.what == "goods_received":
            pieces["received"] += fields["pieces"]
        elif said.what == "stock_adjusted":
            pieces["adjusted"] += fields["difference_pieces"]
        if said.what == "reserved":
            orders[fields["order_id"]] = fields["pieces"]
        for place, sign in MOVES.get(said.what, {}).items():
            pieces[place] += sign * orders[fields["order_id"]]
    free = pieces["received"] + pieces["adjusted"] - pieces["reserved"] - pieces["issued"]
    names = ("received", "adjusted", "reserved", "issued")
    return {
        **{f"{name}_pieces": pieces[name] for name in names},
        "free_pieces": free,
        "price_points": price,
    }


# Deadlines and streaks ----------------------------------------------------------------------


def of_petition(entries: list[Said]) -> dict[str, int]:
    """How many of its deadlines were missed."""
    missed = {"deadline_missed", "supervision_order_missed"}
    return {"missed_count": sum(said.what in missed for said in entries)}


def of_finding(entries: list[Said]) -> dict[str, int]:
    """How many days the company let pass, and how often it was reminded and talked to."""
    whats = Counter(said.what for said in entries)
    return {
        "missed_count": whats["rectification_missed"],
        "reminders_count": whats["company_reminded"],
        "talks_count": whats["company_talk_held"],
    }


def of_conduct(entries: list[Said]) -> dict[str, int]:
    """Escalations in a row since the last break, the longest row, and transfers missed."""
    streak = longest = 0
    whats = Counter(said.what for said in entries)
    for said in entries:
        if said.what == "escalation_counted":
            streak += 1
            longest = max(longest, streak)
        elif said.what == "streak_broken":
            streak = 0
    return {
        "streak": streak,
        "longest_streak": longest,
        "escalations_count": whats["escalation_counted"],
        "self_escalations_count": whats["self_escalation_counted"],
        "transfers_missed_count": whats["transfer_missed"],
    }


RULES = {
    "deposit": of_deposit,
    "public_account": of_account,
    "expense": of_expense,
    "points_account": of_points,
    "shop_item": of_item,
    "petition": of_petition,
    "finding": of_finding,
    "unit_conduct": of_conduct,
}
