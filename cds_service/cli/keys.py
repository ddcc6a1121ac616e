"""``recurrence-cds keys``: a key pair and a signed call, to try authentication without an EHR.

The private key stays in a file of its own that only its owner may read; called again, it is used again, since a token
lives for five minutes only.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import shlex
import time
import uuid
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from cds_service import hooks
from cds_service.auth.trusted_clients import plain_url

ALGORITHM: Final = "ES384"
PRIVATE: Final = "private-key.pem"
PUBLIC: Final = "keys.json"
LIFE_SECONDS: Final = 300
CLINICAL_STATUS: Final = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_HOOKS: Final = {service.id: service.hook for service in hooks.SERVICES}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the keys go, and what the call is for."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="for the key pair; made if it is not there")
    parser.add_argument("--url", type=plain_url, required=True, help="of the service to call: .../cds-services/<id>")
    parser.add_argument("--audience", help="aud of the token, if the public URL of the service is not the one called")
    parser.add_argument("--issuer", default="https://test-client.example/", help="iss of the token (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Make or find the key pair, print an entry for the trusted clients and a call; returns the exit status."""
    try:
        private = _private_key(args.folder)
    except (OSError, ValueError) as error:
        print(f"{args.folder}: no key can be made or read there ({type(error).__name__})")
        return 1
    key_id = _publish(args.folder, private)
    print(f"# Entry for the file of trusted clients\n{_entry(args.issuer, (args.folder / PUBLIC).resolve())}")
    print(f"# A call, to be made within {LIFE_SECONDS // 60} minutes and once\n{_call(args, private, key_id)}")
    return 0


def _private_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The key of the folder; a new one if there is none."""
    path = folder / PRIVATE
    if path.exists():
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(found, ec.EllipticCurvePrivateKey) or found.curve.name != "secp384r1":
            raise ValueError("it is not a key for ES384")
        return found
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = ec.generate_private_key(ec.SECP384R1())
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    return made


def _publish(folder: Path, private: ec.EllipticCurvePrivateKey) -> str:
    """Write the public part as a key set; returns its ``kid``, the thumbprint of the key (RFC 7638)."""
    public = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    members = {name: public[name] for name in ("crv", "kty", "x", "y")}
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    key_id = base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
    document = {"keys": [{**members, "kid": key_id, "use": "sig", "alg": ALGORITHM}]}
    (folder / PUBLIC).write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    return key_id


def _entry(issuer: str, key_file: Path) -> str:
    members = {"name": "Test client", "issuer": issuer, "jwks_file": str(key_file)}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in members.items()]
    return "\n".join(["[[client]]", *lines, ""])


def _call(args: argparse.Namespace, private: ec.EllipticCurvePrivateKey, key_id: str) -> str:
    """A ready command line of curl."""
    now = int(time.time())
    claims = {
        "iss": args.issuer,
        "aud": args.audience or args.url,
        "iat": now,
        "exp": now + LIFE_SECONDS,
        "jti": str(uuid.uuid4()),
    }
    token = jwt.encode(claims, private, ALGORITHM, headers={"kid": key_id, "typ": "JWT"})
    body = json.dumps(_body(_HOOKS.get(args.url.rpartition("/")[2], "patient-view")))
    return (
        f"curl -sS -H 'Content-Type: application/json' -H 'Authorization: Bearer {token}' \\\n"
        f"  -d '{body}' \\\n  {shlex.quote(args.url)}"
    )


def _body(hook: str) -> dict[str, Any]:
    """A small call about a made-up patient, with everything prefetched that an answer needs."""
    patient = {"resourceType": "Patient", "id": "test-patient", "gender": "female", "birthDate": "1970-01-01"}
    cancer = {
        "resourceType": "Condition",
        "id": "test-condition",
        "subject": {"reference": "Patient/test-patient"},
        "clinicalStatus": {"coding": [{"system": CLINICAL_STATUS, "code": "recurrence"}]},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "254886006"}]},
    }
    context: dict[str, Any] = {"userId": "Practitioner/test-user", "patientId": "test-patient"}
    if hook != "patient-view":
        draft = {
            "resourceType": "ServiceRequest",
            "id": "test-draft",
            "status": "draft",
            "intent": "order",
            "subject": {"reference": "Patient/test-patient"},
            "code": {"text": "PET-CT"},
        }
        context["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": draft}]}
        if hook == "order-select":
            context["selections"] = ["ServiceRequest/test-draft"]
    conditions = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": cancer}]}
    prefetch = {"patient": patient, "conditions": conditions}
    return {"hook": hook, "hookInstance": str(uuid.uuid4()), "context": context, "prefetch": prefetch}
