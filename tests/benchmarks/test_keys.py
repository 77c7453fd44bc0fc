"""What the benchmark of a key takes for the cursor, against the table as the dashboard draws it."""

import msgspec
import pytest
from benchmarks.dashboard.keys import under_cursor
from benchmarks.dashboard.seat import Read, when

from support_dashboard import ScriptedBackend, dashboard, picture, service


@pytest.mark.parametrize("probed", [True, False])
async def test_the_cursor_is_seen_in_any_state(probed: bool) -> None:  # noqa: FBT001 -- a column of the table
    """A service that is probed is healthy, another one runs; only the line under the cursor counts, and all of it."""
    services = [service("s00"), service("s01")]
    if not probed:
        for each in services:
            each.instances[0] = msgspec.structs.replace(each.instances[0], last_probe=None)
    app = dashboard(ScriptedBackend(picture(services), {}))
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.press("down")
        await pilot.pause()
        table = app.screen.query_one("#table")
        drawn = "\n".join(table.render_line(y).text for y in range(table.size.height)).encode()

    def seen(name: str) -> bool:
        return when(drawn, [Read(1.0, len(drawn))], under_cursor(name)) is not None

    assert ("healthy" in drawn.decode()) == probed
    assert (seen("s00"), seen("s01"), seen("s0")) == (False, True, False)
