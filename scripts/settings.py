"""What a running Minzhang is told from outside: flags > MINZHANG_* > minzhang.toml > defaults.

Each setting is one row of `SETTINGS`; its name is the key in minzhang.toml, `--name` with
dashes the flag and MINZHANG_NAME the environment variable. A value that breaks its rule stops
the start with a sentence that names the setting, where it came from and the rule. An empty
environment variable counts as not set.

minzhang.toml is looked for in the current directory, or is the file that MINZHANG_CONFIG names.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from scripts.backups.settings import BACKUP_SETTINGS
from scripts.failures import Failure
from scripts.logging_settings import LOGGING_SETTINGS
from scripts.safety_settings import SAFETY_SETTINGS
from scripts.setting_kinds import Setting, matching, whole
from scripts.syslog.places import HOST

GIB = 1024**3
LOG_KEY = "MINZHANG_LOG_KEY"
AUTHORITY = r"https?://[^\s,@]+ +[^\s,]+"
AUTHORITIES = re.compile(rf"none|{AUTHORITY}(, *{AUTHORITY})*")
LEDGER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
KEY_SOURCE = re.compile(r"file:/.+|env:[A-Za-z_][A-Za-z0-9_]*|command:.+")
DSNS = ("dsn", "owner_dsn", "keys_dsn", "keys_owner_dsn")
OF_DSN = {"owner_dsn": "dsn", "keys_owner_dsn": "keys_dsn"}
"""An owner's connection string, and the one without which it means nothing."""
USER_INFO = re.compile(r"//[^/@\s]*@")
ORIGIN = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._-]+)*")


class SettingWrong(Failure):
    """A setting has a value that breaks its rule; the start stops."""

    exit_code = 2


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of one run, checked.

    `dsn` None means the embedded server below `data`; `owner_dsn` is who migrates what `dsn`
    uses, None: the same role. `ledger` is the code of the
    jurisdiction, `origin` the log's public name: a URL without its scheme. `log_key` is a
    secret: it comes from the environment (MINZHANG_LOG_KEY) only, and is never shown.
    """

    host: str
    port: int
    data: Path
    dsn: str | None
    owner_dsn: str | None
    ledger: str
    origin: str
    log_level: str
    syslog: str | None
    syslog_ca_file: Path | None
    free_space_floor_bytes: int
    wal_archive: str | None
    queue_max: int
    pool_size_max: int
    sealing_keys: str
    keys_dsn: str | None
    keys_owner_dsn: str | None
    log_policy: Path | None
    publish_interval_seconds: int
    time_stamp_authorities: str
    time_stamp_interval_seconds: int
    public_url: str | None
    key_file: Path
    trusted_proxies: str
    password_memory_kib: int
    password_passes: int
    sign_in_refused_after_ms: int
    rate_per_address: int
    rate_per_account: int
    evidence_mib_per_day: int
    oidc_issuer: str | None
    oidc_client_id: str | None
    oidc_client_secret_file: Path | None
    oidc_hosts: str | None
    log_key: str | None = field(default=None, repr=False)

    @property
    def log_folder(self) -> Path:
        """Where the log's keys are kept, and what was signed last."""
        return self.data / "log" / self.ledger

    @property
    def address(self) -> str:
        """Where people find the service."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"


def _directory(text: str) -> Path:
    path = Path(text).expanduser()
    if not text.isprintable() or (path.exists() and not path.is_dir()):
        raise ValueError(text)
    return path.absolute()


def _file(text: str) -> Path:
    path = Path(text).expanduser()
    if not text.isprintable() or not path.is_file():
        raise ValueError(text)
    return path.absolute()


def _dsn(text: str) -> str:
    if urlsplit(text).scheme not in {"postgresql", "postgres"}:
        raise ValueError(text)
    return text


def _dsn_setting(name: str, purpose: str) -> Setting:
    return Setting(
        name=name,
        read=_dsn,
        rule_zh="以 postgresql:// 开头的连接串（密码不可写在命令行上）",
        rule_en="a connection string: postgresql://... (no password on a command line)",
        purpose=purpose,
    )


SETTINGS = (
    Setting(
        name="host",
        read=matching(HOST),
        rule_zh="一个主机名或 IP 地址",
        rule_en="a host name or an IP address",
        purpose="address to serve on",
        default="127.0.0.1",
    ),
    Setting(
        name="port",
        read=whole(0, 65535),
        rule_zh="0 到 65535 的整数（0 表示任选一个空闲端口）",
        rule_en="a whole number from 0 to 65535 (0: any free port)",
        purpose="port to serve on",
        default="8080",
    ),
    Setting(
        name="data",
        read=_directory,
        rule_zh="一个目录的路径",
        rule_en="the path of a directory",
        purpose="directory of the embedded server and of everything else that is kept",
    ),
    _dsn_setting("dsn", "a PostgreSQL (15 or newer) to use instead of the embedded one"),
    _dsn_setting("owner_dsn", "the same database as another role, which migrates and owns tables"),
    Setting(
        name="ledger",
        read=matching(LEDGER),
        rule_zh="1 到 63 个小写字母、数字或连字符，如行政区划代码 371329",
        rule_en="1 to 63 lower-case letters, digits or dashes, such as the division code 371329",
        purpose="code of the jurisdiction whose ledger this is",
        default="371329",
    ),
    Setting(
        name="origin",
        read=matching(ORIGIN),
        rule_zh="不带协议的网址，如 ledger.example.org/371329",
        rule_en="a URL without its scheme, such as ledger.example.org/371329",
        purpose="public name of the log, fixed when the ledger is created",
    ),
    *LOGGING_SETTINGS,
    *BACKUP_SETTINGS,
    Setting(
        name="free_space_floor_bytes",
        read=whole(0, 2**60),
        rule_zh="字节数，非负整数",
        rule_en="a number of bytes, 0 or more",
        purpose="free disk space below which the ledger takes no new events",
        default=str(GIB),
    ),
    Setting(
        name="queue_max",
        read=whole(1, 1_000_000),
        rule_zh="1 到 1000000 的整数",
        rule_en="a whole number from 1 to 1000000",
        purpose="commands that may wait for the appender before callers are told to come back",
        default="2048",
    ),
    Setting(
        name="pool_size_max",
        read=whole(1, 100),
        rule_zh="1 到 100 的整数",
        rule_en="a whole number from 1 to 100",
        purpose="database connections for reading",
        default="10",
    ),
    Setting(
        name="log_policy",
        read=_file,
        rule_zh="一个可读文件的路径",
        rule_en="the path of a file that can be read",
        purpose="trust policy (tlog-policy) with the witnesses to ask and their quorum",
    ),
    Setting(
        name="publish_interval_seconds",
        read=whole(1, 3600),
        rule_zh="1 到 3600 的整数",
        rule_en="a whole number from 1 to 3600",
        purpose="seconds between two signed checkpoints while there is news",
        default="1",
    ),
    Setting(
        name="time_stamp_authorities",
        read=matching(AUTHORITIES),
        rule_zh="none，或以逗号分隔的“网址 根证书文件”",
        rule_en='none, or "URL ROOTS.pem" for each, separated by commas',
        purpose="authorities that date checkpoints (RFC 3161), each with its root certificates",
        default="none",
    ),
    Setting(
        name="time_stamp_interval_seconds",
        read=whole(1, 86_400),
        rule_zh="1 到 86400 的整数",
        rule_en="a whole number from 1 to 86400",
        purpose="least seconds between two time stamps by one authority",
        default="600",
    ),
    Setting(
        name="sealing_keys",
        read=matching(KEY_SOURCE),
        rule_zh="file:路径、env:环境变量名 或 command:命令",
        rule_en="file:PATH, env:NAME or command:COMMAND",
        purpose="where the keys of sealed personal data come from",
    ),
    _dsn_setting("keys_dsn", "another database for the secrets of sealed personal data"),
    _dsn_setting("keys_owner_dsn", "that database as the role which migrates it"),
    *SAFETY_SETTINGS,
)


def load_settings(
    flags: Mapping[str, str], environment: Mapping[str, str], directory: Path
) -> Settings:
    """Read and check all settings; `directory` is where minzhang.toml is looked for."""
    file_path, file_values = _read_file(environment, directory)
    sources = (
        (flags, lambda setting: setting.flag),
        (
            {setting.name: environment.get(setting.variable, "") for setting in SETTINGS},
            lambda setting: setting.variable,
        ),
        (file_values, lambda setting: f"{setting.name} ({file_path})"),
    )
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text, source = setting.default, setting.variable
        for texts, name_of in sources:
            if texts.get(setting.name, "") != "":
                text, source = texts[setting.name], name_of(setting)
                break
        values[setting.name] = _read(setting, text, source) if text else None
    for name in DSNS:
        if _holds_password(flags.get(name, "")):
            raise _wrong(_named(name), _named(name).flag, "***")
    _guard_owners(values)
    values["data"] = values["data"] or _default_data(environment)
    values["sealing_keys"] = values["sealing_keys"] or f"file:{values['data']}/sealing.keys"
    values["trusted_proxies"] = values["trusted_proxies"] or ""
    values["key_file"] = values["key_file"] or values["data"] / "service.key"
    values["origin"] = values["origin"] or f"minzhang.localhost/{values['ledger']}"
    values["log_key"] = environment.get(LOG_KEY, "").strip() or None
    return Settings(**values)  # read by the rows above, by name


def _holds_password(dsn: str) -> bool:
    parts = urlsplit(dsn)
    asked = parse_qs(parts.query, keep_blank_values=True)
    return bool(parts.password) or any("password" in name.lower() for name in asked)


def _read(setting: Setting, text: str, source: str) -> object:
    try:
        return setting.read(text)
    except ValueError as wrong:
        shown = "***" if setting.name in DSNS else USER_INFO.sub("//***@", text)
        raise _wrong(setting, source, shown) from wrong


def _wrong(setting: Setting, source: str, shown: str) -> SettingWrong:
    return SettingWrong(
        f"设置 {setting.name}（{source}）的值 {shown!r} 无效：应为{setting.rule_zh}。",
        f"setting {setting.name} ({source}, also {setting.variable}) must be"
        f" {setting.rule_en}, not {shown!r}",
    )


def _guard_owners(values: Mapping[str, Any]) -> None:
    """Refuse an owner of a database that is not named: the embedded one has its own."""
    for owner, app in OF_DSN.items():
        if values[owner] is not None and values[app] is None:
            owner_name, app_name = _named(owner).variable, _named(app).variable
            raise SettingWrong(
                f"设置了 {owner_name}，也必须设置 {app_name}（同一数据库的服务角色）。",
                f"with {owner_name} also set {app_name}, the same database as the role that serves",
            )


def _named(name: str) -> Setting:
    return next(setting for setting in SETTINGS if setting.name == name)


def _default_data(environment: Mapping[str, str]) -> Path:
    share = environment.get("XDG_DATA_HOME", "")
    return Path(share or "~/.local/share").expanduser().absolute() / "minzhang"


def _read_file(environment: Mapping[str, str], directory: Path) -> tuple[Path, dict[str, str]]:
    named = environment.get("MINZHANG_CONFIG", "")
    path = directory / (named or "minzhang.toml")
    if not named and not path.exists():
        return path, {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as unreadable:
        raise SettingWrong(
            f"无法读取设置文件 {path}（MINZHANG_CONFIG）：{unreadable}。",
            f"cannot read the settings file {path} (MINZHANG_CONFIG): {unreadable}",
        ) from unreadable
    return path, {name: _text(name, value, path) for name, value in found.items()}


def _text(name: str, value: object, path: Path) -> str:
    known = [setting.name for setting in SETTINGS]
    if name not in known:
        raise SettingWrong(
            f"{path} 中有未知的设置 {name}；可用的有 {'、'.join(known)}。",
            f"unknown setting {name} in {path}; there are {', '.join(known)}",
        )
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _wrong(_named(name), str(path), str(value))
    return str(value)


def environment_settings(flags: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process: its flags, its environment, its directory.

    The private key leaves the environment, so that no process started from here inherits it.
    """
    settings = load_settings(flags or {}, os.environ, Path.cwd())
    os.environ.pop(LOG_KEY, None)
    return settings
