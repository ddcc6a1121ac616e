"""The image and the manifests: valid by Kubernetes' own schemas, bound together, and as careful as RUN-09 asks."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from cds_service.serve import GRACEFUL_SECONDS
from cds_service.settings import PREFIX, READERS, Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = DEPLOY / "kubernetes"
KUBERNETES = "1.34"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text("utf-8"))
FILES = [*KUSTOMIZATION["resources"], "database-secret.example.yaml"]
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")


def manifests(*names: str) -> Iterator[dict[str, Any]]:
    for name in names:
        yield from yaml.safe_load_all((MANIFESTS / name).read_text("utf-8"))


def the(kind: str, name: str = "") -> dict[str, Any]:
    (found,) = (
        one for one in manifests(*FILES) if one["kind"] == kind and (not name or one["metadata"]["name"] == name)
    )
    return found


DEPLOYMENT = the("Deployment")
POD = DEPLOYMENT["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
LABELS = {"app.kubernetes.io/name": "recurrence-cds"}


@pytest.mark.parametrize("name", FILES)
def test_every_manifest_is_valid(name: str) -> None:
    for manifest in manifests(name):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_the_validator_finds_fault() -> None:
    misspelt = copy.deepcopy(DEPLOYMENT)
    misspelt["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(misspelt, KUBERNETES, strict=True)


def test_every_file_is_a_resource_or_an_example() -> None:
    there = {path.name for path in MANIFESTS.glob("*.yaml")} - {"kustomization.yaml"}
    assert there == set(FILES)
    assert len(KUSTOMIZATION["resources"]) == len(set(KUSTOMIZATION["resources"]))


def test_selectors_find_these_pods_and_no_others() -> None:
    assert DEPLOYMENT["spec"]["template"]["metadata"]["labels"] == LABELS
    assert DEPLOYMENT["spec"]["selector"]["matchLabels"] == LABELS
    assert the("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == LABELS
    assert the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == LABELS
    for service in (one for one in manifests("service.yaml")):
        assert service["spec"]["selector"] == LABELS
    assert KUSTOMIZATION["labels"][0]["includeSelectors"] is False


def test_what_the_pod_refers_to_is_there() -> None:
    generated = {one["name"] for one in KUSTOMIZATION["configMapGenerator"]}
    config_maps = {one["metadata"]["name"] for one in manifests(*FILES) if one["kind"] == "ConfigMap"} | generated
    volumes = {one["name"]: one for one in POD["volumes"]}
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == set(volumes)
    assert {one["configMap"]["name"] for one in volumes.values() if "configMap" in one} <= config_maps
    assert {one["configMapRef"]["name"] for one in CONTAINER["envFrom"]} <= config_maps
    assert volumes["database"]["secret"]["secretName"] == the("Secret")["metadata"]["name"]
    assert POD["serviceAccountName"] == the("ServiceAccount")["metadata"]["name"]
    assert the("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == DEPLOYMENT["metadata"]["name"]
    ports = {port["name"] for port in CONTAINER["ports"]}
    asked = {CONTAINER[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    asked |= {port["targetPort"] for one in manifests("service.yaml") for port in one["spec"]["ports"]}
    asked |= {port["port"] for rule in the("NetworkPolicy")["spec"]["ingress"] for port in rule["ports"]}
    assert asked <= ports
    assert {image["name"] for image in KUSTOMIZATION["images"]} == {CONTAINER["image"]}


def test_run_09_the_pod_may_do_nothing_that_it_need_not() -> None:
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["automountServiceAccountToken"] is False
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(the("NetworkPolicy")["spec"]["policyTypes"]) == {"Ingress", "Egress"}


def test_run_02_there_is_time_to_finish_what_is_under_way() -> None:
    pause = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert POD["terminationGracePeriodSeconds"] > pause + GRACEFUL_SECONDS
    assert DEPLOYMENT["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert DEPLOYMENT["spec"]["replicas"] >= 2
    assert CONTAINER["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert CONTAINER["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_run_04_the_settings_are_ones_that_the_service_takes(tmp_path: Path) -> None:
    settings: dict[str, str] = the("ConfigMap", "recurrence-cds-settings")["data"]
    assert POD["enableServiceLinks"] is False  # they would add names with our prefix that are no settings
    (tmp_path / "url").write_text(the("Secret")["stringData"]["url"], "utf-8")
    here = {
        "/etc/recurrence-cds/clients/clients.toml": str(MANIFESTS / "clients.toml"),
        "/etc/recurrence-cds/database/url": str(tmp_path / "url"),
    }
    loaded = Settings.load({name: here.get(value, value) for name, value in settings.items()})
    assert loaded.mode == "production"
    assert loaded.several_hosts
    assert loaded.stored_in.startswith("postgresql")
    assert loaded.metrics_port == next(
        port["containerPort"] for port in CONTAINER["ports"] if port["name"] == "metrics"
    )
    assert {name.removeprefix(PREFIX) for name in settings} <= set(READERS)


def test_no_secret_stands_among_the_resources() -> None:
    assert not [one for one in manifests(*KUSTOMIZATION["resources"]) if one["kind"] == "Secret"]
    assert "CHANGE-ME" in the("Secret")["stringData"]["url"]


def test_run_09_the_image_is_not_root_and_starts_without_a_shell() -> None:
    steps = [line for line in CONTAINERFILE.splitlines() if line and not line.startswith(("#", " "))]
    last_stage = steps[max(place for place, step in enumerate(steps) if step.startswith("FROM ")) :]
    assert "USER 10001:10001" in last_stage
    assert POD["securityContext"]["runAsUser"] == 10001
    assert all(
        step.partition(" ")[2].startswith("[") for step in steps if step.startswith(("RUN", "CMD", "ENTRYPOINT"))
    )
    assert not any("pip" in step for step in last_stage)
    assert sum(step.startswith("VOLUME") for step in steps) == 1


def test_run_09_the_base_image_is_the_builder_s_to_fix_by_digest() -> None:
    assert re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE) == ["${PYTHON_IMAGE}"] * 2
    assert ":latest" not in CONTAINERFILE


def test_run_10_the_image_installs_exact_versions_with_hashes() -> None:
    assert '"--require-hashes", "-r", "requirements-image.lock"' in CONTAINERFILE
    lock = (DEPLOY.parent / "requirements-image.lock").read_text("utf-8")
    pins = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", lock, re.MULTILINE))
    assert lock.count("--hash=sha256:") >= len(pins)
    floors = {"pyjwt": (2, 15, 1), "urllib3": (2, 6, 3), "requests": (2, 33), "gunicorn": (22,)}
    for name, floor in floors.items():
        assert tuple(int(part) for part in pins[name].split(".")) >= floor
    assert "psycopg" in pins


def test_run_10_every_dependency_of_the_project_is_pinned() -> None:
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {re.match(r"[A-Za-z0-9._-]+", one)[0].lower().replace(".", "-") for one in project["dependencies"]}  # type: ignore[index]
    lock = (DEPLOY.parent / "requirements-image.lock").read_text("utf-8")
    pinned = {name.replace(".", "-") for name in re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE)}
    assert wanted <= pinned
