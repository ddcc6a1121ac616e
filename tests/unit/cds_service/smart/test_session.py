from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.errors import Hitch, LaunchFailed
from cds_service.smart.grant import Grant, Origin
from cds_service.smart.session import SECONDS, Key, Session, begin

NOW = 1_795_536_000.0
GRANT = Grant("t0ken-sentinel", "p1-sentinel", None, True, Origin("order-sign", "i-1"))
SESSION = begin("https://ehr.example.org/fhir", GRANT, NOW)


def ended(key: Key, sealed: str | None, now: float = NOW) -> bool:
    with pytest.raises(LaunchFailed) as caught:
        key.open(sealed, now)
    return caught.value.hitch is Hitch.ENDED


def test_a_session_opens_with_its_own_key() -> None:
    key = Key.make()
    assert key.open(key.seal(SESSION), NOW) == SESSION
    assert Key(key.secret).open(key.seal(SESSION), NOW) == SESSION


def test_what_is_kept_shows_nothing_and_does_not_tell_the_key() -> None:
    key = Key.make()
    kept = key.name + key.seal(SESSION)
    for word in ("sentinel", "ehr.example.org", key.secret):
        assert word not in kept
    assert len(key.name) == 64
    assert "sentinel" not in repr(SESSION)


def test_no_other_key_opens_it() -> None:
    key, other = Key.make(), Key.make()
    assert key.name != other.name
    assert ended(other, key.seal(SESSION))


@pytest.mark.parametrize("sealed", [None, "", "x", "\u00e9", "gAAAAA=="])
def test_what_was_never_sealed_does_not_open(sealed: str | None) -> None:
    assert ended(Key.make(), sealed)


def test_an_altered_session_does_not_open() -> None:
    key = Key.make()
    sealed = key.seal(SESSION)
    assert ended(key, sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:])


@pytest.mark.parametrize(("token_lasts", "lasts"), [(None, SECONDS), (3600, SECONDS), (60, 60)])
def test_a_session_ends_after_ten_minutes_or_with_its_token(token_lasts: int | None, lasts: int) -> None:
    key = Key.make()
    session: Session = begin("https://ehr.example.org/fhir", replace(GRANT, seconds=token_lasts), NOW)
    sealed = key.seal(session)
    assert key.open(sealed, NOW + lasts - 1) == session
    assert ended(key, sealed, NOW + lasts)
