"""The journal: numbers, resume, reset, and its bound."""

import asyncio

import msgspec

from meshdev.daemon.journal import Journal
from meshdev.wire.control import StreamEvent


def notice(text: str) -> StreamEvent:
    """An event to append."""
    return StreamEvent(seq=0, at=1.0, kind="notice", text=text)


async def take(journal: Journal, after: int, count: int) -> list[StreamEvent]:
    """The first ``count`` events that a follower sees."""
    seen: list[StreamEvent] = []
    async for batch in journal.follow(after):
        seen += [msgspec.json.decode(data, type=StreamEvent) for _, data in batch]
        if len(seen) >= count:
            break
    return seen


async def test_events_are_numbered_in_order() -> None:
    """Every event gets the next number, and a follower from zero sees them all."""
    journal = Journal()
    for text in "abc":
        journal.append(notice(text))

    seen = await take(journal, 0, 3)

    assert [(event.seq, event.text) for event in seen] == [(1, "a"), (2, "b"), (3, "c")]


async def test_a_follower_resumes_where_it_was() -> None:
    """After a lost connection nothing is seen twice and nothing is missed."""
    journal = Journal()
    for text in "abcd":
        journal.append(notice(text))

    assert [event.text for event in await take(journal, 2, 2)] == ["c", "d"]


async def test_a_follower_waits_for_what_comes_next() -> None:
    """A follower that has seen everything gets the next event when it happens."""
    journal = Journal()
    async with asyncio.TaskGroup() as group:
        following = group.create_task(take(journal, 0, 1))
        while not journal.followers:  # noqa: ASYNC110 -- the loop's next turn is what is waited for
            await asyncio.sleep(0)
        journal.append(notice("late"))

    assert [event.text for event in following.result()] == ["late"]
    assert journal.followers == 0


async def test_a_follower_that_is_too_far_behind_is_told_to_start_over() -> None:
    """The ring is bounded: who asks for what is no longer there gets one reset with the current number."""
    journal = Journal(kept=3)
    for text in "abcdef":
        journal.append(notice(text))

    seen = await take(journal, 1, 1)

    assert [(event.kind, event.seq) for event in seen] == [("reset", 6)]
    assert [event.text for event in await take(journal, 3, 3)] == ["d", "e", "f"]


async def test_a_number_from_an_earlier_daemon_is_reset() -> None:
    """A number that this journal has not reached comes from another daemon's life."""
    journal = Journal()
    journal.append(notice("a"))

    assert [event.kind for event in await take(journal, 99, 1)] == ["reset"]


async def test_closing_ends_every_stream_after_the_last_event() -> None:
    """A follower gets what is there, then the end."""
    journal = Journal()
    journal.append(notice("last"))
    journal.close()

    seen = [batch async for batch in journal.follow(0)]

    assert len(seen) == 1
