"""Containers in a topology file: every key in its short and its long form, as the runner gets it."""

from pathlib import Path

from meshdev.topology.container import (
    Container,
    DeviceRequest,
    EngineHealthcheck,
    FileGrant,
    ImageBuild,
    Logging,
    Mount,
    MountKind,
    Namespaces,
    Network,
    NetworkLink,
    PullPolicy,
    Resources,
    Ulimit,
    Volume,
)
from meshdev.topology.diff import diff
from meshdev.topology.model import (
    Healthcheck,
    ProbeKind,
    Restart,
    RestartPolicy,
    System,
    Watch,
    WatchAction,
)
from support_topology import loaded


def container(folder: Path, keys: str, more: str = "", **environ: str) -> Container:
    """The container of a service with these ``keys``, in a file with ``more``."""
    run = system(folder, keys, more, **environ).services["a"].run
    assert isinstance(run, Container)
    return run


def system(folder: Path, keys: str, more: str = "", **environ: str) -> System:
    """A system of one container."""
    return loaded(folder, f'[services.a]\nimage = "x"\n{keys}\n{more}', environ=environ)


def test_a_command_line_is_split_without_a_shell(tmp_path: Path) -> None:
    """As in Compose: an argv of the words, ``$$`` is the container's, references are filled in."""
    made = container(tmp_path, """command = 'sh -c "echo $$HOME $NAME" $PORT'\nentrypoint = []""", NAME="n")
    assert made.command == ("sh", "-c", "echo $$HOME n", "${PORT}")
    assert made.entrypoint == ()


def test_nothing_written_is_the_images(tmp_path: Path) -> None:
    """Command, entrypoint, health and stop signal are the image's when nobody says otherwise."""
    made = container(tmp_path, "")
    assert made == Container("x", networks=(NetworkLink("default"),))


def test_mounts_in_every_form(tmp_path: Path) -> None:
    """Paths are binds from the file's folder, names are volumes, a later mount takes an earlier one's target."""
    keys = """
    volumes = ["./src:/app:ro", "data:/data:nocopy", "/anonymous", "/old:/etc/x", "./new:/etc/x:z,rshared",
      { type = "tmpfs", target = "/run", tmpfs = { size = "64k", mode = 0o1777 } },
      { type = "volume", source = "data", target = "/sub", volume = { subpath = "s" } },
      { type = "bind", source = "logs", target = "/logs", bind = { create_host_path = false } }]
    tmpfs = ["/tmp:size=1m,mode=700", "/scratch"]
    """
    made = container(tmp_path, keys)
    assert made.mounts == (
        Mount(MountKind.BIND, "/app", str(tmp_path / "src"), read_only=True),
        Mount(MountKind.VOLUME, "/data", "data", nocopy=True),
        Mount(MountKind.VOLUME, "/anonymous"),
        Mount(MountKind.BIND, "/etc/x", str(tmp_path / "new"), selinux="z", propagation="rshared"),
        Mount(MountKind.TMPFS, "/run", size=65536, mode=0o1777),
        Mount(MountKind.VOLUME, "/sub", "data", subpath="s"),
        Mount(MountKind.BIND, "/logs", str(tmp_path / "logs"), create_host_path=False),
        Mount(MountKind.TMPFS, "/tmp", size=1048576, mode=0o700),
        Mount(MountKind.TMPFS, "/scratch"),
    )


def test_a_build_with_everything(tmp_path: Path) -> None:
    """The long form; contexts are folders from the file's own, or URLs."""
    keys = """
    [services.a.build]
    context = "app"
    dockerfile = "D"
    target = "t"
    args = ["A=1", "B"]
    secrets = ["key"]
    cache_from = ["i"]
    network = "host"
    labels = { l = 1 }
    extra_hosts = ["h:1.2.3.4"]
    tags = ["x:2"]
    platforms = ["linux/amd64"]
    shm_size = "1m"
    no_cache = true
    pull = true
    ssh = "default"
    additional_contexts = { lib = "lib", base = "docker-image://alpine" }
    """
    made = container(tmp_path, keys, '[secrets.key]\ncontent = "k"').build
    assert made == ImageBuild(
        context=tmp_path / "app",
        dockerfile="D",
        target="t",
        args={"A": "1", "B": ""},
        secrets=(FileGrant("key", "key", content="k"),),
        cache_from=("i",),
        network="host",
        labels={"l": "1"},
        extra_hosts=(("h", "1.2.3.4"),),
        tags=("x:2",),
        platforms=("linux/amd64",),
        shm_size=1048576,
        no_cache=True,
        pull=True,
        ssh=("default",),
        additional_contexts={"lib": str(tmp_path / "lib"), "base": "docker-image://alpine"},
    )
    remote = container(tmp_path, 'build = "https://example.test/repo.git#main"').build
    assert remote == ImageBuild(remote="https://example.test/repo.git#main")


def test_files_from_secrets_and_configs(tmp_path: Path) -> None:
    """From a file, a variable, the table itself, or out of reach; secrets lie in /run/secrets."""
    (tmp_path / "s.txt").write_text("x", "utf-8")
    keys = 'secrets = ["f", { source = "e", target = "own", uid = "1", mode = "0440" }, "o"]\nconfigs = ["c"]'
    more = """
    [secrets]
    f = { file = "s.txt" }
    e = { environment = "VARIABLE" }
    o = { external = true }
    [configs]
    c = { content = "hello" }
    """
    assert container(tmp_path, keys, more, VARIABLE="top").files == (
        FileGrant("/run/secrets/f", "f", source=tmp_path / "s.txt"),
        FileGrant("/run/secrets/own", "e", content="top", variable="VARIABLE", uid="1", mode=0o440),
        FileGrant("/run/secrets/o", "o", external="o"),
        FileGrant("/c", "c", content="hello"),
    )


def test_networks_and_what_is_shared(tmp_path: Path) -> None:
    """Links by the keys of [networks], which say the rest once for all."""
    keys = '[services.a.networks.back]\naliases = ["api"]\nipv4_address = "172.28.0.9"\n[services.a.networks.out]'
    more = """
    [networks.back]
    internal = true
    driver_opts = { o = 1 }
    ipam = { config = [{ subnet = "172.28.0.0/16", gateway = "172.28.0.1" }] }
    [networks.out]
    external = true
    name = "shared"
    [volumes.data]
    labels = ["keep=yes"]
    """
    made = system(tmp_path, keys, more)
    run = made.services["a"].run
    assert isinstance(run, Container)
    assert run.networks == (NetworkLink("back", ("api",), "172.28.0.9"), NetworkLink("out"))
    assert made.networks == {
        "back": Network(
            "back",
            internal=True,
            driver_opts={"o": "1"},
            ipam=({"subnet": "172.28.0.0/16", "gateway": "172.28.0.1"},),
        ),
        "out": Network("out", "shared", external=True),
    }
    assert made.volumes == {"data": Volume("data", labels={"keep": "yes"})}


def test_the_many_small_keys(tmp_path: Path) -> None:
    """Everything that is a word of Compose for a container's own nature."""
    keys = """
    user = "1000:1000"
    group_add = ["audio"]
    cap_add = "NET_ADMIN"
    cap_drop = ["ALL"]
    security_opt = ["no-new-privileges"]
    privileged = true
    read_only = true
    init = true
    tty = true
    stdin_open = true
    sysctls = ["net.core.somaxconn=1024"]
    ulimits = { nproc = 65535, nofile = { soft = 1, hard = -1 } }
    extra_hosts = { db = "10.0.0.5", six = ["::1"] }
    dns = "1.1.1.1"
    devices = ["/dev/null", { source = "/dev/zero", target = "/dev/z", permissions = "r" }]
    gpus = "all"
    shm_size = "64m"
    hostname = "h"
    labels = { a = true }
    logging = { driver = "local", options = { max-size = "1m" } }
    platform = "linux/amd64"
    pull_policy = "every_12h"
    stop_signal = "SIGQUIT"
    pid = "host"
    ipc = "private"
    pids_limit = 100
    mem_reservation = "1m"
    memswap_limit = -1
    cpuset = "0-1"
    links = ["b:bee"]
    expose = [3000]
    container_name = "only"
    working_dir = "/app"
    """
    made = container(tmp_path, keys)
    assert made == Container(
        "x",
        networks=(NetworkLink("default"),),
        user="1000:1000",
        group_add=("audio",),
        cap_add=("NET_ADMIN",),
        cap_drop=("ALL",),
        security_opt=("no-new-privileges",),
        privileged=True,
        read_only=True,
        init=True,
        tty=True,
        stdin_open=True,
        sysctls={"net.core.somaxconn": "1024"},
        ulimits=(Ulimit("nproc", 65535, 65535), Ulimit("nofile", 1, -1)),
        extra_hosts=(("db", "10.0.0.5"), ("six", "::1")),
        dns=("1.1.1.1",),
        devices=("/dev/null", "/dev/zero:/dev/z:r"),
        hostname="h",
        labels={"a": "true"},
        logging=Logging("local", {"max-size": "1m"}),
        platform="linux/amd64",
        pull_policy=PullPolicy("missing", 43200.0),
        stop_signal="SIGQUIT",
        namespaces=Namespaces(pid="host", ipc="private"),
        resources=Resources(
            memory_reservation=1048576,
            memory_swap=-1,
            cpuset="0-1",
            pids=100,
            shm_size=67108864,
            device_requests=(DeviceRequest(count=-1),),
        ),
        links=(("b", "bee"),),
        expose=("3000",),
        container_name="only",
        working_dir="/app",
    )


def test_health_in_the_engines_words(tmp_path: Path) -> None:
    """A test is run in the container, as it is; NONE takes away the image's."""
    keys = 'healthcheck = { test = ["CMD-SHELL", "test $$X = 1"], interval = "5s", start_interval = "1s" }'
    made = system(tmp_path, keys).services["a"]
    assert made.healthcheck == Healthcheck(ProbeKind.EXEC, ("/bin/sh", "-c", "test $X = 1"), interval=5.0)
    assert isinstance(made.run, Container)
    assert made.run.healthcheck == EngineHealthcheck(
        ("CMD-SHELL", "test $X = 1"), interval=5.0, start_interval=1.0
    )
    for off in ('{ test = ["NONE"] }', '{ test = "NONE" }', "{ disable = true }", "false"):
        node = system(tmp_path, f"healthcheck = {off}").services["a"]
        assert node.healthcheck is None
        assert isinstance(node.run, Container)
        assert node.run.healthcheck is not None
        assert node.run.healthcheck.disabled


def test_a_restart_that_is_counted(tmp_path: Path) -> None:
    """``on-failure:3`` is three restarts, however long they take."""
    restart = system(tmp_path, 'restart = "on-failure:3"').services["a"].restart
    assert restart == Restart(RestartPolicy.ON_FAILURE, burst=4, window=365 * 86400.0)


def test_watches_that_sync(tmp_path: Path) -> None:
    """A folder, where it goes in the container, and a command after it."""
    keys = """
    watch = [
      { base = "web", paths = ["**"], action = "sync", target = "/web", initial_sync = true },
      { paths = ["x"], action = "sync+exec:nginx -s reload", target = "/x" },
    ]
    """
    assert system(tmp_path, keys).services["a"].watch == (
        Watch(tmp_path / "web", ("**",), (), WatchAction.SYNC, "", "/web", initial_sync=True),
        Watch(tmp_path, ("x",), (), WatchAction.SYNC_EXEC, "nginx -s reload", "/x"),
    )


def test_two_at_once_unless_only_one_can_be(tmp_path: Path) -> None:
    """A port of its own is no obstacle; a name, the machine's network or a volume that it writes is."""
    for keys, strategy in (
        ("port = 80", "rolling"),
        ('port = 80\nvolumes = ["./x:/x", "data:/data:ro"]', "rolling"),
        ('port = 80\nvolumes = ["data:/data"]', "replace"),
        ('port = 80\ncontainer_name = "a"', "replace"),
        ('port = 80\nnetwork_mode = "host"', "replace"),
        ('protocol = "none"', "replace"),
    ):
        assert system(tmp_path, keys).services["a"].reload.value == strategy


def test_a_plan_names_what_changed(tmp_path: Path) -> None:
    """A container is made anew when its keys change, or what a network of it says."""
    old = system(tmp_path, 'volumes = ["/a"]')
    new = system(tmp_path, 'volumes = ["/b"]')
    assert [(it.action.value, it.reason) for it in diff(old, new)] == [("restart", "volumes")]
    wider = system(tmp_path, 'volumes = ["/a"]', "[networks.default]\ninternal = true")
    assert [(it.action.value, it.reason) for it in diff(old, wider)] == [("restart", "networks.default")]
