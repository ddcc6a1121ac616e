"""What is kept after a launch: sealed with a key that only the browser's cookie holds.

The store alone cannot be read, and the cookie alone says nothing: neither the access token nor the patient is in it.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from cds_service.errors import Hitch, LaunchFailed
from cds_service.smart.grant import Grant

SECONDS: Final = 600
"""A page can be read for so long, or for as long as the access token lasts if that is shorter."""
SECRET_CHARACTERS: Final = 43


class Session(msgspec.Struct, frozen=True):
    """One launch that was granted.

    Attributes:
        iss: base URL of the FHIR server.
        grant: what was granted.
        ends: second since 1970 at which it is over.
    """

    iss: str
    grant: Grant
    ends: float

    def __repr__(self) -> str:
        return "Session(...)"


@dataclass(frozen=True, slots=True)
class Key:
    """The secret in the browser's cookie: it names the session in the store, and opens it."""

    secret: str

    @classmethod
    def make(cls) -> Key:
        """A new one: 256 bits."""
        return cls(secrets.token_urlsafe(32))

    @property
    def name(self) -> str:
        """Under which the session is kept; 64 hexadecimal digits that do not tell the secret."""
        return self._derived("name").hex()

    def seal(self, session: Session) -> str:
        """The session as it is kept."""
        return self._lock().encrypt(msgspec.json.encode(session)).decode("ascii")

    def open(self, sealed: str | None, now: float) -> Session:
        """The session that was sealed with this key.

        Args:
            sealed: as it was kept; None when there is none.
            now: seconds since 1970.

        Raises:
            LaunchFailed: there is none, it is over, or it was not sealed with this key.
        """
        try:
            session = msgspec.json.decode(self._lock().decrypt((sealed or "").encode("ascii")), type=Session)
        except (InvalidToken, UnicodeEncodeError):
            raise LaunchFailed(Hitch.ENDED) from None
        if now >= session.ends:
            raise LaunchFailed(Hitch.ENDED)
        return session

    def _lock(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._derived("key")))

    def _derived(self, purpose: str) -> bytes:
        return hmac.digest(self.secret.encode("utf-8"), purpose.encode("ascii"), "sha256")


def begin(iss: str, grant: Grant, now: float) -> Session:
    """A session that ends after ten minutes, or with the token."""
    return Session(iss, grant, now + min(SECONDS, grant.seconds if grant.seconds is not None else SECONDS))
