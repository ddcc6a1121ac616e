from __future__ import annotations

from importlib.metadata import PackageNotFoundError

import pytest

from cds_service import cli, serve
from cds_service.cli import version as version_command


def test_every_command_is_named_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in cli.COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["serve", "--port", "70000"], ["serve", "--workers", "0"]])
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2


def test_version_prints_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_command, "version", {"recurrence-cds": "1.2.3"}.__getitem__)
    assert cli.main(["version"]) == 0
    assert capsys.readouterr().out.startswith("recurrence-cds 1.2.3, Python 3.")


def test_version_works_from_a_bare_checkout(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_there(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(version_command, "version", not_there)
    assert cli.main(["version"]) == 0
    assert "(not installed)" in capsys.readouterr().out


def test_serve_hands_its_arguments_on(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def run(host: str, port: int, *, server: str, workers: int | None) -> int:
        given.extend((host, port, server, workers))
        return 3

    monkeypatch.setattr(serve, "run", run)
    assert cli.main(["serve", "--host", "::1", "--port", "0", "--server", "granian", "--workers", "2"]) == 3
    assert given == ["::1", 0, "granian", 2]
    given.clear()
    cli.main(["serve"])
    assert given == ["127.0.0.1", 8000, "gunicorn", None]


def test_the_command_line_is_read_from_the_process_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["recurrence-cds", "version"])
    assert cli.main() == 0
