from __future__ import annotations

import uuid

from cds_service.cards.suggestions import Ids

CALL = uuid.UUID("6f0c2f0e-7a5b-5d1c-9a57-5d2f6d0b8c11")


def given(*names: str, call: uuid.UUID = CALL) -> list[str]:
    ids = Ids(call)
    return [ids.of(name) for name in names]


def test_safe_09_the_same_names_give_the_same_ids_in_the_same_call_alone() -> None:
    assert given("alerts", "options") == given("alerts", "options")
    assert not set(given("alerts", "options")) & set(given("alerts", "options", call=uuid.uuid5(CALL, "another")))


def test_the_first_bearer_of_a_name_keeps_its_id_whoever_comes_after() -> None:
    assert given("delete", "options", "delete")[:2] == given("delete", "options")


def test_a_name_that_comes_again_has_an_id_of_its_own() -> None:
    ids = given("delete", "delete", "delete", "update")
    assert len(set(ids)) == 4
    assert all(uuid.UUID(one).version == 5 for one in ids)
