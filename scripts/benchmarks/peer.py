"""The usual way, to be measured beside ours: FastAPI, SQLAlchemy and a trigger that audits.

    PEER_DSN=… PEER_TOKEN=… python -m scripts.benchmarks.peer

Written as the documentation of both shows it: a model checks the body, a dependency looks the
token up, a session inserts a row and commits, and a trigger copies the row into a table of
who did what. A key makes a request happen once. It prints its address and serves until told
to stop; one process, as ours.
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from typing import Annotated
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import uvicorn
import uvloop
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import URL, DateTime, ForeignKey, LargeBinary, select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

POOL_SIZE = 20
_AUDIT = (
    "DROP TABLE IF EXISTS peer_audit",
    """CREATE TABLE peer_audit (
        id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
        table_name text NOT NULL, row_data jsonb NOT NULL)""",
    """CREATE OR REPLACE FUNCTION peer_note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO peer_audit (table_name, row_data) VALUES (TG_TABLE_NAME, to_jsonb(NEW));
            RETURN NEW;
        END $$""",
    """CREATE TRIGGER peer_note AFTER INSERT ON peer_activities
        FOR EACH ROW EXECUTE FUNCTION peer_note()""",
    """CREATE TRIGGER peer_note AFTER INSERT ON peer_check_ins
        FOR EACH ROW EXECUTE FUNCTION peer_note()""",
)


class Model(DeclarativeBase):
    """What the tables are made from."""


class Token(Model):
    """Whoever may ask."""

    __tablename__ = "peer_tokens"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    actor_id: Mapped[UUID]


class Activity(Model):
    """Where volunteers are wanted."""

    __tablename__ = "peer_activities"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    actor_id: Mapped[UUID]
    organiser_id: Mapped[UUID]
    place_id: Mapped[UUID]
    kind: Mapped[str]
    title: Mapped[str]
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    capacity: Mapped[int]


class CheckIn(Model):
    """A volunteer who came."""

    __tablename__ = "peer_check_ins"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    actor_id: Mapped[UUID]
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("peer_activities.id"), index=True)
    volunteer_id: Mapped[UUID]


class OpenActivity(BaseModel):
    """The body of a request that opens an activity."""

    organiser_id: UUID
    place_id: UUID
    kind: str = Field(min_length=1, max_length=64)
    title: str = Field(min_length=1, max_length=200)
    starts_at: datetime
    ends_at: datetime
    capacity: int = Field(ge=1, le=10_000)


class CheckInVolunteer(BaseModel):
    """The body of a request that checks a volunteer in."""

    volunteer_id: UUID


class Made(BaseModel):
    """The answer."""

    id: UUID


def _url(dsn: str) -> URL:
    parts = urlsplit(dsn)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    return URL.create(
        "postgresql+asyncpg",
        username=parts.username,
        password=parts.password,
        host=parts.hostname,
        port=parts.port,
        database=parts.path.lstrip("/"),
        query={"host": host} if parts.hostname is None else {},
    )


sessions = async_sessionmaker(expire_on_commit=False)
app = FastAPI()


async def session() -> AsyncIterator[AsyncSession]:
    """Give a request its session."""
    async with sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


async def actor(db: Session, authorization: Annotated[str, Header()]) -> UUID:
    """Return who asks."""
    digest = sha256(authorization.removeprefix("Bearer ").encode()).digest()
    found = await db.scalar(select(Token).where(Token.token_hash == digest))
    if found is None:
        raise HTTPException(401)
    return found.actor_id


Actor = Annotated[UUID, Depends(actor)]
Key = Annotated[str, Header(alias="Idempotency-Key")]


@app.post("/v1/activities", status_code=201)
async def open_activity(body: OpenActivity, db: Session, asker: Actor, key: Key) -> Made:
    """Open an activity."""
    if (before := await db.scalar(select(Activity).where(Activity.key == key))) is not None:
        return Made(id=before.id)
    made = Activity(id=uuid4(), key=key, actor_id=asker, **body.model_dump())
    db.add(made)
    await db.commit()
    return Made(id=made.id)


@app.post("/v1/activities/{activity_id}/check-ins", status_code=201)
async def check_in(
    activity_id: UUID, body: CheckInVolunteer, db: Session, asker: Actor, key: Key
) -> Made:
    """Check a volunteer in at an activity that is there."""
    if (before := await db.scalar(select(CheckIn).where(CheckIn.key == key))) is not None:
        return Made(id=before.id)
    if await db.get(Activity, activity_id) is None:
        raise HTTPException(404)
    made = CheckIn(
        id=uuid4(), key=key, actor_id=asker, activity_id=activity_id, **body.model_dump()
    )
    db.add(made)
    await db.commit()
    return Made(id=made.id)


async def main() -> None:
    """Make the tables anew, then serve."""
    url = _url(os.environ["PEER_DSN"])
    engine = create_async_engine(url, pool_size=POOL_SIZE, max_overflow=0)
    sessions.configure(bind=engine)
    async with engine.begin() as db:
        await db.run_sync(Model.metadata.drop_all)
        await db.run_sync(Model.metadata.create_all)
        for statement in _AUDIT:
            await db.execute(text(statement))
    async with sessions() as db:
        digest = sha256(os.environ["PEER_TOKEN"].encode()).digest()
        db.add(Token(token_hash=digest, actor_id=uuid4()))
        await db.commit()
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    uvloop.run(main())
