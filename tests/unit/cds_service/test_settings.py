from __future__ import annotations

from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from cds_service.errors import SettingsError
from cds_service.settings import DEFAULT_NOTICE, PREFIX, READERS, Settings

CLIENT = """
[[client]]
name = "Example EHR"
issuer = "https://ehr.example.org/"
jku = "https://ehr.example.org/jwks.json"
fhir_servers = ["https://ehr.example.org/fhir/"]
"""


def load(**values: str) -> Settings:
    return Settings.load({f"{PREFIX}{name}": value for name, value in values.items()})


def faults(**values: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(**values)
    return caught.value.faults


def file(folder: Path, text: str) -> str:
    path = folder / "clients.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_an_empty_environment_is_the_sandbox() -> None:
    settings = Settings.load({"PATH": "/bin", "OTHER": "x"})
    assert settings == Settings()
    assert settings.sandbox
    assert settings.max_body_bytes == 4 * 1024 * 1024
    assert settings.stored_in == f"sqlite:///{settings.state_dir / 'recurrence-cds.sqlite3'}"


def test_files_of_the_state_folder_may_be_put_elsewhere(tmp_path: Path) -> None:
    assert load(STATE_DIR=str(tmp_path)).audited_in == tmp_path / "audit" / "audit.jsonl"
    assert load(AUDIT_FILE=str(tmp_path / "a.jsonl")).audited_in == tmp_path / "a.jsonl"


def test_keep_06_sqlite_is_refused_where_there_are_several_hosts() -> None:
    assert "SQLite is for one host" in faults(SEVERAL_HOSTS="1")[0]
    assert load(SEVERAL_HOSTS="1", DATABASE_URL="postgresql+psycopg://db/x").several_hosts
    assert not load(SEVERAL_HOSTS="0").several_hosts


@pytest.mark.parametrize(("name", "value"), [("FEEDBACK_KEEP_DAYS", "-1"), ("LOG_LEVEL", "loud")])
def test_strange_values_of_traces_are_refused(name: str, value: str) -> None:
    assert len(faults(**{name: value})) == 1
    assert (load(FEEDBACK_KEEP_DAYS="0").feedback_keep_days, load(LOG_LEVEL="DEBUG").log_level) == (0, "DEBUG")


def test_every_field_has_a_reader_and_every_reader_a_field() -> None:
    assert {field.name.upper() for field in fields(Settings)} == READERS.keys()


def test_every_setting_is_read(tmp_path: Path) -> None:
    settings = load(
        BASE_URL="https://cds.example.org/",
        FHIR_SERVERS="https://a.example.org/fhir, http://b.example.org:8080/r4/",
        DATABASE_URL="postgresql+psycopg://u:secret@db/x",
        STATE_DIR=str(tmp_path),
        DEADLINE_SECONDS="1.5",
        CORS_ORIGINS="https://EHR.example.org https://other.example.org:8443",
        AUDIT_FAILURE="refuse",
        TODAY="2026-11-24",
        SHARED_SERVICE_ID="cervical-recurrence",
        QUESTIONNAIRE_RESPONSES="1",
        REGION_NOTICE="Evaluation only.",
        WITHOUT_CPT="1",
        MAX_BODY_BYTES="2097152",
        ALLOW_INSECURE_LOOPBACK="0",
        CA_FILE=file(tmp_path, ""),
    )
    assert settings == Settings(
        base_url="https://cds.example.org",
        fhir_servers=("https://a.example.org/fhir/", "http://b.example.org:8080/r4/"),
        database_url="postgresql+psycopg://u:secret@db/x",
        state_dir=tmp_path,
        deadline_seconds=1.5,
        cors_origins=("https://ehr.example.org", "https://other.example.org:8443"),
        audit_failure="refuse",
        today=date(2026, 11, 24),
        shared_service_id="cervical-recurrence",
        questionnaire_responses=True,
        region_notice="Evaluation only.",
        without_cpt=True,
        max_body_bytes=2097152,
        ca_file=tmp_path / "clients.toml",
    )
    assert settings.stored_in == "postgresql+psycopg://u:secret@db/x"
    assert "secret" not in repr(settings)


def test_blank_values_are_as_good_as_none() -> None:
    assert load(REGION_NOTICE=" ", TODAY="").region_notice == DEFAULT_NOTICE


def test_all_faults_are_named_at_once() -> None:
    found = faults(MODE="test", DEADLINE_SECONDS="soon", TODAY="tomorrow", DEADLINE="3")
    assert [fault.partition(":")[0].removeprefix(PREFIX) for fault in found] == [
        "DEADLINE",
        "DEADLINE_SECONDS",
        "MODE",
        "TODAY",
    ]
    assert "RECURRENCE_CDS_DEADLINE_SECONDS meant?" in found[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODE", "Production"),
        ("BASE_URL", "cds.example.org"),
        ("BASE_URL", "ftp://cds.example.org"),
        ("BASE_URL", "https://u@cds.example.org"),
        ("BASE_URL", "https://cds.example.org/?x=1"),
        ("BASE_URL", "https://cds.example.org:0"),
        ("BASE_URL", "https://cds.example.org:x"),
        ("FHIR_SERVERS", "https://a.example.org/fhir/../x"),
        ("FHIR_SERVERS", "https://a.example.org/fhir?x"),
        ("ALLOW_INSECURE_LOOPBACK", "yes"),
        ("DATABASE_URL", "mysql://x"),
        ("DEADLINE_SECONDS", "0"),
        ("DEADLINE_SECONDS", "nan"),
        ("DEADLINE_SECONDS", "31"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "https://a.example.org/path"),
        ("AUDIT_FAILURE", "ignore"),
        ("TODAY", "2026-13-01"),
        ("SHARED_SERVICE_ID", "a/b"),
        ("SHARED_SERVICE_ID", "a%20b"),
        ("MAX_BODY_BYTES", "1"),
        ("MAX_BODY_BYTES", "4 MiB"),
        ("CA_FILE", "/nowhere/ca.pem"),
        ("TRUSTED_CLIENTS", "/nowhere/clients.toml"),
        ("CLOSED_DISCOVERY", "1"),
        ("NO_SUCH_THING", "1"),
    ],
)
def test_one_fault_is_one_line_that_names_the_setting_and_not_the_value(name: str, value: str) -> None:
    (fault,) = faults(**{name: value})
    assert fault.startswith(f"{PREFIX}{name}: ")
    assert len(value) < 3 or value not in fault.removeprefix(f"{PREFIX}{name}: ")


def test_trusted_clients_are_read(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{}", "utf-8")
    second = """
[[client]]
name = "Other"
issuer = "other"
jwks_file = "keys.json"
audiences = ["x"]
algorithms = ["RS256"]
profile = "epic"
max_token_life_seconds = 3600
recommend = true
"""
    one, two = load(TRUSTED_CLIENTS=file(tmp_path, CLIENT + second)).trusted_clients
    assert (one.issuer, one.profile, one.recommend) == ("https://ehr.example.org/", "standard", False)
    assert (one.algorithms, one.max_token_life_seconds) == (("ES384", "RS384"), 900)
    assert one.fhir_servers == ("https://ehr.example.org/fhir/",)
    assert two.jwks_file == tmp_path / "keys.json"
    assert (two.profile, two.recommend, two.max_token_life_seconds, two.audiences) == ("epic", True, 3600, ("x",))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[client", "not readable TOML"),
        ("", "nothing else"),
        (CLIENT + "[other]\n", "nothing else"),
        (CLIENT + CLIENT, "stands twice"),
        (CLIENT + 'secret = "x"\n', "secret is not a member"),
        (CLIENT.replace("issuer", "issue"), "issuer is missing"),
        (CLIENT + 'jwks_file = "no.json"\n', "jwks_file is not"),
        (CLIENT.replace("jku", "#"), "either jku or jwks_file is needed"),
        (CLIENT.replace('jku = "https://ehr.example.org/jwks.json"', 'jwks_file = "no.json"'), "jwks_file is not"),
        (CLIENT + 'algorithms = ["HS256"]\n', "algorithms have to be among"),
        (CLIENT + 'algorithms = ["none"]\n', "algorithms have to be among"),
        (CLIENT + "algorithms = []\n", "algorithms have to be among"),
        (CLIENT + 'profile = "big"\n', "profile has to be one of"),
        (CLIENT + "max_token_life_seconds = 3601\n", "max_token_life_seconds"),
        (CLIENT + "max_token_life_seconds = true\n", "max_token_life_seconds"),
        (CLIENT + 'recommend = "yes"\n', "recommend has to be true or false"),
        (CLIENT + 'audiences = "x"\n', "audiences has to be a list"),
        (CLIENT + "audiences = [7]\n", "audiences has to be a text"),
        (CLIENT.replace("https://ehr.example.org/fhir/", "https://u@ehr.example.org"), "fhir_servers"),
    ],
)
def test_faults_of_the_trusted_clients_file(tmp_path: Path, text: str, fault: str) -> None:
    (found,) = faults(TRUSTED_CLIENTS=file(tmp_path, text))
    assert fault in found


def test_production_mode_names_everything_that_is_too_lax(tmp_path: Path) -> None:
    found = faults(MODE="production", TODAY="2026-11-24", FHIR_SERVERS="https://a.example.org")
    assert [fault.removeprefix(PREFIX).partition(":")[0] for fault in found] == [
        "TODAY",
        "BASE_URL",
        "TRUSTED_CLIENTS",
        "FHIR_SERVERS",
    ]
    lax = file(tmp_path, CLIENT.replace("https://ehr.example.org/jwks", "http://127.0.0.1/jwks"))
    production = {"MODE": "production", "BASE_URL": "https://cds.example.org", "TRUSTED_CLIENTS": lax}
    assert len(faults(**production)) == 1
    assert load(**production, ALLOW_INSECURE_LOOPBACK="1").mode == "production"
    assert load(**production | {"TRUSTED_CLIENTS": file(tmp_path, CLIENT)}).trusted_clients[0].name == "Example EHR"


def test_tr_10_a_site_states_what_it_wants_with_a_date(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text('date = 2026-12-01\n[statements]\n"Local contact" = "Ward 7"\n"Empty" = " "\n', encoding="utf-8")
    settings = Settings.load({f"{PREFIX}SITE_STATEMENTS": str(file)})
    assert settings.site_statements == {"Local contact": "Ward 7 (stated on 2026-12-01)"}


@pytest.mark.parametrize("content", ["", "date = 2026-12-01", "date = 'soon'\n[statements]\na = 'b'", "= x", "date"])
def test_tr_10_a_file_without_date_or_statements_is_a_fault(tmp_path: Path, content: str) -> None:
    file = tmp_path / "site.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="has to be a TOML file with a date and a table of statements"):
        Settings.load({f"{PREFIX}SITE_STATEMENTS": str(file)})


def test_the_smart_app_is_off_by_default_and_its_settings_are_read(tmp_path: Path) -> None:
    assert load().smart_client_id is None
    (tmp_path / "secret").write_text("hush\n", "utf-8")
    settings = load(
        SMART_CLIENT_ID="ours",
        SMART_CLIENT_SECRET_FILE=str(tmp_path / "secret"),
        SMART_ISSUERS="https://a.example.org/r4 http://127.0.0.1:8081/fhir/",
    )
    assert (settings.smart_client_id, settings.smart_client_secret_file) == ("ours", "hush")
    assert settings.smart_issuers == ("https://a.example.org/r4", "http://127.0.0.1:8081/fhir/")
    assert "hush" not in repr(settings)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"SMART_CLIENT_ID": "two words"}, "SMART_CLIENT_ID"),
        ({"SMART_ISSUERS": "https://a.example.org/r4"}, "SMART_CLIENT_ID"),
        ({"SMART_CLIENT_ID": "ours", "SMART_ISSUERS": "http://a.example.org/r4"}, "SMART_ISSUERS"),
        ({"SMART_CLIENT_ID": "ours", "SMART_ISSUERS": "https://a.example.org/r4?x"}, "SMART_ISSUERS"),
        ({"SMART_CLIENT_ID": "ours", "SMART_CLIENT_SECRET_FILE": "/nowhere"}, "SMART_CLIENT_SECRET_FILE"),
    ],
)
def test_faults_of_the_smart_settings(values: dict[str, str], name: str) -> None:
    (found,) = faults(**values)
    assert found.startswith(f"{PREFIX}{name}:")


def test_in_production_a_smart_server_of_this_machine_needs_the_setting_for_tests(tmp_path: Path) -> None:
    production = {
        "MODE": "production",
        "BASE_URL": "https://cds.example.org",
        "TRUSTED_CLIENTS": file(tmp_path, CLIENT),
        "SMART_CLIENT_ID": "ours",
        "SMART_ISSUERS": "http://127.0.0.1:8081/fhir",
    }
    assert faults(**production) == (f"{PREFIX}SMART_ISSUERS: have to be https",)
    assert load(**production, ALLOW_INSECURE_LOOPBACK="1").smart_issuers


def test_settings_of_running_are_read() -> None:
    settings = load(
        FHIR_NETWORKS="10.1.0.0/16, fd12::/16 192.0.2.7",
        FHIR_PROXY="http://proxy.example.org:3128/",
        CALLS_PER_MINUTE="600",
        CALLS_AT_WORK="4",
        CALLS_WAITING="0",
        READ_SECONDS="5",
        MAX_RESOURCES="2000",
        METRICS_PORT="9464",
        METRICS_HOST="::1",
    )
    assert [str(network) for network in settings.fhir_networks] == ["10.1.0.0/16", "fd12::/16", "192.0.2.7/32"]
    assert settings.fhir_proxy == "http://proxy.example.org:3128"
    assert (settings.calls_per_minute, settings.calls_at_work, settings.calls_waiting) == (600, 4, 0)
    assert (settings.read_seconds, settings.max_resources) == (5, 2000)
    assert (settings.metrics_port, settings.metrics_host) == (9464, "::1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FHIR_NETWORKS", "10.1.2.3/16"),
        ("FHIR_NETWORKS", "the hospital"),
        ("FHIR_PROXY", "proxy:3128"),
        ("FHIR_PROXY", "http://proxy/path"),
        ("FHIR_PROXY", "http://user:word@proxy:3128"),
        ("CALLS_PER_MINUTE", "many"),
        ("CALLS_AT_WORK", "0"),
        ("CALLS_WAITING", "-1"),
        ("READ_SECONDS", "31"),
        ("MAX_RESOURCES", "99"),
        ("METRICS_PORT", "65536"),
        ("METRICS_HOST", "localhost"),
    ],
)
def test_strange_values_of_running_are_refused(name: str, value: str) -> None:
    (fault,) = faults(**{name: value})
    assert fault.startswith(f"{PREFIX}{name}: ")


def test_run_04_the_database_may_stand_in_a_file_and_is_never_shown(tmp_path: Path) -> None:
    url = "postgresql+psycopg://u:secret@db/x"
    settings = load(DATABASE_URL_FILE=file(tmp_path, f"{url}\n"))
    assert settings.stored_in == url
    assert "secret" not in repr(settings)
    assert "DATABASE_URL already" in faults(DATABASE_URL_FILE=file(tmp_path, url), DATABASE_URL=url)[0]
    for content in ("mysql://u:secret@db/x", ""):
        (fault,) = faults(DATABASE_URL_FILE=file(tmp_path, content))
        assert "secret" not in fault
    (tmp_path / "odd").write_bytes(b"\xff\xfe")
    assert "cannot be read" in faults(DATABASE_URL_FILE=str(tmp_path / "odd"))[0]
    assert "not the path" in faults(DATABASE_URL_FILE=str(tmp_path / "none"))[0]
