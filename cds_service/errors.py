"""Every error that the service raises, and every named cause of missing data. None of them knows HTTP.

::

    ServiceError
      SettingsError         the environment cannot be used; carries every fault
      RefusedRequest        the caller has to change something
        BadRequest          malformed, incomplete or contradictory
          ForeignHook       a hook this service id does not answer
        UnknownService      no service of that id
        ForbiddenServer     a FHIR server that this service may not ask
        BodyTooLarge        more bytes or members than are read
        UnsupportedBody     not JSON by its headers, or encoded
      LaunchFailed          a SMART launch or its page cannot go on; carries the Hitch
      NotAuthenticated      the caller did not show who it is; carries the Refusal, which is for the log alone
      PreconditionFailed    data without which no rule can speak could not be had (CDS Hooks: 412)
      UnsupportedFhirVersion  the data are of a FHIR version that is not read (412 as well: no rule can speak)
      TryLater              all is well with the call, only not now
        Overloaded          no place to work just now (503)
        TooManyCalls        the client is over its rate (429)
      BodyTooLate           the body did not arrive in time (408)
      StoreUnavailable      the store cannot be written or read just now; nothing was kept (503)
      AuditUnavailable      the audit record cannot be written, and the site wants no answer without one (503)
      MalformedJson         text that the strict reader refuses; becomes a BadRequest or a FetchFailure
      FetchFailure          one question to the FHIR server failed, with its Cause; never leaves ``ehr``

Messages name elements of the request, never their values: what a message says may be logged and answered.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence


class Cause(enum.StrEnum):
    """Why a question to the record stayed open, in words fit for a card. A fixed set: also the label of a metric."""

    NOT_SUPPLIED = "it was not sent with the call and there was no FHIR server to ask"
    UNUSABLE = "what was sent with the call could not be read"
    OUTCOME = "the EHR reported an error in place of the data"
    TIMED_OUT = "the FHIR server did not answer in time"
    UNREACHABLE = "the FHIR server could not be reached"
    NOT_TRUSTED = "no secure connection to the FHIR server could be made"
    ADDRESS_REFUSED = "the FHIR server's name leads to an address that may not be asked"
    NOT_ASKED = "the FHIR server failed several times in a row and is not asked again yet"
    NOT_ACCEPTED = "the FHIR server did not accept the access token (401)"
    FORBIDDEN = "the FHIR server refused access (403)"
    NOT_FOUND = "the FHIR server did not find it (404)"
    GONE = "the FHIR server no longer has it (410)"
    NOT_PROCESSED = "the FHIR server did not process the question (4xx)"
    BUSY = "the FHIR server had too many requests (429)"
    SERVER_FAILED = "the FHIR server failed (5xx)"
    REDIRECTED = "the FHIR server pointed to another address, which is not followed"
    NO_CONTENT = "the FHIR server sent an empty answer"
    CUT_SHORT = "the answer of the FHIR server was cut off"
    NOT_JSON = "the answer of the FHIR server was not readable JSON"
    WRONG_TYPE = "the answer was of another kind than asked for"
    TOO_LARGE = "the answer was larger than is read"
    TOO_MANY_RESOURCES = "there were more resources than are read"
    TOO_MANY_PAGES = "there were more pages than are read"
    PAGES_IN_A_CIRCLE = "the pages pointed back to one already read"
    PAGE_ELSEWHERE = "a further page lay outside the FHIR server, where it is not followed"
    MORE_PAGES = "there were further pages and no FHIR server to ask for them"
    FEWER_THAN_TOTAL = "fewer entries came than the stated total"
    UNREADABLE_ENTRIES = "some entries could not be read"
    TOO_MANY_REQUESTS = "more questions were needed than one call may ask"
    BAD_REFERENCE = "the reference does not lead to the FHIR server"


class Refusal(enum.StrEnum):
    """Why a client was not authenticated, by code. A fixed set: also the label of a metric. Never part of an answer."""

    NO_TOKEN = "no-token"  # noqa: S105 - a code, not a secret
    TOO_LONG = "token-too-long"
    SHAPE = "token-shape"
    HEADER = "header-json"
    CLAIMS = "claims-json"
    TYPE = "typ"
    ALGORITHM = "alg"
    CRITICAL = "crit"
    KEY_ID = "kid"
    ISSUER = "iss"
    KEY_SET_URL = "jku"
    NO_KEYS = "key-set-unavailable"
    UNKNOWN_KEY = "kid-unknown"
    KEY_ALGORITHM = "key-for-another-alg"
    SIGNATURE = "signature"
    AUDIENCE = "aud"
    TIMES = "times-malformed"
    EXPIRED = "expired"
    ISSUED_LATER = "iat-in-the-future"
    NOT_YET = "nbf-in-the-future"
    LIFE = "life-too-long"
    TOKEN_ID = "jti"  # noqa: S105 - as above
    TENANT = "tenant"
    REPLAYED = "replayed"


class Hitch(enum.StrEnum):
    """Why a SMART launch or its page cannot go on, in words for the person before it; by name in the log."""

    NO_SERVER = "No FHIR server was named. Open this page from the patient's record."
    BAD_PARAMETERS = "The address that this page was opened with is not one of a SMART launch."
    FOREIGN_SERVER = "This service is not registered with the FHIR server that the launch names."
    NO_CONFIGURATION = "The SMART configuration of the FHIR server could not be had."
    BAD_CONFIGURATION = "The SMART configuration of the FHIR server cannot be used: addresses are missing or unsafe."
    NO_S256 = "The authorization server does not offer the protection (PKCE with S256) that this service insists on."
    NOT_BEGUN_HERE = "This launch was not begun in this browser, or more than ten minutes ago."
    OTHER_AUTHORITY = "The answer came from another authorization server than the one that was asked."
    NOT_ALLOWED = "The authorization server did not allow it."
    NOT_AUTHORIZED = "The authorization server ended the launch with an error."
    NO_CODE = "The authorization server sent no code."
    CODE_REFUSED = "The authorization server did not take the code; each can be used once, for a short time."
    NO_TOKEN = "The authorization server gave no access token that can be used."  # noqa: S105 - words, not a secret
    NO_PATIENT = "No patient was chosen in the launch."
    ENDED = "This page has ended: it can be read for ten minutes."


class ServiceError(Exception):
    """Root of every error that this package raises on purpose."""


class SettingsError(ServiceError):
    """The settings cannot be used; ``faults`` has one line for each thing that is wrong."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults))


class RefusedRequest(ServiceError):  # noqa: N818 - named by what happened
    """The caller has to change something; ``element`` names the member at fault, empty for the whole body."""

    def __init__(self, reason: str, element: str = "") -> None:
        self.reason = reason
        self.element = element
        super().__init__(f"{element}: {reason}" if element else reason)


class BadRequest(RefusedRequest):
    """The request is malformed, incomplete or contradicts itself."""


class ForeignHook(BadRequest):
    """The service id exists, but not for the hook of this call."""


class UnknownService(RefusedRequest):
    """No service is published under this id."""


class ForbiddenServer(RefusedRequest):
    """``fhirServer`` is well formed, but not one that this service may ask."""


class BodyTooLarge(RefusedRequest):
    """The body, or one of its parts, is larger than what is read."""


class UnsupportedBody(RefusedRequest):
    """The body is not JSON by its Content-Type, or carries a content coding."""


class LaunchFailed(ServiceError):  # noqa: N818 - named by what happened
    """A SMART launch, or the page that it opened, cannot go on. The message is that of the hitch, nothing else."""

    def __init__(self, hitch: Hitch) -> None:
        self.hitch = hitch
        super().__init__(hitch.value)


class NotAuthenticated(ServiceError):  # noqa: N818 - named by what happened
    """The caller did not show who it is. The message is one and the same for every reason (AUTH-16)."""

    def __init__(self, reason: Refusal) -> None:
        self.reason = reason
        super().__init__("The call carries no usable JSON Web Token of a trusted client")


class PreconditionFailed(ServiceError):  # noqa: N818 - named by what happened
    """No rule can speak: ``missing`` pairs each needed prefetch key with the reason why it could not be had."""

    def __init__(self, missing: Sequence[tuple[str, str]]) -> None:
        self.missing = tuple(missing)
        super().__init__("; ".join(f"{key}: {reason}" for key, reason in self.missing))


class UnsupportedFhirVersion(ServiceError):  # noqa: N818 - says what it is
    """The record is of a FHIR version that this service does not read; ``reason`` names it and those that are read."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class TryLater(ServiceError):  # noqa: N818 - says what to do
    """All is well with the call, only not now; ``retry_after`` is in seconds."""

    def __init__(self, reason: str, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(reason)


class Overloaded(TryLater):
    """No place to work was free."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("The service is busy", retry_after)


class TooManyCalls(TryLater):
    """The client made more calls than it may."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("More calls came from this client than it may make", retry_after)


class BodyTooLate(ServiceError):  # noqa: N818 - named by what happened
    """The body of the request did not arrive within the time for it."""


class StoreUnavailable(ServiceError):  # noqa: N818 - says what it is
    """The store cannot be written or read just now; nothing of the transaction was kept."""


class AuditUnavailable(ServiceError):  # noqa: N818 - as above
    """The audit record cannot be written, and the site has chosen not to answer without one."""


class MalformedJson(ServiceError):  # noqa: N818 - named by what happened
    """The text is not JSON by the strict reader's rules; the message says which rule."""


class FetchFailure(ServiceError):  # noqa: N818 - named by what happened
    """One question to the FHIR server failed."""

    def __init__(self, cause: Cause) -> None:
        self.cause = cause
        super().__init__(cause.value)
