"""The command palette knows every action, by any letters of its name."""

from pathlib import Path

import msgspec
import pytest
from textual.command import CommandPalette

from meshdev.errors import ServiceError
from meshdev.tui.keys import APP_KEYS, PLACES
from meshdev.tui.palette import Command, Commands, best
from meshdev.tui.screens.services import ServicesScreen
from support_dashboard import Visit, Visiting, broken, healthy, many, picture, shop, system


def seen_file(path: str) -> str:
    """What was written."""
    return Path(path).read_text("utf-8")


async def commands(seen: Visit) -> dict[str, Command]:
    """Everything that the palette has."""
    provider = Commands(seen.app.screen)
    await provider.startup()
    return {command.name: command for command in provider._all}


async def test_every_key_and_every_screen_is_in_it(visit: Visiting) -> None:
    """Nothing can only be done by who knows the key."""
    async with visit(broken()) as seen:
        names = "\n".join(await commands(seen))
        for place in PLACES:
            if place.mode != "services":
                assert f"Go to {place.title}" in names
            for keys in place.groups:
                for key in keys:
                    if key.name not in {"find_next", "back", "edit"} and place.mode == "services":
                        assert key.text in names
        for key in APP_KEYS:
            if key.name in {"help", "leave", "plain", "toggle_theme"}:
                assert key.text in names


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("Start shoppers", ("start", "shoppers")),
        ("Stop orders", ("stop", "orders")),
        ("Restart orders", ("restart", "orders")),
        ("Scale orders up", ("scale", "orders", 3)),
        ("Scale orders down", ("scale", "orders", 1)),
        ("Apply the topology file", ("apply",)),
    ],
)
async def test_services_are_moved_by_name(name: str, call: tuple[object, ...], visit: Visiting) -> None:
    """From wherever the cursor is."""
    async with visit(broken()) as seen:
        (await commands(seen))[name].run()
        await seen.until(lambda: bool(seen.backend.calls))
        assert seen.backend.calls == [call]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("Go to payments", "services"),
        ("Logs of payments", "logs"),
        ("Graph around payments", "graph"),
    ],
)
async def test_a_service_is_looked_at_on_any_screen(name: str, mode: str, visit: Visiting) -> None:
    """Its row, its lines, its neighbours."""
    async with visit(healthy()) as seen:
        (await commands(seen))[name].run()
        await seen.until(lambda: seen.app.current_mode == mode)
        await seen.settle()
        screen = seen.app.screen
        assert not isinstance(screen, ServicesScreen) or screen.table.cursor == "payments"
        assert "payments" in seen.text()


async def test_it_opens_finds_and_runs(visit: Visiting) -> None:
    """Typed as a person types it."""
    async with visit(healthy()) as seen:
        await seen.press("ctrl+p")
        assert isinstance(seen.app.screen, CommandPalette)
        await seen.press(*"restart inv")
        await seen.until(lambda: "Restart inventory" in seen.text())
        await seen.press("enter")
        await seen.until(lambda: not isinstance(seen.app.screen, CommandPalette))
        await seen.until(lambda: bool(seen.backend.calls))
        assert seen.backend.calls == [("restart", "inventory")]


async def test_addresses_and_folders_are_copied(visit: Visiting) -> None:
    """To the terminal's clipboard."""
    async with visit(healthy()) as seen:
        found = await commands(seen)
        found["Copy the address of storefront"].run()
        assert seen.app.clipboard == "http://127.0.0.1:8080"
        found["Copy the folder of the logs"].run()
        assert seen.app.clipboard.endswith("/logs")


async def test_a_picture_of_the_screen_is_saved(visit: Visiting, tmp_path: Path) -> None:
    """Where, is told and copied; a folder that isn't there is told as well."""
    shown = picture(shop().values(), system=system(root=str(tmp_path)))
    async with visit(shown) as seen:
        (await commands(seen))["Save a picture of the screen"].run()
        await seen.until(lambda: "Could not write the picture" in seen.text())
        (tmp_path / ".meshdev").mkdir()
        (await commands(seen))["Save a picture of the screen"].run()
        await seen.until(lambda: seen.app.clipboard.endswith(".svg"))
        assert "<svg" in seen_file(seen.app.clipboard)
        assert "picture in" in seen.text()


async def test_without_an_editor_the_place_is_copied(
    visit: Visiting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the way to name one is told."""
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    file = tmp_path / "meshdev.toml"
    file.write_text('\n[services.orders]\ncommand = "x"\n')
    shown = picture(shop().values(), system=system(file=str(file)))
    async with visit(shown) as seen:
        await seen.press("@orders", "e")
        await seen.until(lambda: "no editor is named" in seen.text())
        assert seen.app.clipboard == f"{file}:2"
        assert "EDITOR" in seen.text()
        monkeypatch.setenv("EDITOR", "vim")
        seen.app.copy_to_clipboard("")
        await seen.press("e")
        await seen.until(lambda: "vim needs a terminal" in seen.text())
        assert seen.app.clipboard == f"{file}:2"
        await seen.press("t")
        await seen.until(lambda: "the plain stream needs a terminal" in seen.text())


async def test_the_code_of_a_service_and_a_line_of_its_log(
    visit: Visiting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From where the service works; a refusal is told."""
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    (tmp_path / "orders.py").touch()
    async with visit(healthy()) as seen:
        seen.backend.working_dir = str(tmp_path)
        (await commands(seen))["Edit the code of orders"].run()
        await seen.until(lambda: seen.app.clipboard == str(tmp_path / "orders.py"))
        await seen.press("@orders", "l", "e")
        await seen.until(lambda: "names no file that is here" in seen.text())
        seen.backend.refusal = ServiceError("no such service")
        (await commands(seen))["Edit the code of orders"].run()
        await seen.until(lambda: "no such service" in seen.text())


async def test_two_hundred_services_are_searched_letter_by_letter(visit: Visiting) -> None:
    """The best come first, and not more than anybody reads."""
    async with visit(many(200)) as seen:
        found = [*(await commands(seen)).values()]
        assert len(found) > 1800
        ranked = best("restart 123", found)
        assert next(command.name for _, command in ranked) == "Restart service-123"
        assert len(best("s", found)) == 60


async def test_names_are_text(visit: Visiting) -> None:
    """A name that looks like markup is shown as it is."""
    services = shop()
    services["carts"] = msgspec.structs.replace(services["carts"], name="[bold]x[/]")
    async with visit(picture(services.values())) as seen:
        await seen.press("ctrl+p", *"stop bold")
        await seen.until(lambda: "Stop [bold]x[/]" in seen.text())
