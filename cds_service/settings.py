"""The one reader of the environment: a frozen, checked Settings.

Every name has the prefix ``RECURRENCE_CDS_``. All faults are found in one go and named together; a name with our prefix
that is not in the table is a fault as well, since it is a setting that someone believes to be in force.
"""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import platformdirs

from cds_service.admission import WAITING, WORKING
from cds_service.auth import trusted_clients
from cds_service.auth.trusted_clients import TrustedClient, bases, is_secure, plain_url
from cds_service.ehr.allowance import MAX_RESOURCES
from cds_service.ehr.networks import Network, parse_network
from cds_service.errors import SettingsError
from cds_service.logs import LEVELS
from cds_service.site import Site

__all__ = ["PREFIX", "Settings", "Site", "TrustedClient"]

PREFIX: Final = "RECURRENCE_CDS_"
DEFAULT_NOTICE: Final = "Not CE marked: for evaluation and research, not for clinical use in the EU/EEA."
DEFAULT_BODY_BYTES: Final = 4 * 1024 * 1024

_SERVICE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the site has chosen. Each field is the setting of its name in capitals; ``load`` checks, this does not."""

    mode: Literal["sandbox", "production"] = "sandbox"
    base_url: str = "http://127.0.0.1:8000"
    trusted_clients: tuple[TrustedClient, ...] = ()
    fhir_servers: tuple[str, ...] = ()
    allow_insecure_loopback: bool = False
    database_url: str = field(default="", repr=False)
    database_url_file: str = field(default="", repr=False)
    state_dir: Path = field(default_factory=lambda: platformdirs.user_state_path("recurrence-cds"))
    deadline_seconds: float = 2.5
    cors_origins: tuple[str, ...] = ()
    audit_failure: Literal["continue", "refuse"] = "continue"
    today: date | None = None
    closed_discovery: bool = False
    shared_service_id: str | None = None
    questionnaire_responses: bool = False
    region_notice: str = DEFAULT_NOTICE
    without_cpt: bool = False
    max_body_bytes: int = DEFAULT_BODY_BYTES
    max_resources: int = MAX_RESOURCES
    read_seconds: float = 10.0
    calls_at_work: int = WORKING
    calls_waiting: int = WAITING
    ca_file: Path | None = None
    fhir_networks: tuple[Network, ...] = ()
    fhir_proxy: str | None = None
    calls_per_minute: int = 0
    metrics_port: int | None = None
    metrics_host: str = "127.0.0.1"
    audit_file: Path | None = None
    feedback_keep_days: int = 730
    several_hosts: bool = False
    log_level: str = "INFO"
    site_statements: Mapping[str, str] = field(default_factory=dict)
    terminology_server: str | None = None
    smart_client_id: str | None = None
    smart_client_secret_file: str = field(default="", repr=False)
    smart_issuers: tuple[str, ...] = ()

    @property
    def sandbox(self) -> bool:
        """No client authentication, and any server of this machine may be asked."""
        return self.mode == "sandbox"

    @property
    def audited_in(self) -> Path:
        """Audit file: the one chosen, or one in the state folder."""
        return self.audit_file or self.state_dir / "audit" / "audit.jsonl"

    @property
    def stored_in(self) -> str:
        """Database URL: the one chosen, as it stands or as a file holds it, or an SQLite file in the state folder."""
        return self.database_url or self.database_url_file or f"sqlite:///{self.state_dir / 'recurrence-cds.sqlite3'}"

    @classmethod
    def load(cls, environment: Mapping[str, str]) -> Settings:
        """Read and check all settings.

        Raises:
            SettingsError: with one line for each fault.
        """
        faults: list[str] = []
        values: dict[str, Any] = {}
        for name, text in sorted(environment.items()):
            if not name.startswith(PREFIX) or not text.strip():
                continue
            reader = READERS.get(name.removeprefix(PREFIX))
            if reader is None:
                faults.append(_unknown(name))
                continue
            try:
                values[name.removeprefix(PREFIX).lower()] = reader(text.strip())
            except ValueError as fault:
                faults.append(f"{name}: {fault}")
        settings = cls(**values)
        faults += settings._contradictions()
        if faults:
            raise SettingsError(faults)
        return settings

    def _contradictions(self) -> list[str]:
        """Faults that lie between settings."""
        rules = self._sandbox_rules() if self.sandbox else self._production_rules()
        shared = not self.several_hosts or not self.stored_in.startswith("sqlite")
        one_host = ("DATABASE_URL", not shared, "SQLite is for one host, and SEVERAL_HOSTS is set")
        twice = bool(self.database_url and self.database_url_file)
        unnamed = bool(self.smart_issuers or self.smart_client_secret_file) and not self.smart_client_id
        app = ("SMART_CLIENT_ID", unnamed, "SMART_ISSUERS and SMART_CLIENT_SECRET_FILE need it")
        lax = self.sandbox or self.allow_insecure_loopback
        secure = all(is_secure(url, loopback=lax) for url in self.smart_issuers)
        issuers = ("SMART_ISSUERS", not secure, "have to be https")
        one_url = ("DATABASE_URL_FILE", twice, "the database stands in DATABASE_URL already")
        return [f"{PREFIX}{name}: {fault}" for name, wrong, fault in (*rules, one_host, one_url, app, issuers) if wrong]

    def _sandbox_rules(self) -> tuple[tuple[str, bool, str], ...]:
        return (("CLOSED_DISCOVERY", self.closed_discovery, "sandbox mode has no authentication"),)

    def _production_rules(self) -> tuple[tuple[str, bool, str], ...]:
        lax = self.allow_insecure_loopback
        jkus = [client.jku for client in self.trusted_clients if client.jku]
        servers = [server for client in self.trusted_clients for server in client.fhir_servers]
        exposed = not all(is_secure(url, loopback=lax) for url in servers)
        return (
            ("TODAY", self.today is not None, "refused in production mode"),
            ("BASE_URL", not is_secure(self.base_url, loopback=lax), "production mode needs https"),
            ("TRUSTED_CLIENTS", not self.trusted_clients, "production mode needs at least one trusted client"),
            ("TRUSTED_CLIENTS", not all(is_secure(url, loopback=lax) for url in jkus), "each jku has to be https"),
            ("TRUSTED_CLIENTS", exposed, "FHIR servers have to be https"),
            ("FHIR_SERVERS", bool(self.fhir_servers), "in production mode they stand with their trusted client"),
        )


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name.removeprefix(PREFIX), READERS, n=1)
    return f"{name}: there is no such setting" + (f"; is {PREFIX}{close[0]} meant?" if close else "")


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"has to be one of {', '.join(allowed)}")
        return text

    return read


def _switch(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("has to be 0 or 1")
    return text == "1"


def _url(text: str) -> str:
    return plain_url(text).rstrip("/")


def _items(text: str) -> list[str]:
    return [item for item in re.split(r"[\s,]+", text) if item]


def _origins(text: str) -> tuple[str, ...]:
    origins = [_url(item) for item in _items(text)]
    if any(urlsplit(origin).path for origin in origins):
        raise ValueError("an origin is scheme, host and port, nothing more")
    return tuple(origin.lower() for origin in origins)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.1 <= seconds <= 30:
        raise ValueError("has to be a number of seconds from 0.1 to 30")
    return seconds


def _bytes(text: str) -> int:
    if not re.fullmatch(r"[0-9]{4,9}", text) or not 1024 <= int(text) <= 64 * 1024 * 1024:
        raise ValueError("has to be a number of bytes from 1024 to 67108864")
    return int(text)


def _number(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"has to be a number from {least} to {most}")
        return int(text)

    return read


def _proxy(text: str) -> str:
    url = _url(text)
    if urlsplit(url).path:
        raise ValueError("has to be scheme, host and port, nothing more")
    return url


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("has to be an IP address to listen on") from None


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("has to be a date of the form YYYY-MM-DD") from None


def _service_id(text: str) -> str:
    if not _SERVICE_ID.fullmatch(text):
        raise ValueError("has to be 1 to 64 letters, digits and hyphens")
    return text


def _database(text: str) -> str:
    if not text.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("has to begin with sqlite:/// or postgresql+psycopg://")
    return text


def _client_id(text: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]{1,256}", text):
        raise ValueError("has to be 1 to 256 visible ASCII characters")
    return text


def _issuers(text: str) -> tuple[str, ...]:
    """Base URLs as typed, since an authorization server may compare them letter by letter."""
    items = _items(text)
    bases(items)
    return tuple(items)


def _content(text: str) -> str:
    try:
        return _file(text).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError("the file cannot be read") from None


def _file(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError("is not the path of a file")
    return path


def _statements(path: Path) -> Mapping[str, str]:
    """The site's own statements, shown beside ours (TR-10): a TOML file with ``date`` and a table ``statements``."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        stated = date.fromisoformat(str(told["date"]))
        statements = {str(name): str(text).strip() for name, text in told["statements"].items()}
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, AttributeError, ValueError):
        raise ValueError("has to be a TOML file with a date and a table of statements") from None
    return {name: f"{text} (stated on {stated})" for name, text in statements.items() if text}


READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "MODE": _one_of("sandbox", "production"),
    "BASE_URL": _url,
    "TRUSTED_CLIENTS": lambda text: trusted_clients.load(_file(text)),
    "FHIR_SERVERS": lambda text: bases(_items(text)),
    "ALLOW_INSECURE_LOOPBACK": _switch,
    "DATABASE_URL": _database,
    "DATABASE_URL_FILE": lambda text: _database(_content(text)),
    "STATE_DIR": lambda text: Path(text).expanduser(),
    "DEADLINE_SECONDS": _seconds,
    "CORS_ORIGINS": _origins,
    "AUDIT_FAILURE": _one_of("continue", "refuse"),
    "TODAY": _date,
    "CLOSED_DISCOVERY": _switch,
    "SHARED_SERVICE_ID": _service_id,
    "QUESTIONNAIRE_RESPONSES": _switch,
    "REGION_NOTICE": str,
    "WITHOUT_CPT": _switch,
    "MAX_BODY_BYTES": _bytes,
    "MAX_RESOURCES": _number(100, 100_000),
    "READ_SECONDS": _seconds,
    "CALLS_AT_WORK": _number(1, 64),
    "CALLS_WAITING": _number(0, 256),
    "CA_FILE": _file,
    "FHIR_NETWORKS": lambda text: tuple(parse_network(item) for item in _items(text)),
    "FHIR_PROXY": _proxy,
    "CALLS_PER_MINUTE": _number(0, 1_000_000),
    "METRICS_PORT": _number(0, 65535),
    "METRICS_HOST": _host,
    "AUDIT_FILE": lambda text: Path(text).expanduser(),
    "FEEDBACK_KEEP_DAYS": _number(0, 36_500),
    "SEVERAL_HOSTS": _switch,
    "LOG_LEVEL": _one_of(*LEVELS),
    "TERMINOLOGY_SERVER": _url,
    "SITE_STATEMENTS": lambda text: _statements(_file(text)),
    "SMART_CLIENT_ID": _client_id,
    "SMART_CLIENT_SECRET_FILE": _content,
    "SMART_ISSUERS": _issuers,
}
"""Name without prefix to reader; the field of Settings has the same name in small letters."""
