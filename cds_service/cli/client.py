"""``recurrence-cds client``: write an entry of the trusted-clients file, and find out what is wrong with one.

From outside every refusal of the service looks the same; here an administrator is told the reason, line by line, key by
key, and for a token that the client has sent.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from cds_service.auth import trusted_clients
from cds_service.auth.authenticator import Authenticator, key_loader
from cds_service.auth.keys import ALGORITHMS, UnusableKeySet
from cds_service.auth.trusted_clients import TrustedClient, is_secure
from cds_service.ehr.transport import Documents
from cds_service.errors import NotAuthenticated, Refusal
from cds_service.site import PROFILES

EXPLANATIONS: Final = {
    Refusal.NO_TOKEN: "there is no token; it has to come as 'Authorization: Bearer <token>'",
    Refusal.TOO_LONG: "the token is longer than 8 KiB",
    Refusal.SHAPE: "it is not three segments of base64url, divided by dots and without padding",
    Refusal.HEADER: "its header is not a strict JSON object (doubled names, depth, encoding)",
    Refusal.CLAIMS: "its claims are not a strict JSON object (doubled names, depth, encoding)",
    Refusal.TYPE: "its header has no typ of exactly JWT; a missing one can be allowed with allow_missing_typ = true",
    Refusal.ALGORITHM: "its alg is not among the algorithms of the entry",
    Refusal.CRITICAL: "its header holds crit or b64, which are not supported",
    Refusal.KEY_ID: "its header has no kid",
    Refusal.ISSUER: "its iss is, character for character, that of no entry",
    Refusal.KEY_SET_URL: "its jku is not, character for character, that of the entry",
    Refusal.NO_KEYS: "the keys of the client cannot be had",
    Refusal.UNKNOWN_KEY: "its kid is that of no usable key of the client",
    Refusal.KEY_ALGORITHM: "the key of its kid is for another algorithm than its alg",
    Refusal.SIGNATURE: "its signature was not made with the client's key of that kid",
    Refusal.AUDIENCE: "its aud holds neither the URL of the endpoint nor one of the entry's audiences",
    Refusal.TIMES: "exp, iat or nbf is missing or is no number of seconds since 1970",
    Refusal.EXPIRED: "it has expired; or the clock of this machine is fast",
    Refusal.ISSUED_LATER: "it was issued in the future; the clock of this machine or of the client is wrong",
    Refusal.NOT_YET: "its nbf lies in the future; the clock of this machine or of the client is wrong",
    Refusal.LIFE: "it is valid for longer than max_token_life_seconds of the entry, or not at all",
    Refusal.TOKEN_ID: "it has no jti",
    Refusal.TENANT: "its tenant is no text",
    Refusal.REPLAYED: "it was used before",
}
"""Each reason in words for whoever sets up a client."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two actions and what they need."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="say what is wrong with a file of trusted clients, and fetch its key sets")
    _add_common(check)
    check.add_argument("--token-file", type=Path, help="a token of a client, to be verified as the service would")
    check.add_argument("--endpoint", default="", help="public URL of the endpoint that the token is for")
    add = actions.add_parser("add", help="add an entry, once it is without fault and its key set could be fetched")
    _add_common(add)
    add.add_argument("--name", required=True, help="by which you know the client")
    add.add_argument("--issuer", required=True, help="iss of its tokens, character for character")
    add.add_argument("--jku", help="URL of its key set")
    add.add_argument("--jwks-file", help="file with its key set; relative paths start at the folder of FILE")
    add.add_argument("--fhir-server", action="append", dest="fhir_servers", help="base URL its calls may name; repeat")
    add.add_argument("--audience", action="append", dest="audiences", help="further value of aud; repeat")
    add.add_argument(
        "--algorithm", action="append", dest="algorithms", help=f"of its signatures, of {', '.join(sorted(ALGORITHMS))}"
    )
    add.add_argument("--profile", choices=PROFILES, help="how much of CDS Hooks it understands (default: standard)")
    add.add_argument("--max-token-life-seconds", type=int, help="from iat to exp (default: 900, at most 3600)")
    add.add_argument("--recommend", action="store_true", help="recommended options may be pre-selected")
    add.add_argument("--allow-missing-typ", action="store_true", help="its tokens may come without typ")
    add.add_argument("--smart-client-id", help="client id of the SMART app at its authorization server")
    add.add_argument("--smart-client-secret-file", help="file with the app's secret, where it is a confidential client")


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="TOML file of trusted clients")
    parser.add_argument("--offline", action="store_true", help="fetch no key sets")
    parser.add_argument("--ca-file", help="PEM file of certificate authorities, as of the setting CA_FILE")
    parser.add_argument(
        "--allow-insecure-loopback", action="store_true", help="as the setting of that name: http on this machine"
    )


def run(args: argparse.Namespace) -> int:
    """Check or add; returns 0 when all is well, 1 when something is wrong, 2 when the file cannot be read."""
    try:
        text = args.file.read_text("utf-8") if args.file.exists() or args.action == "check" else ""
    except (OSError, ValueError):
        print(f"{args.file}: cannot be read as UTF-8 text")
        return 2
    if args.action == "add":
        return _add(args, text)
    clients = _examined(args, text)
    faults = _faults(args, clients) if clients is not None else 1
    if args.token_file is not None and clients:
        faults += not _token_is_good(args, clients)
    print("all is well" if not faults else "something is wrong")
    return 1 if faults else 0


def _add(args: argparse.Namespace, before: str) -> int:
    entry = _entry(args)
    text = f"{before.rstrip()}\n\n{entry}" if before.strip() else entry
    clients = _examined(args, text)
    if clients is None or _faults(args, clients[-1:]):
        print("nothing was written" + ("" if args.offline else "; --offline adds it without fetching the key set"))
        return 1
    _replace(args.file, text)
    print(f"{args.file}: added as client {len(clients)}; the service reads it when it starts")
    return 0


def _entry(args: argparse.Namespace) -> str:
    """The entry as TOML; what is left to its default is left out."""
    members: dict[str, Any] = {
        name: getattr(args, name)
        for name in trusted_clients.CLIENT_READERS
        if getattr(args, name) not in (None, False, [])
    }
    return "[[client]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in members.items())


def _toml(value: Any) -> str:
    """A value of an entry; TOML's texts, numbers, switches and lists are those of JSON."""
    return json.dumps(value, ensure_ascii=False)


def _replace(path: Path, text: str) -> None:
    """Write a file in one step, so that a service that starts meanwhile reads the old or the new one."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o640
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).chmod(mode)
    os.replace(file.name, path)  # noqa: PTH105 - Path.replace says the same in more words


def _examined(args: argparse.Namespace, text: str) -> Sequence[TrustedClient] | None:
    """The clients of a text, or None after its faults have been printed."""
    clients, faults = trusted_clients.examine(text, args.file.parent)
    for fault in faults:
        print(f"{args.file}{f':{fault.line}' if fault.line else ''}: {fault}")
    return None if faults else clients


def _faults(args: argparse.Namespace, clients: Iterable[TrustedClient]) -> int:
    """How many things are wrong with clients that are well written, each printed."""
    documents = Documents(args.ca_file)
    faults = 0
    for client in clients:
        print(f"{client.name} ({client.issuer})")
        addresses = [*([client.jku] if client.jku else []), *client.fhir_servers]
        for url in addresses:
            if not is_secure(url, loopback=args.allow_insecure_loopback):
                faults += 1
                print(f"  wrong: {url} is not https")
        if not client.fhir_servers:
            print("  note: no fhir_servers; calls that name one are refused, and only prefetched data are read")
        if not args.offline and (
            client.jwks_file or is_secure(client.jku or "", loopback=args.allow_insecure_loopback)
        ):
            faults += not _keys_are_there(client, documents)
    return faults


def _keys_are_there(client: TrustedClient, documents: Documents) -> bool:
    source = client.jwks_file or client.jku
    try:
        found = key_loader(client, documents)()
    except UnusableKeySet as fault:
        print(f"  wrong: key set {source}: {fault}")
        return False
    print(f"  key set {source}:")
    for keys in found.keys.values():
        for key in keys:
            print(f"    kid {key.key_id!r}: {key.algorithm}")
    for reason in found.left_out:
        print(f"    not used: {reason}")
    return True


class _Unused:
    """A replay store for looking at a token, which does not use it up."""

    def claim(self, issuer: str, jti: str, expires_at: int) -> bool:  # noqa: ARG002 - says so of every token
        return True


def _token_is_good(args: argparse.Namespace, clients: Sequence[TrustedClient]) -> bool:
    """Whether the service would take a token, but for replay; prints the caller or the reason."""
    try:
        text = args.token_file.read_text("ascii").strip()
    except (OSError, ValueError):
        print(f"{args.token_file}: cannot be read as ASCII text")
        return False
    authenticate = Authenticator(clients, replay=_Unused(), documents=Documents(args.ca_file))
    try:
        caller = authenticate(f"Bearer {text.removeprefix('Bearer ')}", args.endpoint)
    except NotAuthenticated as refused:
        print(f"the token is refused: {EXPLANATIONS[refused.reason]}")
        return False
    print(f"the token is that of {caller.name}")
    return True
