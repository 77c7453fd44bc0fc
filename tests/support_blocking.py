"""Code of meshdev's that blocks an event loop is found by blockbuster; what is allowed to, and why, is listed here."""

from typing import Final

from blockbuster import BlockBuster

# (file, functions): whatever blocks below one of them is meant to. Each has its reason.
ALLOWED: Final = (
    # Looking for a program along PATH costs microseconds, and starting it (vfork, exec) blocks anyway.
    ("meshdev/runners/spawn.py", ("spawn", "find_program")),
    # /proc is the kernel's memory, not a disk; and between the look and the signal nothing may happen.
    (
        "meshdev/runners/census.py",
        ("pids", "look", "awaits_us", "another_users", "_session", "_environment_holds", "_look_portably"),
    ),
    ("meshdev/runners/census.py", ("command_line",)),
    ("meshdev/runners/usage.py", ("_look",)),
    ("meshdev/mesh/run_queue.py", ("_read",)),
    ("meshdev/daemon/operator.py", ("processes",)),
    ("meshdev/runners/ports.py", ("_port_range",)),
    # Control groups are files of the kernel's as well.
    ("meshdev/runners/limits.py", ("apply", "forget", "describe", "_read", "_group")),
    ("meshdev/runners/container/cgroup.py", ("is_of", "members")),
    # A line in the project's folder, once, before the first container and after the last.
    ("meshdev/runners/container/leftovers.py", ("note_engine", "forget_engine")),
    # A module is read once, and the heavy ones on purpose only when they are needed.
    ("<frozen importlib._bootstrap>", ("_find_and_load",)),
    # Before the daemon serves anybody.
    ("meshdev/daemon/app.py", ("_load", "_make_state", "_sweep")),
    ("meshdev/daemon/lock.py", ("__enter__",)),
    ("meshdev/daemon/control_socket.py", ("open_control_socket",)),
    ("meshdev/daemon/supervisor.py", ("__init__",)),
    # One line through a pipe to whoever started the daemon; at the end, the socket is removed.
    ("meshdev/daemon/app.py", ("__call__", "_serve")),
    # When a topology is put in force: folders and seeds of files must be there before anybody is started.
    ("meshdev/daemon/databases.py", ("prepare_files",)),
    # When nothing runs any more: the last lines must be on disk before the daemon is gone.
    ("meshdev/storage/store.py", ("close",)),
    # A replacement must be there before anything else happens: until then nobody watches the daemon.
    ("meshdev/daemon/guardian_link.py", ("_replace",)),
    # Once, while the daemon starts.
    ("meshdev/runners/ports.py", ("_open_registry",)),
    # Only when a published port is taken, to say by whom.
    ("meshdev/mesh/ports.py", ("name_holder",)),
    # A command looks for its project before it has a loop; tests call it within theirs.
    ("meshdev/client/project.py", ("find_project",)),
    # Whose socket it is, once a connection: connecting asks the same folder.
    ("meshdev/client/aio.py", ("_refuse_foreign",)),
    # A test that reads as a command does, which has no loop.
    ("storage/test_flood.py", ("test_a_flood_is_written_and_followed_without_a_gap",)),
    # The recorder is a process of its own for just this: what it has acknowledged is written.
    ("meshdev/storage/recordings/writer.py", ("__init__", "append", "close")),
    ("recorder/test_recorder.py", ("read", "test_progress_is_what_is_on_the_disk", "targets")),
    # The store writes in a thread of its own; tests write out what they have just logged.
    ("meshdev/storage/store.py", ("flush",)),
)


def guard() -> BlockBuster:
    """Makes every blocking call below meshdev's code raise BlockingError while a loop runs in its thread."""
    blockbuster = BlockBuster("meshdev")
    for file, functions in ALLOWED:
        for one in blockbuster.functions.values():
            one.can_block_in(file, functions)
    return blockbuster
