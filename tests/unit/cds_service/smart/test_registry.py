from __future__ import annotations

import pytest

from cds_service.ehr.addresses import parse_base
from cds_service.errors import Hitch, LaunchFailed
from cds_service.smart.registry import MAX_ISS, Client, Registry

EHR = Client("ours")
REGISTRY = Registry({parse_base("https://ehr.example.org/fhir"): EHR})
SANDBOX = Registry({}, loopback=Client("anywhere-here"))


@pytest.mark.parametrize(
    "iss", ["https://ehr.example.org/fhir", "https://ehr.example.org/fhir/", "https://EHR.example.org:443/fhir"]
)
def test_the_registered_server_is_found_in_its_spellings(iss: str) -> None:
    assert REGISTRY.find(iss) == (parse_base("https://ehr.example.org/fhir"), EHR)


@pytest.mark.parametrize(
    "iss",
    [
        "",
        "https://ehr.example.org",
        "https://ehr.example.org/fhir/tenant",
        "https://ehr.example.org/FHIR",
        "http://ehr.example.org/fhir",
        "https://ehr.example.org:8443/fhir",
        "https://ehr.example.org.evil.example/fhir",
        "https://ehr.example.org/fhir?x",
        "https://ehr.example.org/fhir#x",
        "https://user@ehr.example.org/fhir",
        "https://ehr.example.org/x/../fhir",
        "https://ehr.example.org/fhir\n",
        "http://127.0.0.1:8081/fhir",
        "javascript:alert(1)",
        "https://ehr.example.org/fhir/" + "x" * MAX_ISS,
    ],
)
def test_any_other_server_is_foreign(iss: str) -> None:
    with pytest.raises(LaunchFailed) as caught:
        REGISTRY.find(iss)
    assert caught.value.hitch is Hitch.FOREIGN_SERVER


def test_in_the_sandbox_servers_of_this_machine_are_known_and_no_others() -> None:
    assert SANDBOX.find("http://127.0.0.1:8081/fhir")[1].id == "anywhere-here"
    with pytest.raises(LaunchFailed):
        SANDBOX.find("http://10.0.0.1/fhir")


def test_a_secret_makes_a_confidential_client_and_is_not_shown() -> None:
    client = Client("ours", "hush")
    assert client.basic == ("ours", "hush")
    assert EHR.basic is None
    assert "hush" not in repr(client)
