"""A view of jars and their stones: small enough to count by hand."""

from __future__ import annotations

from projections.engine import Entry, Rows, View
from tests.storage.jars import Jar

SQL = """
CREATE TABLE IF NOT EXISTS test_jars_v1 (
    ledger_id   text COLLATE "C" NOT NULL,
    jar_id      uuid             NOT NULL,
    label       text             NOT NULL,
    stones      bigint           NOT NULL DEFAULT 0 CHECK (stones < 1000000),
    notes       jsonb            NOT NULL DEFAULT '{}',
    positions   bigint[]         NOT NULL,
    occurred_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, jar_id)
);
CREATE TABLE IF NOT EXISTS test_jar_states_v1 (
    ledger_id   text COLLATE "C" NOT NULL,
    jar_id      uuid             NOT NULL,
    label       text             NOT NULL,
    stones      bigint           NOT NULL,
    notes       jsonb            NOT NULL,
    positions   bigint[]         NOT NULL,
    position    bigint           NOT NULL,
    occurred_at timestamptz      NOT NULL,
    recorded_at timestamptz      NOT NULL,
    image_no    integer          NOT NULL,
    is_gone     boolean          NOT NULL,
    PRIMARY KEY (ledger_id, jar_id, position, image_no)
);
CREATE TABLE IF NOT EXISTS test_fillings_v1 (
    ledger_id   text COLLATE "C" NOT NULL,
    position    bigint           NOT NULL,
    line_no     integer          NOT NULL,
    jar_id      uuid             NOT NULL,
    stones      bigint           NOT NULL,
    occurred_at timestamptz      NOT NULL,
    recorded_at timestamptz      NOT NULL,
    PRIMARY KEY (ledger_id, position, line_no)
);
CREATE TABLE IF NOT EXISTS test_labels_v1 (
    ledger_id      text COLLATE "C" NOT NULL,
    label          text COLLATE "C" NOT NULL,
    jar_count      bigint           NOT NULL,
    first_position bigint           NOT NULL,
    last_position  bigint           NOT NULL,
    PRIMARY KEY (ledger_id, label)
);
"""

POISON_STONES = 666
UNWRITABLE_STONES = 1_000_000


def jars_view(name: str = "test_jars", *, version: int = 1, is_fragile: bool = False) -> View:
    """Return a fresh view; a fragile one cannot bear a filling of 666 stones."""
    suffix = "" if name == "test_jars" else f"_{name}"
    sql = SQL.replace("_v1", f"{suffix}_v{version}")
    view = View(name, version=version, sql=sql)
    end = f"{suffix}_v{version}"
    jars = view.table(f"test_jars{end}", key=("jar_id",), history=f"test_jar_states{end}")
    labels = view.table(f"test_labels{end}", key=("label",), is_per_stream=False)
    fillings = view.lines(f"test_fillings{end}")

    @view.on(Jar.Made)
    async def made(rows: Rows, event: Jar.Made, entry: Entry) -> None:
        rows.put(jars, {"jar_id": event.originator_id, "label": event.label})
        label = await rows.find(labels, event.label) or {"label": event.label, "jar_count": 0}
        label["jar_count"] += 1
        rows.put(labels, label)

    @view.on(Jar.Filled)
    async def filled(rows: Rows, event: Jar.Filled, entry: Entry) -> None:
        if is_fragile and event.stones == POISON_STONES:
            raise ValueError("six hundred and sixty-six")
        jar = await rows.get(jars, event.originator_id)
        jar["stones"] += event.stones
        jar["notes"][str(event.stones)] = event.timestamp
        rows.put(jars, jar)
        rows.add(fillings, {"jar_id": event.originator_id, "stones": event.stones})

    return view
