from __future__ import annotations

import pytest

from cds_service import errors, web
from cds_service.errors import Cause


def subclasses(kind: type[Exception]) -> set[type[Exception]]:
    return {kind} | {deeper for sub in kind.__subclasses__() for deeper in subclasses(sub)}


def test_causes_are_distinct_phrases_fit_for_a_card() -> None:
    phrases = [cause.value for cause in Cause]
    assert len(set(phrases)) == len(phrases)
    assert all(phrase[0].islower() and not phrase.endswith(".") and len(phrase) < 100 for phrase in phrases)


def test_every_error_that_a_caller_causes_has_a_status_below_500() -> None:
    refused = subclasses(errors.RefusedRequest) - {errors.RefusedRequest}
    assert refused
    for kind in refused | {errors.PreconditionFailed}:
        status = next(web.STATUSES[one][0] for one in kind.__mro__ if one in web.STATUSES)
        assert 400 <= status < 500, kind


def test_messages_name_the_element_first() -> None:
    assert str(errors.BadRequest("It is missing", "hook")) == "hook: It is missing"
    assert str(errors.BadRequest("The body is empty")) == "The body is empty"
    assert (
        str(errors.PreconditionFailed([("patient", "none"), ("conditions", "late")]))
        == "patient: none; conditions: late"
    )
    assert str(errors.SettingsError(["a", "b"])) == "a; b"


@pytest.mark.parametrize("cause", Cause)
def test_a_failure_carries_its_cause(cause: Cause) -> None:
    assert errors.FetchFailure(cause).cause is cause
