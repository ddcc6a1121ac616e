from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from cds_service.protocol.response import (
    NO_CARDS,
    Action,
    Answer,
    Card,
    Coding,
    Link,
    Source,
    Suggestion,
    encode,
    faults,
)

SCHEMA = json.loads((Path(__file__).parents[3] / "contract" / "response.schema.json").read_text("utf-8"))
TOPIC = Coding("options", "http://recurrence-cds.org/fhir/CodeSystem/topics", "Options")
DRAFT = {"resourceType": "ServiceRequest", "status": "draft", "intent": "proposal"}
FULL = Answer(
    (
        Card(
            "A summary of one sentence",
            "warning",
            Source("Source", "https://example.org/", "https://example.org/icon.png", TOPIC),
            uuid="0d7f3c1e-2a2b-5c3d-8e4f-5a6b7c8d9e0f",
            detail="**why**",
            suggestions=(
                Suggestion(
                    "Order it",
                    uuid="1d7f3c1e-2a2b-5c3d-8e4f-5a6b7c8d9e0f",
                    is_recommended=False,
                    actions=(
                        Action("create", "Create", resource=DRAFT),
                        Action("update", "Correct", resource=msgspec.Raw(json.dumps(DRAFT | {"id": "1"}).encode())),
                        Action("delete", "Delete", resource_id="MedicationRequest/1"),
                    ),
                ),
                Suggestion("Do something else", uuid="2d7f3c1e-2a2b-5c3d-8e4f-5a6b7c8d9e0f"),
            ),
            selection_behavior="any",
            override_reasons=(TOPIC,),
            links=(Link("Open", "https://example.org/x"), Link("App", "https://example.org/a", "smart", "{}")),
            extension={"org.recurrence-cds.decisions": [{"code": "x"}]},
        ),
    )
)


def body() -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(encode(FULL))
    return copy.deepcopy(decoded)


def test_values_without_content_are_left_out() -> None:
    card = Card("Summary", "info", Source("Label"))
    assert msgspec.json.decode(encode(Answer((card,)))) == {
        "cards": [{"summary": "Summary", "indicator": "info", "source": {"label": "Label"}}]
    }
    assert encode(Answer()) == NO_CARDS


def test_a_full_answer_has_the_specifications_names_and_no_faults() -> None:
    card = body()["cards"][0]
    assert card.keys() == {
        "summary",
        "indicator",
        "source",
        "uuid",
        "detail",
        "suggestions",
        "selectionBehavior",
        "overrideReasons",
        "links",
        "extension",
    }
    assert card["links"][0]["type"] == "absolute"
    assert card["suggestions"][0]["isRecommended"] is False
    assert card["suggestions"][0]["actions"][2] == {
        "type": "delete",
        "description": "Delete",
        "resourceId": "MedicationRequest/1",
    }
    assert faults(encode(FULL)) == []
    jsonschema.validate(body(), SCHEMA)


def test_139_code_points_pass_and_140_do_not() -> None:
    answer = body()
    answer["cards"][0]["summary"] = "😀" * 139
    assert faults(answer) == []
    jsonschema.validate(answer, SCHEMA)
    answer["cards"][0]["summary"] = "x" * 140
    assert len(faults(answer)) == 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer, SCHEMA)


BREACHES: dict[str, tuple[str, Any]] = {
    "CARD-01": ("cards.0.summary", None),
    "CARD-03": ("cards.0.summary", "two\nlines"),
    "CARD-04": ("cards.0.indicator", "hard-stop"),
    "CARD-05": ("cards.0.source", {}),
    "CARD-06": ("cards.0.uuid", "urn:uuid:0d7f3c1e-2a2b-5c3d-8e4f-5a6b7c8d9e0f"),
    "CARD-07": ("cards.0.detail", ""),
    "CARD-09": ("cards.0.selectionBehavior", ...),
    "CARD-10": ("cards.0.selectionBehavior", "all"),
    "CARD-11": ("cards.0.overrideReasons.0.display", ...),
    "CARD-13": ("cards.0.priority", 1),
    "SRC-01": ("cards.0.source.label", ...),
    "SRC-02": ("cards.0.source.url", "/relative"),
    "SRC-04": ("cards.0.source.topic", "options"),
    "COD-01": ("cards.0.source.topic.code", ...),
    "SUG-01": ("cards.0.suggestions.0.label", ...),
    "SUG-03": ("cards.0.suggestions.0.isRecommended", "yes"),
    "SUG-05": ("cards.0.suggestions.0.actions", []),
    "ACT-01": ("cards.0.suggestions.0.actions.0.type", "add"),
    "ACT-02": ("cards.0.suggestions.0.actions.0.description", ...),
    "ACT-03": ("cards.0.suggestions.0.actions.0.resource", ...),
    "ACT-03 not a resource": ("cards.0.suggestions.0.actions.0.resource", "text"),
    "ACT-05": ("cards.0.suggestions.0.actions.2.resourceId", "1"),
    "ACT-06": ("cards.0.suggestions.0.actions.2.resource", DRAFT),
    "LNK-02": ("cards.0.links.0.url", "javascript:alert(1)"),
    "LNK-03": ("cards.0.links.0.type", "relative"),
    "LNK-04": ("cards.0.links.0.appContext", "x"),
    "RESP-01": ("cards", {}),
    "RESP-01 missing": ("cards", ...),
    "RESP-07": ("notes", "x"),
    "EXT-02": ("cards.0.extension", {"decisions": 1}),
    "SUG-02": ("cards.0.suggestions.0.uuid", 7),
}


def breach(path: str, value: Any) -> dict[str, Any]:
    answer = body()
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place: Any = answer
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return answer


@pytest.mark.parametrize(("path", "value"), BREACHES.values(), ids=list(BREACHES))
def test_every_breach_is_found_by_the_check_and_by_the_schema(path: str, value: Any) -> None:
    answer = breach(path, value)
    assert faults(answer)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(answer, SCHEMA)


ONLY_THE_CHECK: dict[str, tuple[str, Any]] = {
    "GEN-03 null deep inside": ("cards.0.suggestions.0.actions.0.resource", DRAFT | {"note": None}),
    "GEN-04 empty deep inside": ("cards.0.suggestions.0.actions.0.resource", DRAFT | {"note": []}),
    "CARD-06 a uuid twice": ("cards.0.uuid", "1d7f3c1e-2a2b-5c3d-8e4f-5a6b7c8d9e0f"),
}


@pytest.mark.parametrize(("path", "value"), ONLY_THE_CHECK.values(), ids=list(ONLY_THE_CHECK))
def test_what_a_schema_cannot_say_the_check_finds(path: str, value: Any) -> None:
    assert len(faults(breach(path, value))) == 1


def test_sug_04_only_one_of_alternatives_is_recommended() -> None:
    answer = body()
    for suggestion in answer["cards"][0]["suggestions"]:
        suggestion["isRecommended"] = True
    assert faults(answer) == []
    answer["cards"][0]["selectionBehavior"] = "at-most-one"
    assert len(faults(answer)) == 1


def test_an_answer_that_is_no_object_is_a_fault() -> None:
    assert faults(b"[]")
