"""How figures and times look on a page: yuan from fen, days in China, short ids."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from babel.numbers import format_decimal

from ledger.core.clock import LOCAL, end_of_day
from ledger.core.errors import InvalidValue
from ledger.core.values import FIRST_DAY, FIRST_MOMENT, LAST_DAY, LAST_MOMENT

FEN_PER_YUAN = 100


def yuan(amount_fen: int | None) -> str:
    """Return fen as ``¥5,000.00``."""
    if amount_fen is None:
        return "–"
    sign, fen = ("−", -amount_fen) if amount_fen < 0 else ("", amount_fen)
    whole, rest = divmod(fen, FEN_PER_YUAN)
    return f"{sign}¥{format_decimal(whole, locale='zh_CN')}.{rest:02d}"


def yuan_short(amount_fen: int) -> str:
    """Return fen as whole yuan, cut off, ``¥5,000``: for tiles, never for statements."""
    sign, fen = ("−", -amount_fen) if amount_fen < 0 else ("", amount_fen)
    return f"{sign}¥{format_decimal(fen // FEN_PER_YUAN, locale='zh_CN')}"


def count(number: int | None) -> str:
    """Return a number with its thousands apart."""
    return "–" if number is None else str(format_decimal(number, locale="zh_CN"))


def percent(basis_points: int) -> str:
    """Return basis points as a percentage: 550 is ``5.5%``."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def day(value: date | datetime | None) -> str:
    """Return the day in China, ``2026-03-02``."""
    if value is None:
        return "–"
    return f"{value.astimezone(LOCAL) if isinstance(value, datetime) else value:%Y-%m-%d}"


def moment(value: datetime | None) -> str:
    """Return the minute in China, ``2026-03-02 09:00``."""
    return "–" if value is None else f"{value.astimezone(LOCAL):%Y-%m-%d %H:%M}"


def short_id(value: UUID | str | None) -> str:
    """Return the first eight digits of an id: enough to tell two apart on a page."""
    return "–" if value is None else str(value)[:8]


def read_moment(given: str, *, field: str) -> datetime:
    """Return the moment that a visitor typed: a day means its end, no offset means China."""
    if len(given) == len("2026-03-02"):
        return end_of_day(_read_date(given, field))
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise InvalidValue(field=field, rule="YYYY-MM-DD or YYYY-MM-DDTHH:MM") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)
    if not FIRST_MOMENT <= moment <= LAST_MOMENT:
        raise InvalidValue(field=field, rule=f"{FIRST_DAY} to {LAST_DAY}")
    return moment


def read_day(given: str, *, field: str) -> datetime:
    """Return the first moment in China of the day that a visitor typed."""
    return datetime.combine(_read_date(given, field), time.min, LOCAL)


def _read_date(given: str, field: str) -> date:
    try:
        day = date.fromisoformat(given)
    except ValueError as error:
        raise InvalidValue(field=field, rule="YYYY-MM-DD") from error
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidValue(field=field, rule=f"{FIRST_DAY} to {LAST_DAY}")
    return day


def field_figure(name: str, value: object) -> str:
    """Return an event's field as people read it: fen as yuan, times in China, the rest as it is."""
    if name.endswith("_fen") and isinstance(value, int):
        return yuan(value)
    if name.endswith("_bp") and isinstance(value, int):
        return percent(value)
    if name.endswith("_at") and isinstance(value, str):
        return moment(datetime.fromisoformat(value))
    return str(value)


def read_id(given: str, *, field: str) -> UUID | None:
    """Return the id that a visitor typed; nothing typed is no id."""
    try:
        return UUID(given) if given else None
    except ValueError as error:
        raise InvalidValue(field=field, rule="uuid") from error
