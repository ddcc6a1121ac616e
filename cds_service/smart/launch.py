"""A launch under way: state and PKCE (RFC 7636), the address the browser is sent to, and what its cookie holds.

Nothing is kept here while the user is at the authorization server, so that requests which nobody has authorized write
nothing, and any worker of any host can go on. The browser's cookie holds one random secret besides the FHIR server and
the end of the time allowed; ``state`` and the PKCE verifier are derived from all three. A ``state`` that comes back
thus fits only the cookie of the browser that began this very launch, unaltered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlencode

from cds_service.errors import Hitch, LaunchFailed
from cds_service.smart.configuration import S256, Configuration
from cds_service.smart.registry import MAX_ISS

SECONDS: Final = 600
"""From the first request to the return with a code."""
MAX_LAUNCH: Final = 2048
NAMED_BY: Final = 12
"""Characters of ``state`` in the cookie's name, so that launches in several windows do not meet."""
MAX_COOKIE: Final = 3 * MAX_ISS + 100

PATIENT_CHOSEN: Final = "launch"
PATIENT_TO_CHOOSE: Final = "launch/patient"


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch that has begun.

    Attributes:
        iss: base URL of the FHIR server, as it came.
        ends: second since 1970 after which no code is taken.
        secret: what only this browser knows.
    """

    iss: str
    ends: int
    secret: str

    @classmethod
    def begin(cls, iss: str, now: float) -> Launch:
        """A new launch at a FHIR server."""
        return cls(iss, int(now) + SECONDS, secrets.token_urlsafe(32))

    @property
    def state(self) -> str:
        """What comes back with the code: 256 bits."""
        return self._derived("state")

    @property
    def verifier(self) -> str:
        """PKCE verifier: 43 characters, 256 bits."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """PKCE challenge of method S256."""
        return _base64url(hashlib.sha256(self.verifier.encode("ascii")).digest())

    def cookie(self) -> str:
        """Value of the browser's cookie."""
        return f"{self.secret}.{self.ends}.{quote(self.iss, safe='')}"

    def _derived(self, purpose: str) -> str:
        text = f"{purpose}\n{self.ends}\n{self.iss}"
        return _base64url(hmac.digest(self.secret.encode("utf-8"), text.encode("utf-8"), "sha256"))


def resume(cookie: str | None, state: str, now: float) -> Launch:
    """The launch that an answer belongs to.

    Args:
        cookie: value of the browser's cookie of that name; None if it has none.
        state: as it came back.
        now: seconds since 1970.

    Raises:
        LaunchFailed: it was not begun in this browser, is altered, or took too long.
    """
    secret, _, rest = (cookie or "")[:MAX_COOKIE].partition(".")
    ends, _, iss = rest.partition(".")
    if not secret or not ends.isascii() or not ends.isdigit() or not state.isascii():
        raise LaunchFailed(Hitch.NOT_BEGUN_HERE)
    launch = Launch(unquote(iss), int(ends[:12]), secret)
    if not hmac.compare_digest(launch.state, state) or now >= launch.ends:
        raise LaunchFailed(Hitch.NOT_BEGUN_HERE)
    return launch


def scopes(types: Iterable[str], *, speaks_v2: bool, within_ehr: bool) -> str:
    """The scopes asked for: the patient of the launch, and reading and searching each type, nothing else.

    Args:
        types: resource types.
        speaks_v2: ``patient/Condition.rs``; else as SMART 1 has it, ``patient/Condition.read``.
        within_ehr: the EHR has chosen the patient; else the authorization server asks the user.
    """
    access = "rs" if speaks_v2 else "read"
    return " ".join(
        [PATIENT_CHOSEN if within_ehr else PATIENT_TO_CHOOSE, *(f"patient/{kind}.{access}" for kind in types)]
    )


def authorization_url(
    configuration: Configuration,
    launch: Launch,
    *,
    client_id: str,
    redirect_uri: str,
    types: Iterable[str],
    handed: str | None,
) -> str:
    """Where the browser is sent to ask for a code.

    Args:
        configuration: of the FHIR server.
        launch: just begun.
        client_id: of this app there.
        redirect_uri: where the answer comes back to.
        types: resource types to be read.
        handed: ``launch`` as the EHR handed it over; None when the launch begins here.
    """
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": scopes(types, speaks_v2=configuration.speaks_v2, within_ehr=handed is not None),
        "state": launch.state,
        "aud": launch.iss,
        "code_challenge": launch.challenge,
        "code_challenge_method": S256,
    }
    if handed is not None:
        asked["launch"] = handed
    joint = "&" if "?" in configuration.authorization_endpoint else "?"
    return f"{configuration.authorization_endpoint}{joint}{urlencode(asked, quote_via=quote)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
