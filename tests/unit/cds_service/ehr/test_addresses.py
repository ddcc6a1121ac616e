from __future__ import annotations

import pytest

from cds_service.ehr.addresses import allowed, inside, local_reference, parse_base
from cds_service.errors import BadRequest, ForbiddenServer

BASE = parse_base("https://ehr.example.org/api/fhir/r4/")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://EHR.example.org:443/fhir", "https://ehr.example.org/fhir/"),
        ("http://ehr_1.example.org:8080/", "http://ehr_1.example.org:8080/"),
        ("http://[::1]:80", "http://[::1]/"),
    ],
)
def test_a_base_has_one_spelling(text: str, url: str) -> None:
    assert parse_base(text).url == url
    assert parse_base(url) == parse_base(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fhir",
        "ftp://ehr.example.org/",
        "https://",
        "https://user@ehr.example.org/",
        "https://user:pw@ehr.example.org/",
        "https://ehr.example.org/fhir?",
        "https://ehr.example.org/fhir#x",
        "https://ehr.example.org/a/../fhir",
        "https://ehr.example.org/a/%2E%2e/fhir",
        "https://ehr.example.org/a/%2fb",
        "https://ehr.example.org//fhir",
        "https://ehr.example.org\\@evil.example/",
        "https://ehr.example.org/\tfhir",
        "https://ehr.example.org/fhír",
        "https://ehr.example.org:0x50/",
        "https://ehr.example.org:70000/",
        "https://ehr.example.org./",
        "https://-ehr.example.org/",
        "https://[::1/",
    ],
)
def test_what_is_no_plain_base_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\bit\b|its |Invalid|Port"):
        parse_base(text)
    with pytest.raises(BadRequest):
        allowed(text, [BASE], loopback=True)


@pytest.mark.parametrize("text", ["https://ehr.example.org/api/fhir/r4", "https://ehr.example.org/api/fhir/r4/tenant"])
def test_a_listed_base_and_what_lies_below_it_may_be_asked(text: str) -> None:
    assert BASE.holds(allowed(text, [BASE], loopback=False))


@pytest.mark.parametrize(
    "text",
    [
        "http://ehr.example.org/api/fhir/r4",
        "https://ehr.example.org:8443/api/fhir/r4",
        "https://ehr.example.org/api/fhir",
        "https://ehr.example.org/api/fhir/r4b",
        "https://other.example.org/api/fhir/r4",
        "https://ehr.example.org.evil.example/api/fhir/r4",
        "http://127.0.0.1/fhir",
        "http://localhost/fhir",
    ],
)
def test_another_place_may_not(text: str) -> None:
    with pytest.raises(ForbiddenServer):
        allowed(text, [BASE], loopback=False)


@pytest.mark.parametrize(
    ("host", "own"), [("localhost", True), ("127.0.0.1", True), ("127.1.2.3", True), ("[::1]", True)]
)
def test_this_machine_in_its_usual_spellings(host: str, own: bool) -> None:
    assert parse_base(f"http://{host}:8080/").is_loopback is own


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::ffff:127.0.0.1]", "127.0.0.01"])  # noqa: S104 - refused, not bound to
def test_other_spellings_of_this_machine_are_other_hosts(host: str) -> None:
    with pytest.raises(ForbiddenServer):
        allowed(f"http://{host}/", [], loopback=True)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("Condition?page=2", "https://ehr.example.org/api/fhir/r4/Condition?page=2"),
        ("?_getpages=7", "https://ehr.example.org/api/fhir/r4/?_getpages=7"),
        ("https://ehr.example.org/api/fhir/r4?_getpages=7", "https://ehr.example.org/api/fhir/r4?_getpages=7"),
        ("https://ehr.example.org:443/api/fhir/r4/X", "https://ehr.example.org:443/api/fhir/r4/X"),
        ("/api/fhir/r4/X?a=%2F..", "https://ehr.example.org/api/fhir/r4/X?a=%2F.."),
        ("../r4b/X", None),
        ("/other", None),
        ("//evil.example/api/fhir/r4/X", None),
        ("https://evil.example/api/fhir/r4/X", None),
        ("https://ehr.example.org@evil.example/api/fhir/r4/X", None),
        ("https://ehr.example.org/api/fhir/r4/%2e%2e/%2e%2e/x", None),
        ("http://ehr.example.org/api/fhir/r4/X", None),
        ("file:///etc/passwd", None),
        ("X\r\nHost: evil", None),
        ("X#y", None),
        ("http://[", None),
    ],
)
def test_links_are_followed_within_the_base_alone(link: str, url: str | None) -> None:
    assert inside(BASE, link) == url


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("Medication/1", ("Medication", "1")),
        ("Medication/1/_history/2", ("Medication", "1")),
        ("https://ehr.example.org/api/fhir/r4/Medication/a.b", ("Medication", "a.b")),
        ("https://other.example.org/Medication/1", None),
        ("Medication/..", None),
        ("Medication/a/b", None),
        ("Medication/a?x=1", None),
        ("urn:uuid:1", None),
        ("#m", None),
    ],
)
def test_references_to_this_server(reference: str, found: tuple[str, str] | None) -> None:
    assert local_reference(BASE, reference) == found
