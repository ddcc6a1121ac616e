"""The same expectations of SQLite and of PostgreSQL, each a real one (KEEP-01 to KEEP-08, AUTH-13, RUN-05)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from cds_service.errors import SettingsError
from cds_service.protocol.feedback import Feedback
from cds_service.store import Store
from cds_service.store.schema import CARDS, CLAIMS, FEEDBACK, RATES, SCHEMA
from cds_service.store.upkeep import CARDS_LONGER, DAY, EVERY_SECONDS, Upkeep
from tests.unit.cds_service.store.conftest import NOON, World
from tests.unit.cds_service.store.feedback_items import SERVICE, TIME, accepted, overridden, shown


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """Results of that many threads that begin together."""
    ready = threading.Barrier(count)

    def run(number: int) -> object:
        ready.wait()
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def rows(store: Store, table: sa.Table) -> int:
    with store.database.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


class TestFeedback:
    def test_what_was_added_is_there_for_whoever_opens_the_store_again(self, world: World, store: Store) -> None:
        item = overridden(code="done", comment="not now")
        assert store.feedback.add([item], service=SERVICE, issuer="https://ehr", tenant="north") == 1
        store.close()
        (kept,) = world.open().feedback.kept()
        assert (kept.card, kept.service, kept.issuer, kept.tenant) == ("card-1", SERVICE, "https://ehr", "north")
        assert (kept.outcome, kept.reason_code, kept.reason_display) == ("overridden", "done", "Words of done")
        assert (kept.comment, kept.outcome_time, kept.received) == ("not now", TIME, NOON)

    def test_keep_02_the_same_item_counts_once_also_when_sent_at_once(self, world: World, store: Store) -> None:
        items = [overridden(), accepted("card-2", "s2", "s1")]
        new = at_once(6, lambda _: store.feedback.add([*items, *items], service=SERVICE))
        assert store.feedback.count() == 2
        assert max(int(str(one)) for one in new) == 2
        assert world.open().feedback.add([accepted("card-2", "s1", "s2")], service=SERVICE) == 0

    @pytest.mark.parametrize(
        "other",
        [
            overridden(time="2026-11-24T12:00:01Z"),
            overridden(code="done"),
            overridden(comment="not now"),
            overridden("card-2"),
            accepted(),
        ],
    )
    def test_keep_02_a_different_item_is_kept_as_well(self, store: Store, other: Feedback) -> None:
        store.feedback.add([overridden()], service=SERVICE)
        assert store.feedback.add([other], service=SERVICE) == 1
        assert store.feedback.count() == 2

    def test_keep_02_issuers_and_services_are_told_apart(self, store: Store) -> None:
        for service, issuer in ((SERVICE, ""), (SERVICE, "https://ehr"), ("another", "")):
            assert store.feedback.add([overridden()], service=service, issuer=issuer) == 1

    def test_batches_that_cross_do_not_lock_one_another_out(self, store: Store) -> None:
        cards = [f"card-{number}" for number in range(200)]

        def add(number: int) -> int:
            order = cards if number % 2 else cards[::-1]
            return store.feedback.add([overridden(card) for card in order], service=SERVICE)

        at_once(6, add)
        assert store.feedback.count() == len(cards)

    def test_an_empty_batch_is_kept_as_nothing(self, store: Store) -> None:
        assert store.feedback.add([], service=SERVICE) == 0

    def test_keep_08_comments_are_cut_and_cleaned(self, store: Store) -> None:
        comment = "a\x00b\u202ec\r\nd\te" + "x" * 100_000
        store.feedback.add([overridden(comment=comment)], service=SERVICE)
        (kept,) = store.feedback.kept()
        assert kept.comment == ("a\ufffdb\ufffdc\nd\te" + "x" * 100_000)[:4000]

    def test_keep_07_feedback_is_joined_to_its_card_of_the_same_issuer(self, store: Store) -> None:
        store.cards.record([shown("card-1", "P3:a", "P4:b", issuer="https://ehr")])
        store.feedback.add([overridden("card-1"), overridden("unknown")], service=SERVICE, issuer="https://ehr")
        store.feedback.add([overridden("card-1")], service=SERVICE, issuer="https://other")
        kept = {(one.issuer, one.card): one for one in store.feedback.kept()}
        matched = kept["https://ehr", "card-1"]
        assert (matched.rules, matched.version, matched.user_id) == (("P3:a", "P4:b"), "2026.11", "Practitioner/1")
        assert [one.matched for one in kept.values()].count(True) == 1
        assert kept["https://ehr", "unknown"].rules == ()

    def test_items_come_by_time_of_receipt_and_page_by_page(self, world: World, store: Store) -> None:
        store.feedback.add([overridden(f"early-{number}") for number in range(1500)], service=SERVICE)
        world.now += 10
        store.feedback.add([overridden("late")], service=SERVICE)
        assert len(list(store.feedback.kept())) == 1501
        assert [one.card for one in store.feedback.kept(since=NOON + 10)] == ["late"]
        assert len(list(store.feedback.kept(until=NOON + 10))) == 1500

    def test_keep_08_what_is_too_old_goes_and_its_card_a_month_later(self, world: World) -> None:
        store = world.open(feedback_keep_days=10)
        store.cards.record([shown()])
        store.feedback.add([overridden()], service=SERVICE)
        world.now = NOON + 10 * DAY
        assert store.upkeep.purge() == 0
        world.now += 1
        assert store.upkeep.purge() == 1
        assert (rows(store, FEEDBACK), rows(store, CARDS)) == (0, 1)
        world.now += CARDS_LONGER
        store.upkeep.purge()
        assert rows(store, CARDS) == 0

    def test_keep_08_with_no_age_everything_stays(self, world: World) -> None:
        store = world.open(feedback_keep_days=0)
        store.feedback.add([overridden()], service=SERVICE)
        world.now += 100_000 * DAY
        assert store.upkeep.purge() == 0

    def test_keep_07_unmatched_feedback_is_bounded_and_the_oldest_goes(self, store: Store) -> None:
        store.cards.record([shown("known")])
        for card in ("u1", "known", "u2", "u3"):
            store.feedback.add([overridden(card)], service=SERVICE)
        assert store.feedback.purge_unmatched(2) == 1
        assert [one.card for one in store.feedback.kept()] == ["known", "u2", "u3"]

    def test_readiness_is_the_occasion_for_a_purge_once_an_hour(self, world: World) -> None:
        store = world.open(feedback_keep_days=1)
        seconds = [0.0]
        upkeep = Upkeep(store.feedback, store.cards, store.sessions, keep_days=1, monotonic=lambda: seconds[0])
        store.feedback.add([overridden()], service=SERVICE)
        world.now += 2 * DAY
        first = upkeep.nudge()
        assert first is not None
        first.join()
        assert store.feedback.count() == 0
        assert upkeep.nudge() is None
        seconds[0] = EVERY_SECONDS
        assert upkeep.nudge() is not None
        upkeep.close()
        seconds[0] *= 2
        assert upkeep.nudge() is None


class TestCards:
    def test_cards_put_are_there_once_the_store_is_closed_and_once_each(self, world: World, store: Store) -> None:
        for _ in range(2):
            for number in range(600):
                assert store.shown.put(shown(f"card-{number}"))
        store.close()
        assert rows(world.open(), CARDS) == 600
        assert not world.counted

    def test_a_card_stays_as_it_was_first_shown(self, store: Store) -> None:
        store.cards.record([shown("card-1", "P3:a")])
        store.cards.record([shown("card-1", "P4:b"), shown("card-2", "P4:b")])
        store.cards.record([])
        assert [one.rules for one in store.feedback.outcomes()] == [("P3:a",), ("P4:b",)]

    def test_outcomes_are_one_a_card_accepted_if_ever_accepted(self, store: Store) -> None:
        store.cards.record([shown(card) for card in ("a", "b", "c")])
        store.cards.record([shown("d", when=NOON + 5)])
        store.feedback.add([overridden("a", code="done"), accepted("a"), overridden("b", code="done")], service=SERVICE)
        store.feedback.add([overridden("b", code="late", time="2026-11-25T12:00:00Z")], service=SERVICE)
        outcomes = list(store.feedback.outcomes())
        assert [one.outcome for one in outcomes] == ["accepted", "overridden", "", ""]
        assert outcomes[1].reasons == ("Words of done", "Words of late")
        assert len(list(store.feedback.outcomes(since=NOON + 5))) == 1
        assert len(list(store.feedback.outcomes(until=NOON + 5))) == 3


class TestReplay:
    def test_auth_13_a_token_id_is_claimed_once_over_threads_and_hosts(self, world: World) -> None:
        hosts = [world.open(), world.open(), world.open()]
        first = at_once(24, lambda number: hosts[number % 3].replay.claim("https://ehr", "id", NOON + 300))
        assert first.count(True) == 1

    def test_auth_13_also_after_a_restart(self, world: World, store: Store) -> None:
        assert store.replay.claim("https://ehr", "id", NOON + 300)
        store.close()
        assert not world.open().replay.claim("https://ehr", "id", NOON + 300)

    def test_auth_13_issuers_do_not_share_ids(self, store: Store) -> None:
        assert store.replay.claim("https://ehr", "id", NOON + 300)
        assert store.replay.claim("https://other", "id", NOON + 300)

    @pytest.mark.parametrize("jti", ["", "\x00", "é\ud800", "x" * 8000])
    def test_ids_may_be_of_any_content(self, store: Store, jti: str) -> None:
        assert store.replay.claim("https://ehr", jti, NOON + 300)
        assert not store.replay.claim("https://ehr", jti, NOON + 300)

    def test_a_claim_is_kept_until_no_clock_could_take_its_token_any_more(self, world: World, store: Store) -> None:
        store.replay.claim("https://ehr", "old", NOON + 300)
        world.now = NOON + 300 + 119
        store.replay.claim("https://ehr", "trigger-1", world.now + 300)
        assert not store.replay.claim("https://ehr", "old", NOON + 300)
        world.now = NOON + 300 + 181
        store.replay.claim("https://ehr", "trigger-2", world.now + 300)
        assert rows(store, CLAIMS) == 2


class TestRates:
    def test_run_05_calls_over_the_limit_wait_for_the_next_window(self, world: World, store: Store) -> None:
        world.now = NOON + 20.5
        other_host = world.open()
        assert [store.rates.hit("https://ehr", 60, 3) for _ in range(2)] == [None, None]
        assert [other_host.rates.hit("https://ehr", 60, 3) for _ in range(2)] == [None, 40]
        assert store.rates.hit("https://other", 60, 3) is None
        world.now = NOON + 60
        assert store.rates.hit("https://ehr", 60, 3) is None

    def test_no_call_is_lost_among_threads(self, store: Store) -> None:
        allowed = at_once(20, lambda _: store.rates.hit("https://ehr", 60, 15))
        assert allowed.count(None) == 15

    def test_old_windows_are_thrown_away(self, world: World, store: Store) -> None:
        store.rates.hit("https://ehr", 60, 3)
        world.now += 600
        store.rates.hit("https://ehr", 60, 3)
        assert rows(store, RATES) == 1


class TestDatabase:
    def test_several_workers_may_make_the_tables_at_once(self, world: World) -> None:
        stores = at_once(5, lambda _: world.open())
        assert all(isinstance(one, Store) and one.ready() for one in stores)
        assert rows(world.open(), SCHEMA) == 1

    def test_tables_of_a_later_release_are_refused_at_the_start(self, world: World, store: Store) -> None:
        with store.database.writing() as connection:
            connection.execute(sa.update(SCHEMA).values(version=99))
        with pytest.raises(SettingsError, match="version 99"):
            world.open()

    def test_readiness_writes_and_asks_once_a_second_at_most(self, world: World, store: Store) -> None:
        assert store.ready()
        with store.database.reading() as connection:
            assert connection.execute(sa.select(SCHEMA.c.probed)).scalar_one() == NOON
        world.now += 1
        assert store.ready()
        with store.database.reading() as connection:
            assert connection.execute(sa.select(SCHEMA.c.probed)).scalar_one() == NOON

    def test_a_fault_of_our_own_is_no_store_that_is_away_and_quotes_no_value(self, world: World, store: Store) -> None:
        twice = [{"digest": "secret", "expires": 1.0}] * 2
        with pytest.raises(sa.exc.IntegrityError, match="hidden") as caught, store.database.writing() as connection:
            connection.execute(sa.insert(CLAIMS), twice)
        assert "secret" not in str(caught.value.statement)
        assert rows(store, CLAIMS) == 0
        assert not world.counted
