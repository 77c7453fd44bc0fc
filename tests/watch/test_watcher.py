"""Watching real files, as real editors and tools change them."""

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from meshdev.topology.model import Watch, WatchAction
from meshdev.watch.watcher import Watcher
from support_watch import watching

TESTS = Path(__file__).parent.parent


async def test_a_save_is_reported_with_service_file_and_watch(tmp_path: Path) -> None:
    """Which service, which file (relative to the project), which watch wanted to know."""
    async with watching(tmp_path) as scene:
        scene.write("orders/src/saga.py")
        code = Watch(tmp_path / "orders", ("src/**/*.py",))
        tables = Watch(tmp_path / "orders", ("**/*.sql",), action=WatchAction.REBUILD)
        await scene.watcher.watch(
            {"orders": [code, tables], "payments": [Watch(tmp_path / "payments", (".",))]}
        )
        scene.write("orders/src/saga.py", "y")
        changed = await scene.report()
        assert (changed.service, changed.files, changed.watches) == (
            "orders",
            ("orders/src/saga.py",),
            (code,),
        )
        scene.write("orders/src/saga.py", "z")
        scene.write("orders/tables.sql")
        changed = await scene.report()
        assert (set(changed.files), set(changed.watches)) == (
            {"orders/src/saga.py", "orders/tables.sql"},
            {code, tables},
        )
        assert scene.warnings == []


# --- how editors save --------------------------------------------------------------------------------


def save_in_place(file: Path) -> None:
    """Open, truncate, write: nano, VS Code, echo >."""
    file.write_text("new")


def save_as_vim(file: Path) -> None:
    """Backup and rename: probe 4913, swap file, old file becomes the backup, new file is written, backup goes."""
    swap = file.with_name(f".{file.name}.swp")
    swap.write_text("swap")
    probe = file.with_name("4913")
    probe.write_text("")
    probe.unlink()
    backup = file.with_name(file.name + "~")
    file.rename(backup)
    file.write_text("new")
    backup.unlink()
    swap.unlink()


def save_atomically(file: Path) -> None:
    """Write a temporary file, rename it over the old one."""
    temporary = file.with_name(f"{file.name}.tmp.4711")
    temporary.write_text("new")
    temporary.rename(file)


def save_as_jetbrains(file: Path) -> None:
    """Safe write: new text into ___jb_tmp___, old file to ___jb_old___, rename, remove."""
    new, old = file.with_name(file.name + "___jb_tmp___"), file.with_name(file.name + "___jb_old___")
    new.write_text("new")
    file.rename(old)
    new.rename(file)
    old.unlink()


def save_as_emacs(file: Path) -> None:
    """A lock that is a dangling link, an auto-save file, a backup by rename."""
    lock, auto = file.with_name(f".#{file.name}"), file.with_name(f"#{file.name}#")
    lock.symlink_to("user@host.1:2")
    auto.write_text("auto")
    file.rename(file.with_name(file.name + "~"))
    file.write_text("new")
    auto.unlink()
    lock.unlink()


def touch(file: Path) -> None:
    """Ask for a reload without a change."""
    os.utime(file)


def delete(file: Path) -> None:
    """Remove the file."""
    file.unlink()


@pytest.mark.parametrize(
    "save", [save_in_place, save_as_vim, save_atomically, save_as_jetbrains, save_as_emacs, touch, delete]
)
@pytest.mark.parametrize("pattern", ["src", "src/saga.py"])
async def test_every_way_to_save_is_one_change_of_one_file(
    tmp_path: Path, save: Callable[[Path], None], pattern: str
) -> None:
    """Only the file itself is named, never the editor's own; it works again the next time."""
    async with watching(tmp_path) as scene:
        file = scene.write("src/saga.py")
        await scene.watch(pattern)
        for _ in range(2):
            await asyncio.to_thread(save, file)
            assert await scene.files() == {"src/saga.py"}
            file.write_text("back")
            assert await scene.files() == {"src/saga.py"}
        assert scene.reports.empty()


async def test_a_storm_of_two_hundred_writes_is_one_report(tmp_path: Path) -> None:
    """Two seconds of writes are reported once, when they are over."""

    def storm() -> None:
        for number in range(200):
            scene.write(f"src/{number % 20}.py", str(number))
            time.sleep(0.01)  # the storm's own pace

    async with watching(tmp_path, period=0.3) as scene:
        scene.write("src/0.py")
        await scene.watch("src")
        await asyncio.to_thread(storm)
        ended = time.monotonic()
        changed = await scene.report()
        assert time.monotonic() - ended < 5
        assert changed.count == 20
        scene.write("src/last.py")
        assert await scene.files() == {"src/last.py"}


# --- what counts and what doesn't ----------------------------------------------------------------------


async def test_what_never_counts_is_not_reported(tmp_path: Path) -> None:
    """Tools' folders, caches, meshdev's own, git's, what .gitignore and the watch itself name."""
    (tmp_path / ".git").mkdir()
    async with watching(tmp_path) as scene:
        scene.write(".gitignore", "dist/\n*.log\n!wanted.log\n")
        scene.write("web/.gitignore", "/generated\n")
        ignored = [
            "node_modules/left/pad.js", "web/node_modules/x.js", "__pycache__/a.cpython-311.pyc", ".venv/bin/python",
            ".meshdev/runs/1/logs/x.log", ".git/objects/ab/cd", "dist/app.js", "a.log", "web/generated/x.js",
            "notes/private.md",
        ]  # fmt: skip
        counted = {"web/app.js", "wanted.log", "generated/y.js"}

        def write_all() -> None:
            for path in (*ignored, *counted):
                scene.write(path, "again")

        for path in (*ignored[::2], *counted):
            scene.write(path)
        await scene.watch(".", ignore=["notes/"])
        assert await scene.after(write_all, "last.txt") == counted


async def test_a_pattern_can_name_what_is_ignored(tmp_path: Path) -> None:
    """Who names an ignored folder or file in a pattern's leading parts wants it."""
    (tmp_path / ".git").mkdir()
    async with watching(tmp_path) as scene:
        scene.write(".gitignore", "dist/\n.env\n*.map\n")
        for path in (
            "dist/app.js",
            "dist/app.js.map",
            "node_modules/shared/x.js",
            "node_modules/other/x.js",
            ".env",
        ):
            scene.write(path)
        await scene.watch("dist", "node_modules/shared/**/*.js", ".env", "last.txt")

        def write_all() -> None:
            for path in (
                "dist/app.js",
                "dist/app.js.map",
                "node_modules/shared/x.js",
                "node_modules/other/x.js",
                ".env",
            ):
                scene.write(path, "again")

        assert await scene.after(write_all, "last.txt") == {"dist/app.js", "node_modules/shared/x.js", ".env"}


async def test_a_changed_gitignore_is_in_force_at_once(tmp_path: Path) -> None:
    """It is no change itself, and folders that it sets free are watched."""
    (tmp_path / ".git").mkdir()
    async with watching(tmp_path) as scene:
        scene.write(".gitignore", "generated/\n")
        scene.write("generated/a.py")
        await scene.watch(".")
        assert await scene.after(lambda: scene.write("generated/a.py", "1"), "1.txt") == set()
        assert await scene.after(lambda: scene.write(".gitignore", "*.md\n"), "2.txt") == set()
        assert await scene.after(lambda: scene.write("generated/a.py", "2"), "3.txt") == {"generated/a.py"}
        assert await scene.after(lambda: scene.write("a.md", "2"), "4.txt") == set()


# --- folders ---------------------------------------------------------------------------------------------


async def test_new_folders_are_watched_with_what_they_hold(tmp_path: Path) -> None:
    """A deep tree made at once is reported, and its files are watched from then on."""
    async with watching(tmp_path) as scene:
        scene.write("src/a.py")
        await scene.watch("src/**/*.py")
        scene.write("src/x/y/z/b.py")
        assert await scene.files() == {"src/x/y/z/b.py"}
        scene.write("src/x/y/z/b.py", "again")
        assert await scene.files() == {"src/x/y/z/b.py"}


async def test_renamed_folders_are_followed(tmp_path: Path) -> None:
    """The old name is gone, the new one is watched; a folder that left the tree is not."""
    async with watching(tmp_path) as scene:
        scene.write("src/old/a.py")
        scene.write("last.txt")
        await scene.watch("src", "last.txt")
        (tmp_path / "src" / "old").rename(tmp_path / "src" / "new")
        assert await scene.files() == {"src/old", "src/new/a.py"}
        scene.write("src/new/a.py", "2")
        assert await scene.files() == {"src/new/a.py"}
        (tmp_path / "src" / "new").rename(tmp_path / "away")
        assert await scene.files() == {"src/new"}
        assert await scene.after(lambda: scene.write("away/a.py", "3"), "last.txt") == set()


async def test_a_folder_that_is_made_anew_is_watched_anew(tmp_path: Path) -> None:
    """Removing and restoring what is watched, or what is above it, ends nothing."""
    async with watching(tmp_path) as scene:
        scene.write("services/orders/src/a.py")
        await scene.watch("services/orders/src")
        for gone in ("services/orders/src", "services/orders", "services"):
            shutil.rmtree(tmp_path / gone)
            assert await scene.files()
            scene.write("services/orders/src/a.py", gone)
            assert "services/orders/src/a.py" in await scene.files()
            scene.write("services/orders/src/a.py", gone + " again")
            assert await scene.files() == {"services/orders/src/a.py"}


async def test_what_does_not_exist_yet_is_awaited(tmp_path: Path) -> None:
    """A pattern may name a folder that some tool will make later."""
    async with watching(tmp_path) as scene:
        await scene.watch("build/out/app.wasm")
        scene.write("build/other.txt")
        scene.write("build/out/app.wasm")
        assert await scene.files() == {"build/out/app.wasm"}


# --- links -----------------------------------------------------------------------------------------------


async def test_linked_files_and_folders_are_watched_where_they_are(tmp_path: Path) -> None:
    """A change of the target is reported under the link's name; loops are no danger."""
    root, shared = tmp_path / "project", tmp_path / "shared"
    (root / "src").mkdir(parents=True)
    (shared / "lib").mkdir(parents=True)
    (shared / "config.toml").write_text("1")
    (shared / "lib" / "a.py").write_text("1")
    (root / "src" / "config.toml").symlink_to(shared / "config.toml")
    (root / "src" / "lib").symlink_to(shared / "lib")
    (root / "src" / "loop").symlink_to(root / "src")
    async with watching(root) as scene:
        await scene.watch("src")
        (shared / "config.toml").write_text("2")
        assert await scene.files() == {"src/config.toml"}
        save_atomically(shared / "config.toml")
        assert await scene.files() == {"src/config.toml"}
        (shared / "lib" / "a.py").write_text("2")
        assert await scene.files() == {"src/lib/a.py"}
        (shared / "lib" / "deep").mkdir()
        (shared / "lib" / "deep" / "b.py").write_text("1")
        assert await scene.files() == {"src/lib/deep/b.py"}


async def test_a_link_that_is_turned_is_a_change(tmp_path: Path) -> None:
    """Links over links, as mounted configuration has them: turning the middle one is seen, then the new target."""
    root = tmp_path
    for version in ("v1", "v2"):
        (root / version).mkdir()
        (root / version / "app.conf").write_text(version)
    (root / "conf").mkdir()
    (root / "data").symlink_to("v1")
    (root / "conf" / "app.conf").symlink_to("../data/app.conf")
    async with watching(root) as scene:
        await scene.watch("conf")
        (root / "new").symlink_to("v2")
        (root / "new").rename(root / "data")
        assert await scene.files() == {"conf/app.conf"}
        (root / "v2" / "app.conf").write_text("v2 again")
        assert await scene.files() == {"conf/app.conf"}


async def test_a_project_behind_a_link_reports_its_own_names(tmp_path: Path) -> None:
    """Whoever works in a linked folder sees the names of that folder."""
    (tmp_path / "real" / "src").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    async with watching(tmp_path / "link") as scene:
        await scene.watch("src")
        (tmp_path / "real" / "src" / "a.py").write_text("1")
        assert await scene.files() == {"src/a.py"}


# --- git -------------------------------------------------------------------------------------------------


def git(root: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments],
        cwd=root,
        check=True,
        capture_output=True,
    )


async def test_a_branch_switch_is_one_report_for_each_service(tmp_path: Path) -> None:
    """Hundreds of files of two services change, come and go: one report each, nothing of git's own."""
    async with watching(tmp_path, period=0.3) as scene:
        git(tmp_path, "init", "-q", "-b", "main")
        for service in ("orders", "payments"):
            for number in range(150):
                scene.write(f"{service}/p{number % 5}/{number}.py", "main")
        git(tmp_path, "add", "-A")
        git(tmp_path, "commit", "-qm", "main")
        git(tmp_path, "checkout", "-q", "-b", "other")
        for service in ("orders", "payments"):
            for number in range(100, 250):
                scene.write(f"{service}/p{number % 9}/{number}.py", "other")
        git(tmp_path, "add", "-A")
        git(tmp_path, "rm", "-rfq", "orders/p1")
        git(tmp_path, "commit", "-qm", "other")
        await scene.watcher.watch(
            {name: [Watch(tmp_path / name, ("**/*.py",))] for name in ("orders", "payments")}
        )
        for branch in ("main", "other", "main"):
            await asyncio.to_thread(git, tmp_path, "checkout", "-q", branch)
            reports = [await scene.report(), await scene.report()]
            assert sorted(report.service for report in reports) == ["orders", "payments"]
            assert min(report.count for report in reports) >= 100
            assert not [file for report in reports for file in report.files if ".git" in file]
        scene.write("orders/p2/last.py")
        assert await scene.files() == {"orders/p2/last.py"}


async def test_files_wait_while_git_holds_its_lock(tmp_path: Path) -> None:
    """A switch that takes longer than the quiet period is still one report."""
    async with watching(tmp_path, period=0.05) as scene:
        git(tmp_path, "init", "-q")
        scene.write("a.py")
        await scene.watch("*.py")
        lock = tmp_path / ".git" / "index.lock"
        lock.write_text("")
        for number in range(5):
            scene.write(f"{number}.py")
            await asyncio.sleep(0.1)  # longer than the period: what a slow switch looks like
        lock.rename(tmp_path / ".git" / "index")
        assert len((await scene.report()).files) == 5


# --- changing what is watched, and limits ----------------------------------------------------------------


async def test_services_come_and_go(tmp_path: Path) -> None:
    """Only the services of the last order are reported."""
    async with watching(tmp_path) as scene:
        for name in ("orders", "payments"):
            scene.write(f"{name}/a.py")
        await scene.watcher.watch({"orders": [Watch(tmp_path / "orders", (".",))]})
        await scene.watcher.watch({"payments": [Watch(tmp_path / "payments", (".",))]})
        scene.write("orders/a.py", "2")
        scene.write("payments/a.py", "2")
        assert (await scene.report()).service == "payments"
        await scene.watcher.watch({name: [Watch(tmp_path / name, (".",))] for name in ("orders", "payments")})
        scene.write("orders/a.py", "3")
        assert (await scene.report()).service == "orders"
        assert scene.reports.empty()


async def test_closing_leaves_no_thread_and_reports_nothing(tmp_path: Path) -> None:
    """Not even a change that was seen already."""
    reports: list[object] = []
    watcher = Watcher(tmp_path, reports.append, reports.append)
    await watcher.watch({"orders": [Watch(tmp_path, (".",))]})
    (tmp_path / "a").write_text("1")
    await watcher.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "meshdev-watch"]
    assert reports == []


async def test_unreadable_folders_are_passed_over(tmp_path: Path) -> None:
    """A folder that is not ours to read doesn't end the watching of its neighbours."""
    async with watching(tmp_path) as scene:
        scene.write("src/a.py")
        (tmp_path / "src" / "locked").mkdir(mode=0)
        await scene.watch("src")
        scene.write("src/a.py", "2")
        assert await scene.files() == {"src/a.py"}
        (tmp_path / "src" / "locked").chmod(0o700)


async def test_polling_sees_the_same(tmp_path: Path) -> None:
    """Where the system cannot tell, looking again and again finds changes, new folders and deletions."""
    async with watching(tmp_path, polling=True) as scene:
        file = scene.write("src/a.py")
        await scene.watch("src")
        save_atomically(file)
        assert await scene.files() == {"src/a.py"}
        scene.write("src/x/b.py")
        assert await scene.files() == {"src/x/b.py"}
        (tmp_path / "src" / "x" / "b.py").unlink()
        assert await scene.files() == {"src/x/b.py"}


LIMITED = """
import asyncio, sys
from pathlib import Path
from support_watch import watching

async def main(root):
    for number in range(40):
        (root / "src" / str(number)).mkdir(parents=True)
    async with watching(root) as scene:
        await scene.watch("src")
        scene.write("src/39/a.py")
        print(await scene.files(), scene.warnings)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="inotify's limits")
@pytest.mark.parametrize(
    "limit", ["20 > /proc/sys/user/max_inotify_watches", "0 > /proc/sys/user/max_inotify_instances"]
)
def test_when_watches_run_out_it_polls_and_says_the_way_out(tmp_path: Path, limit: str) -> None:
    """With too few inotify watches (or instances) changes are still found, and one warning names the setting."""
    script = f'echo {limit} && exec "$@"'
    command = [
        "unshare",
        "--user",
        "--map-root-user",
        "sh",
        "-c",
        script,
        "sh",
        sys.executable,
        "-c",
        LIMITED,
    ]
    possible = subprocess.run([*command[:5], f"echo {limit}"], check=False, capture_output=True)
    if possible.returncode:
        pytest.skip("needs user namespaces")
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(
        [*command, str(tmp_path)], check=True, capture_output=True, text=True, env=environment, timeout=60
    )
    assert "src/39/a.py" in done.stdout
    assert done.stdout.count("fs.inotify.max_user_watches") == 1


async def test_a_worktree_has_its_own_lock(tmp_path: Path) -> None:
    """In a worktree ``.git`` is a file; the switch there is one report too, and `.git` itself is none."""
    main, work = tmp_path / "main", tmp_path / "work"
    main.mkdir()
    git(main, "init", "-q", "-b", "main")
    (main / "a.py").write_text("1")
    git(main, "add", "-A")
    git(main, "commit", "-qm", "one")
    git(main, "worktree", "add", "-q", "-b", "other", str(work))
    async with watching(work, period=0.05) as scene:
        await scene.watch(".")
        lock = main / ".git" / "worktrees" / "work" / "index.lock"
        lock.write_text("")
        for number in range(4):
            scene.write(f"{number}.py")
            await asyncio.sleep(0.1)  # longer than the period: what a slow switch looks like
        lock.unlink()
        assert await scene.files() == {f"{number}.py" for number in range(4)}


async def test_a_stumble_is_told_and_survived(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong with one order is said, and the next one is carried out."""
    async with watching(tmp_path) as scene:
        broken = Watch(tmp_path, (cast("str", None),))
        with pytest.raises(TypeError):
            await scene.watcher.watch({"orders": [broken]})
        await scene.watch(".")
        scene.write("a.py")
        assert await scene.files() == {"a.py"}
        assert "file watching stumbled" in scene.warnings[0]
        assert "file watching stumbled" in caplog.text
