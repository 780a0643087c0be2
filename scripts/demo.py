"""`minzhang demo`: a county to look around in: loaded when it is not there yet, and served.

The first start takes a minute or two, the next ones seconds. A first start that was stopped or
killed half-way is gone on with by the next one. `--reset` throws the demo away before.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from ledger.commands.policies import policies_of
from ledger.core.clock import local_day, utc_now
from ledger.postgres import erase
from ledger.publishing.announcing import history_of
from ledger.storage.connect import connect
from ledger.storage.evidence import EvidenceStore
from ledger.storage.ledger import Ledger
from ledger.storage.ledgers import hold_alone, ledger_ids
from ledger.storage.reading import read_head
from projections.engine.collecting import collected_rarely
from scripts.arguments import SubParsers
from scripts.database import Database, open_database
from scripts.demonstration.cases import garage_petition_id
from scripts.demonstration.county import County, a_county
from scripts.demonstration.following import views_follow
from scripts.demonstration.loading import VERSION, Edition, Loading, StepRefused, found_in
from scripts.demonstration.logins import Login, logins
from scripts.demonstration.plan import FULL, Scale, plan
from scripts.demonstration.sealed import seal_people, sealed_petition_id
from scripts.demonstration.volunteers import volunteer
from scripts.failures import Failure
from scripts.init import initialise
from scripts.logs import start_logging
from scripts.opening import opened
from scripts.sealing_keys import read_keys
from scripts.serve import listening, stop_on_signals
from scripts.service import MIB, open_service
from scripts.settings import Settings

STOPPED = 130


def add(subparsers: SubParsers) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("demo", help="装载并启动演示 / load and serve the demo")
    parser.add_argument("--reset", action="store_true", help="throw the demo away and start over")
    parser.set_defaults(run=run)


async def run(args: argparse.Namespace, settings: Settings) -> int:
    """Load the demo if it is not there, serve it and say where; until told to stop."""
    start_logging(settings)
    stop = stop_on_signals()
    if args.reset:
        await reset(settings)
    async with open_database(settings) as database:
        if not await _until(stop, prepare(database, settings)):
            print("已停止；下次启动时继续装载。 / stopped; the next start goes on from here")
            return STOPPED
        async with open_service(settings) as service, listening(service.app, settings) as address:
            county = a_county()
            made = await logins(service.ledger, county, tokens_file(settings))
            await seal_people(service.ledger, county)
            print(welcome(address, county, made), flush=True)
            await stop.wait()
    return 0


def tokens_file(settings: Settings) -> Path:
    """Return where the demo's tokens are kept."""
    return settings.data / f"demo-{settings.ledger}.json"


async def reset(settings: Settings) -> None:
    """Erase the embedded server with its data, if nothing but a demo is in it."""
    if settings.dsn is not None:
        raise Failure(
            "MINZHANG_DSN 指定的数据库不由演示清空；请自行新建一个空数据库。",
            "a database that MINZHANG_DSN names is not emptied by the demo: give it an empty one",
        )
    if (settings.data / "postgres").exists():
        async with open_database(settings) as database:
            await initialise(database, settings)
            async with opened(database, settings, pool_size_max=1) as ledger:
                others = set(await ledger_ids(ledger.pool)) - {ledger.id}
                if others or (await found_in(ledger) is None and await _is_used(ledger)):
                    raise _not_a_demo(", ".join(sorted(others)) or ledger.id)
        await asyncio.to_thread(erase, settings.data)
    tokens_file(settings).unlink(missing_ok=True)
    shutil.rmtree(settings.log_folder, ignore_errors=True)  # the new log gets a key of its own
    shutil.rmtree(settings.data / "evidence" / settings.ledger, ignore_errors=True)


async def prepare(database: Database, settings: Settings, scale: Scale = FULL) -> bool:
    """Load what is missing of the demo; return whether anything was."""
    await initialise(database, settings)
    async with (
        _alone(database, settings),
        opened(
            database,
            settings,
            space=database.space_guard(),
            is_sole_writer=True,
            keys=await read_keys(settings),
        ) as ledger,
    ):
        edition = await edition_to_load(ledger, scale)
        if edition is None:
            return False
        with _progress() as progress:
            async with views_follow(database.dsn, ledger.id):
                await _load(ledger, edition, progress, settings)
                views = progress.add_task("视图 views", total=None)
            progress.update(views, total=1, completed=1)
    return True


@asynccontextmanager
async def _alone(database: Database, settings: Settings) -> AsyncIterator[None]:
    """Refuse a second process that would load the same demo at the same time."""
    connection = await connect(database.dsn)
    try:
        if not await hold_alone(connection, settings.ledger, "demo"):
            raise Failure(
                "另一个进程正在装载演示；请等它完成或先停止它。",
                "another process is loading the demo: wait until it is done, or stop it",
            )
        yield
    finally:
        await connection.close()


async def _load(ledger: Ledger, edition: Edition, progress: Progress, settings: Settings) -> None:
    task = progress.add_task("演示 demo", total=None)
    with _kept_aside():
        steps = plan(edition.end, edition.scale, until=local_day(utc_now()))
    progress.update(task, total=len(steps.steps))

    def advanced(count: int) -> None:
        progress.advance(task, count)

    documents = EvidenceStore(ledger, quota_bytes=settings.evidence_mib_per_day * MIB)
    loading = Loading(ledger, steps, edition.scale, advanced=advanced, documents=documents)
    try:
        with collected_rarely():
            await loading.load()
    except (ExceptionGroup, StepRefused) as refused:
        raise Failure(
            f"演示未能装载完：{_first(refused)}。再次启动会接着装载；make demo-reset 重新开始。",
            f"the demo could not be loaded to its end: {_first(refused)};"
            " the next start goes on, make demo-reset starts over",
        ) from refused
    finally:
        gc.unfreeze()


def _first(error: BaseException) -> BaseException:
    """Return the first of the errors that happened together, and what caused it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error.__cause__ or error


@contextmanager
def _kept_aside() -> Iterator[None]:
    """Keep what the block makes from the garbage collector, which would look through it for ever.

    A plan is some hundred thousand objects that all stay: a fifth of the loading time.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


async def edition_to_load(ledger: Ledger, scale: Scale) -> Edition | None:
    """Return the edition to begin or to go on with; ``None`` if the ledger has it all."""
    found = await found_in(ledger)
    if found is None:
        if await _is_used(ledger):
            raise _not_a_demo(ledger.id)
        return Edition(VERSION, reference_day(), scale)
    if found.is_complete:
        return None
    if found.edition is None:
        raise Failure(
            "账本中有另一版本未装载完的演示；请运行 make demo-reset。",
            "the ledger holds an unfinished demo of another version: run make demo-reset",
        )
    return found.edition


async def _is_used(ledger: Ledger) -> bool:
    """Tell whether the ledger holds more than standard policies and the log's own keys."""
    head = await read_head(ledger.pool, ledger.id)
    history = await history_of(ledger)
    own = (await policies_of(ledger)).version + (history.version if history else 0)
    return head.size > own


def _not_a_demo(name: str) -> Failure:
    return Failure(
        f"账本 {name} 中有演示以外的内容，演示不会改动它；请用 MINZHANG_DATA 另选目录。",
        f"ledger {name} holds other things than the demo, which leaves it alone:"
        " choose another directory with MINZHANG_DATA",
    )


async def _until(stop: asyncio.Event, work: Coroutine[None, None, object]) -> bool:
    """Do the work unless told to stop; return whether it was done."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        await working
        return True
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    return False


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    return Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True))


def welcome(address: str, county: County, made: list[Login]) -> str:
    """Return what a person is told who started the demo."""
    widest = max(len(login.role) for login in made)
    lines = [
        "",
        f"民账演示 Minzhang demo: {address}",
        "临沭县、街道和社区名称属实；其余为演示数据，案例数字取自公开报道。",
        "County, streets and communities are real; all else is synthetic, cases use told figures.",
        "",
        "登录 logins (role · token · whom):",
        *(f"  {login.role:{widest}} {login.token}  {login.whom}" for login in made),
        "",
        "值得一看 worth a look:",
        *(f"  {address}{path}  {what}" for path, what in _sights(county)),
        "",
    ]
    return "\n".join(lines)


def _sights(county: County) -> list[tuple[str, str]]:
    heating, orders = county.named["yangguang"], county.named["huafeng"]
    unit: UUID = county.bodies[county.talked_to[0]].id
    person = volunteer(county.named["hongshihu"].community, 1)
    return [
        ("/", "全县 the county"),
        (f"/estates/{heating.id}", "保证金维修供热管道 5,000 yuan of a deposit, no petition"),
        (
            f"/estates/{orders.id}",
            "热线工单由26件降至8件；租金 orders from 26 to 8 a month; leases",
        ),
        (f"/petitions/{garage_petition_id()}", "车库潮湿，物业自费4万元 the company's own 40,000"),
        (
            f"/petitions/{sealed_petition_id(1)}",
            "联名诉求，个人信息已密封 joint petition, data sealed",
        ),
        (f"/units/{unit}", "连续提级、移交、约谈 escalations in a row, transfer, talk"),
        (f"/volunteers/{person.id}", "志愿者积分 a volunteer's points"),
        ("/events", "审计轨迹 audit trail"),
        ("/personal-data", "谁看过、删除申请、查阅轨迹 who looked, erasures, access trail"),
    ]


def reference_day() -> date:
    """Return the day before which a demo that begins now ends: the first of this month."""
    return local_day(utc_now()).replace(day=1)
