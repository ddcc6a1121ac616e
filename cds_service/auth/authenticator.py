"""Verifies the token of each call, in one order: size, shape, header, issuer, key, signature, claims, replay (AUTH-02).

The library verifies the signature, with one asymmetric algorithm and a key object; the profile around it is ours.
Every refusal looks the same from outside; the reason goes to the log and to whoever observes (AUTH-16).
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import jwt

from cds_service.auth import tokens
from cds_service.auth.caller import Caller
from cds_service.auth.key_cache import FETCH_SECONDS, KeyCache, KeyEvent
from cds_service.auth.keys import MAX_BYTES, Key, KeySet, UnusableKeySet, read_key_set
from cds_service.auth.tokens import Standing, Token
from cds_service.auth.trusted_clients import TrustedClient
from cds_service.ehr.transport import Documents
from cds_service.errors import FetchFailure, NotAuthenticated, Refusal

_log = logging.getLogger(__name__)

_ACCEPT: Final = "application/jwk-set+json, application/json;q=0.9"
_SIGNATURE_ONLY: Final[jwt.types.Options] = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


class ReplayStore(Protocol):
    """Remembers which tokens were used, for all threads, workers and hosts together (AUTH-13)."""

    def claim(self, issuer: str, jti: str, expires_at: int) -> bool:
        """Whether this is the first use of the pair, by one atomic insert.

        Args:
            issuer: of the token.
            jti: id of the token, of any length and content.
            expires_at: second since 1970 from which the token is refused anyway.

        Raises:
            StoreUnavailable: it cannot be said.
        """
        ...


class Observer(Protocol):
    """Told what happens, for metrics. Issuers are those of the trusted clients, or empty when it is none of them."""

    def refused(self, issuer: str, reason: Refusal) -> None:
        """A call was not authenticated."""
        ...

    def key_set(self, issuer: str, event: KeyEvent) -> None:
        """A client's keys were fetched, could not be, or are served although they are old."""
        ...


class Unobserved:
    """An observer that keeps nothing: the log has it all."""

    def refused(self, issuer: str, reason: Refusal) -> None:
        """Nothing."""

    def key_set(self, issuer: str, event: KeyEvent) -> None:
        """Nothing."""


def key_loader(client: TrustedClient, documents: Documents) -> Callable[[], KeySet]:
    """How the keys of a client are read: from its file, or from the one URL configured for it (AUTH-08, AUTH-14)."""

    def load() -> KeySet:
        data = _from_file(client.jwks_file) if client.jwks_file is not None else _from_url(client.jku or "")
        return read_key_set(data, client.algorithms)

    def _from_url(url: str) -> bytes:
        try:
            return documents.fetch(url, accept=_ACCEPT, seconds=FETCH_SECONDS, limit=MAX_BYTES)
        except FetchFailure as failure:
            raise UnusableKeySet(f"the key server gave no key set ({failure.cause.name})") from None

    return load


def _from_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnusableKeySet(f"the key file cannot be read ({type(error).__name__})") from None


class Authenticator:
    """Finds the trusted client that a call comes from. Safe to use from several threads.

    Args:
        clients: the trusted ones; an issuer stands once.
        replay: remembers used tokens.
        documents: the way to key servers.
        now: seconds since 1970.
        clock: seconds that only grow, for the age of keys.
        observer: told of refusals and of the keys.
    """

    def __init__(
        self,
        clients: Sequence[TrustedClient],
        *,
        replay: ReplayStore,
        documents: Documents,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
        observer: Observer | None = None,
    ) -> None:
        self._clients: Mapping[str, TrustedClient] = {client.issuer: client for client in clients}
        self._replay = replay
        self._now = now
        self._observer = observer if observer is not None else Unobserved()
        self._keys = {client.issuer: self._cache(client, documents, clock) for client in clients}

    def _cache(self, client: TrustedClient, documents: Documents, clock: Callable[[], float]) -> KeyCache:
        return KeyCache(
            key_loader(client, documents),
            issuer=client.issuer,
            clock=clock,
            report=lambda event: self._observer.key_set(client.issuer, event),
        )

    def __call__(self, authorization: str | None, endpoint: str) -> Caller:
        """The client that sent a request.

        Args:
            authorization: the header as it came, or None.
            endpoint: public URL of the endpoint called, which the token has to be meant for.

        Raises:
            NotAuthenticated: it is none of the trusted clients, or its token breaks a rule.
            StoreUnavailable: all is well, but whether the token was used before cannot be said.
        """
        text = issuer = ""
        try:
            text = tokens.bearer(authorization)
            token = tokens.read(text)
            issuer = token.issuer
            client = self._client(token)
            self._verify(token, client)
            standing = tokens.check_claims(
                token.claims,
                audiences={endpoint, *client.audiences},
                max_life=client.max_token_life_seconds,
                now=self._now(),
            )
            self._use_up(client, standing)
        except NotAuthenticated as refused:
            self._tell(text, issuer if issuer in self._clients else "", refused.reason)
            raise
        return Caller(client.issuer, client.name, standing.tenant, client.profile, client.recommend)

    def ready(self) -> bool:
        """Whether the keys of at least one client are at hand; never waits for a key server."""
        at_hand = [keys.ready() for keys in self._keys.values()]  # each is asked, so that each begins to fetch
        return any(at_hand)

    def _client(self, token: Token) -> TrustedClient:
        """The configuration that ``iss`` leads to, if the header fits it."""
        client = self._clients.get(token.issuer)
        if client is None:
            raise NotAuthenticated(Refusal.ISSUER)
        if not token.header.typed and not client.allow_missing_typ:
            raise NotAuthenticated(Refusal.TYPE)
        if token.header.algorithm not in client.algorithms:
            raise NotAuthenticated(Refusal.ALGORITHM)
        if token.header.key_set_url is not None and token.header.key_set_url != client.jku:
            raise NotAuthenticated(Refusal.KEY_SET_URL)
        return client

    def _verify(self, token: Token, client: TrustedClient) -> None:
        """Verify the signature with the client's own key of that ``kid`` and algorithm (AUTH-06, AUTH-09)."""
        found = self._keys[client.issuer].find(token.header.key_id)
        if found is None:
            raise NotAuthenticated(Refusal.NO_KEYS)
        if not found:
            raise NotAuthenticated(Refusal.UNKNOWN_KEY)
        fitting = [key for key in found if key.algorithm == token.header.algorithm]
        if not fitting:
            raise NotAuthenticated(Refusal.KEY_ALGORITHM)
        if not any(_signed_with(key, token.text) for key in fitting):
            raise NotAuthenticated(Refusal.SIGNATURE)

    def _use_up(self, client: TrustedClient, standing: Standing) -> None:
        if not self._replay.claim(client.issuer, standing.token_id, standing.spent_at):
            raise NotAuthenticated(Refusal.REPLAYED)

    def _tell(self, text: str, issuer: str, reason: Refusal) -> None:
        mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8] if text else "none"
        _log.warning("auth-refused", extra={"reason": reason.value, "issuer": issuer or "unknown", "token": mark})
        self._observer.refused(issuer, reason)


def _signed_with(key: Key, text: str) -> bool:
    try:
        jwt.decode(text, key.public, algorithms=[key.algorithm], options=_SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError):
        return False
    return True
