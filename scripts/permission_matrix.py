"""Write ``docs/permissions.md``: the table of permissions as a matrix, from the table itself.

    python -m scripts.permission_matrix

A test fails when the file is not what this writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from api.permissions import MAY, ROLE_NAMES_ZH
from api.reach import USUAL, WITHIN_ZH, Row, Within
from api.roles import Role
from api.routes import ROUTES

PATH = Path("docs/permissions.md")

HEAD = """# Permissions 权限矩阵

Made by `python -m scripts.permission_matrix` from `api/permissions.py`; do not edit by hand.

Who may do what, and with whose records. What is not here is refused. A command or a question about
a record out of reach is answered like one about a record that does not exist.

**Reach 范围.** Counted from the organisation that a person acts for: in the tree as it is now for
acting, as it was on the day asked for when reading the past.

| sign | 范围 | whose records |
|---|---|---|
{reaches}

**Roles 角色**, their usual reach, and what stands in the head of the tables:

| head | role | 角色 | usual reach |
|---|---|---|---|
{roles}

**Duties kept apart 三员分立.** An administrator looks after accounts and the service: no business
record is shown to this role and no step is open to it. Whoever reads the audit trail administers
nothing. `公开 public`: everybody may see it, on pages also without a login.

**What is about oneself.** In rows marked `＋☺` whoever may ask reaches, beside what the sign says,
all that is kept about themselves, wherever it is: everybody sees who looked at their own data.

**Who came in, who was refused, who looked 查阅与登录.** These events, and those about accounts, are
shown to auditor, discipline and data protection alone; to all others lists, single events and
streams leave them out.

**One person, one voice.** A person who holds two posts, or acts for somebody else, still counts as
one: rules that ask for different persons compare persons, never posts. A post counts within its
term.
"""

MEANINGS: Mapping[Within, tuple[str, str]] = {
    Within.COUNTY: ("●", "the whole county"),
    Within.AREA: ("▲", "the area it serves: what the organisation above has below it"),
    Within.OWN: ("○", "its own organisation and all below it"),
    Within.COMMUNITY: ("◇", "the community that its organisation is or belongs to"),
    Within.ESTATE: ("△", "the estate that its organisation is or belongs to"),
    Within.PARTY: ("◐", "records in which its organisation takes part"),
    Within.SELF: ("☺", "records about oneself"),
}
HEADS: Mapping[Role, str] = {
    Role.ADMINISTRATOR: "adm",
    Role.AUDITOR: "aud",
    Role.COMMUNITY: "cmy",
    Role.COMPANY: "cpy",
    Role.COUNTY: "cty",
    Role.DATA_PROTECTION_OFFICER: "dpo",
    Role.DEPARTMENT: "dep",
    Role.DISCIPLINE: "dis",
    Role.EFFICIENCY_OFFICE: "eff",
    Role.GRID_WORKER: "grd",
    Role.HOTLINE: "hot",
    Role.ORGANISER: "org",
    Role.OWNER: "own",
    Role.OWNERS_COMMITTEE: "com",
    Role.RESIDENT: "res",
    Role.SHOP: "shp",
    Role.STREET: "str",
    Role.SUPERVISOR: "sup",
    Role.VOLUNTEER: "vol",
}


def matrix() -> str:
    """Return the whole document."""
    reaches = "\n".join(
        f"| {MEANINGS[one][0]} | {WITHIN_ZH[one]} | {MEANINGS[one][1]} |" for one in Within
    )
    roles = "\n".join(
        f"| `{HEADS[role]}` | `{role}` | {ROLE_NAMES_ZH[role]} | {MEANINGS[USUAL[role]][0]} |"
        for role in Role
    )
    parts = [HEAD.format(reaches=reaches, roles=roles)]
    left = dict(MAY)
    for context in ROUTES:
        acts = [one.operation for one in context.commands]
        asks = [one.operation for one in context.reads]
        parts.append(f"\n## {context.zh} {context.en}\n\n" + _table([*acts, *asks], left))
    parts.append("\n## 其他 Everything else\n\n" + _table(sorted(left), left))
    return "".join(parts)


def _table(operations: Iterable[str], left: dict[str, Row]) -> str:
    heads = " | ".join(HEADS[role] for role in Role)
    lines = [f"| operation | {heads} |", "|---" * (len(Role) + 1) + "|"]
    public = []
    for name in operations:
        row = left.pop(name)
        if row.is_public:
            public.append(name)
            continue
        cells = " | ".join(MEANINGS[row.reach[r]][0] if r in row else " " for r in Role)
        mark = " ＋☺" if row.is_own_too else ""
        lines.append(f"| `{name}`{mark} | {cells} |")
    text = "\n".join(lines) + "\n" if len(lines) > 2 else ""
    if public:
        names = ", ".join(f"`{name}`" for name in public)
        text += ("\n" if text else "") + f"公开 public: {names}\n"
    return text


if __name__ == "__main__":
    PATH.write_text(matrix(), "utf-8")
