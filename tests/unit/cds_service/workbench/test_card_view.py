"""Cards for people: Markdown becomes HTML that can do nothing, and odd cards do no harm."""

from __future__ import annotations

import msgspec
import pytest

from cds_service.protocol.response import encode
from cds_service.workbench.card_view import html, views
from tests.unit.cds_service.workbench.samples import IDS, consulted


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** *it*", "<p><strong>bold</strong> <em>it</em></p>\n"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>\n"),
        ("[go](javascript:alert(1))", "<p>[go](javascript:alert(1))</p>\n"),
        ("![i](http://h/i.png)", '<p>!<a href="http://h/i.png">i</a></p>\n'),
        ("&lt;b&gt;", "<p>&lt;b&gt;</p>\n"),
    ],
)
def test_markdown_is_shown_and_nothing_else(markdown: str, shown: str) -> None:
    assert html(markdown) == shown


@pytest.mark.parametrize("identity", IDS)
def test_every_card_of_the_service_is_shown_whole(identity: str) -> None:
    answer = msgspec.json.decode(encode(consulted(identity).answer))
    for view, card in zip(views(answer), answer["cards"], strict=True):
        assert (view.uuid, view.indicator, view.summary) == (card["uuid"], card["indicator"], card["summary"])
        assert len(view.suggestions) == len(card.get("suggestions", ()))
        assert view.rows
        assert "<strong>" in view.detail


@pytest.mark.parametrize(
    "answer",
    [{}, {"cards": 3}, {"cards": [None, "x"]}],
)
def test_what_holds_no_card_shows_none(answer: dict[str, object]) -> None:
    assert views(answer) == ()


def test_an_odd_card_is_shown_as_far_as_it_goes() -> None:
    odd = {"indicator": "loud", "source": "x", "suggestions": {}, "links": [{"label": "l", "url": "javascript:x"}]}
    (view,) = views({"cards": [odd]})
    assert (view.indicator, view.summary, view.source_label, view.suggestions) == ("info", "", "", ())
    assert view.links == ({"label": "l", "url": ""},)
    assert view.rows == ()
