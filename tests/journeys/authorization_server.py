"""An EHR with a SMART authorization server on a real socket, small and strict: it verifies what the app has to send.

It holds one record behind one access token. The user who would sign in and choose a patient is played by ``/authorize``
itself, which answers at once.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from cds_service.demo.fhir_endpoint import make_app, running

CLIENT_ID = "recurrence-reasons"
ACCESS_TOKEN = "sentinel-access-token-5b1f"
CHALLENGE_SIZE = 43


@dataclass
class AuthorizationServer:
    """The EHR under way.

    Attributes:
        patient_id: whose record it is; handed over with the token.
        redirect_uri: the only one registered.
        secret: of a confidential client; None for a public one.
        url: root of the server, once it runs.
        answers: members of the token response that replace or, with None, remove its own.
        configuration: members of the SMART configuration, as above.
        denies: the ``error`` that the user's or the server's refusal comes back with.
        well_known_status: of the SMART configuration.
        token_status: of the token endpoint, in place of its verdict.
        asked: method, path and parameters of every request.
        refusals: why the token endpoint refused.
    """

    patient_id: str
    redirect_uri: str
    secret: str | None = None
    url: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    denies: str = ""
    well_known_status: int = 200
    token_status: int = 0
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    _launches: dict[str, str | None] = field(default_factory=dict)
    _codes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def iss(self) -> str:
        """FHIR base, as it names itself in launches."""
        return f"{self.url}/fhir"

    def opens(self, app_context: str | None = None) -> str:
        """The user follows a card's link in the EHR; the ``launch`` parameter that the EHR adds to its address."""
        launch = secrets.token_urlsafe(16)
        self._launches[launch] = app_context
        return launch

    def paths(self) -> list[str]:
        """Of every request, in order."""
        return [path for _, path, _ in self.asked]

    def authorize(self, given: Mapping[str, str]) -> Response:
        """The authorization endpoint."""
        right = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": self.redirect_uri, "aud": self.iss}
        wrong = [name for name, value in right.items() if given.get(name) != value]
        if wrong or given.get("code_challenge_method") != "S256" or len(given["code_challenge"]) != CHALLENGE_SIZE:
            return Response(f"wrong: {wrong}", 400)
        scopes = given["scope"].split()
        launch = given.get("launch")
        if ("launch" in scopes) != (launch in self._launches) or ("launch/patient" in scopes) == ("launch" in scopes):
            return Response("wrong launch", 400)
        back = {"state": given["state"], "iss": f"{self.url}/auth"}
        if self.denies:
            back |= {"error": self.denies, "error_description": "<script>alert(1)</script> sentinel-description"}
        else:
            back["code"] = secrets.token_urlsafe(16)
            context = self._launches.pop(launch) if launch is not None else None
            self._codes[back["code"]] = {"challenge": given["code_challenge"], "context": context, "scope": scopes}
        return Response(status=302, headers={"Location": f"{self.redirect_uri}?{urlencode(back)}"})

    def token(self, request: Request) -> Response:
        """The token endpoint: each code once, with its own verifier, by the client that it was issued to."""
        form = request.form.to_dict()
        code = self._codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        basic = request.authorization
        known = basic is not None and (basic.username, basic.password) == (CLIENT_ID, self.secret)
        checks = {
            "grant": form.get("grant_type") == "authorization_code",
            "code": code is not None,
            "redirect": form.get("redirect_uri") == self.redirect_uri,
            "verifier": code is not None
            and base64.urlsafe_b64encode(verifier).rstrip(b"=").decode() == code["challenge"],
            "client": known if self.secret is not None else form.get("client_id") == CLIENT_ID,
        }
        self.refusals += [name for name, holds in checks.items() if not holds]
        if self.token_status or not all(checks.values()):
            return _json({"error": "invalid_grant"}, self.token_status or 400)
        assert code is not None
        answer = {
            "access_token": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": " ".join(code["scope"]),
            "patient": self.patient_id,
            "need_patient_banner": True,
            "appContext": code["context"],
            **self.answers,
        }
        return _json({name: value for name, value in answer.items() if value is not None})

    def well_known(self) -> Response:
        """The SMART configuration."""
        told = {
            "issuer": f"{self.url}/auth",
            "authorization_endpoint": f"{self.url}/auth/authorize",
            "token_endpoint": f"{self.url}/auth/token",
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["launch-ehr", "launch-standalone", "client-public", "permission-patient", "permission-v2"],
            **self.configuration,
        }
        return _json({name: value for name, value in told.items() if value is not None}, self.well_known_status)


def _json(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


@contextlib.contextmanager
def authorization_server(
    record: Mapping[str, Any], *, patient_id: str, redirect_uri: str, secret: str | None = None
) -> Iterator[AuthorizationServer]:
    """The EHR with the record of one patient, for as long as the context lasts."""
    ehr = AuthorizationServer(patient_id, redirect_uri, secret)
    fhir = make_app([record], access_token=ACCESS_TOKEN)

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        values = {**request.args.to_dict(), **request.form.to_dict()}
        ehr.asked.append((request.method, request.path, values))
        match (request.method, request.path):
            case ("GET", "/fhir/.well-known/smart-configuration"):
                return ehr.well_known()(environ, start_response)
            case ("GET", "/auth/authorize"):
                return ehr.authorize(values)(environ, start_response)
            case ("POST", "/auth/token"):
                return ehr.token(request)(environ, start_response)
            case _:
                return fhir(environ, start_response)

    with running(app) as ehr.url:
        yield ehr
