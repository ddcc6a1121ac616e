"""The requests that are measured with are what they are said to be."""

from __future__ import annotations

import json

import pytest

from benchmarks.records import MEDIUM, ROTATION, SMALL, Size, calls
from benchmarks.report import Row, plot
from benchmarks.steps import TODAY
from cds_service import hooks, pipeline
from cds_service.ehr.client import FhirClient
from cds_service.ehr.gather import gather
from cds_service.protocol.request import decode
from cds_service.site import Site


@pytest.mark.parametrize("size", [SMALL, MEDIUM], ids=lambda size: size.name)
@pytest.mark.parametrize("hook", ["patient-view", "order-sign"])
@pytest.mark.parametrize("cancer", [True, False])
def test_requests_have_their_size_and_scope(size: Size, hook: str, cancer: bool) -> None:
    service = next(each for each in hooks.SERVICES if each.hook == hook)
    client = FhirClient([], loopback=True)
    made = calls(size, cancer=cancer, hook=hook)
    assert len(made) == len(ROTATION)
    for call in made:
        assert len(call.body) == pytest.approx(size.bytes, rel=0.16)
        prefetch = json.loads(call.body)["prefetch"]
        assert 1 + sum(len(answer.get("entry", ())) for answer in prefetch.values()) == size.resources
        request = decode(call.body)
        record = gather(request, service, client=client, deadline_seconds=1, settles=pipeline.settles)
        advice = pipeline.answer(service, request, record, today=TODAY, site=Site())
        assert advice.scope_row == ("G8" if cancer else "G2")
        assert record.settled is not cancer
    client.close()


def test_the_plot_shows_a_bar_for_each_kind_of_call_but_the_huge_ones() -> None:
    rows = [Row("gunicorn", "patient-view", size, True, 2.0, 3.0) for size in ("small", "medium", "huge")]
    assert plot(rows).count("<rect") == 2
    assert ">1.50</text>" in plot(rows)
