"""What the engine is told of a container."""

from typing import Any

from meshdev.runners.container.spec import ContainerSpec, create_body
from meshdev.topology.container import (
    Container,
    DeviceRequest,
    EngineHealthcheck,
    Logging,
    Mount,
    MountKind,
    Namespaces,
    Resources,
    Ulimit,
)
from meshdev.topology.model import Limits


def told(container: Container, **fields: Any) -> dict[str, Any]:
    """The create call's JSON."""
    return create_body(ContainerSpec(container, "sha256:1", **fields))


def host(container: Container, **fields: Any) -> dict[str, Any]:
    """Its host part."""
    found: dict[str, Any] = told(container, **fields)["HostConfig"]
    return found


def test_what_nobody_wrote_is_left_to_the_image() -> None:
    """Only the image, and a log that can be read."""
    assert told(Container()) == {
        "Image": "sha256:1",
        "HostConfig": {
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "32m", "max-file": "4"}},
        },
    }


def test_the_usual() -> None:
    """Command, environment, ports, names, network, limits."""
    found = told(
        Container(user="7:8", working_dir="/srv", hostname="web", tty=True, labels={"a": "1"}),
        command=("serve",),
        entrypoint=(),
        environment={"PORT": "8080"},
        ports={"http": 8080},
        hosts=(("payments", "10.197.1.2"),),
        network="n",
        limits=Limits(memory=1 << 20, cpus=0.5),
        stop_signal="SIGQUIT",
        labels={"dev.meshdev.run": "r"},
    )
    config = found.pop("HostConfig")
    assert found == {
        "Image": "sha256:1",
        "Env": ["PORT=8080"],
        "Cmd": ["serve"],
        "Entrypoint": [""],
        "ExposedPorts": {"8080/tcp": {}},
        "User": "7:8",
        "WorkingDir": "/srv",
        "Hostname": "web",
        "Tty": True,
        "StopSignal": "SIGQUIT",
        "Labels": {"a": "1", "dev.meshdev.run": "r"},
        "NetworkingConfig": {"EndpointsConfig": {"n": {}}},
    }
    assert (config["NetworkMode"], config["ExtraHosts"]) == ("n", ["payments:10.197.1.2"])
    assert (config["Memory"], config["NanoCpus"]) == (1 << 20, 500_000_000)


def test_mounts() -> None:
    """Folders as binds, which make what is missing; volumes by the engine's names; memory."""
    mounts = (
        Mount(MountKind.BIND, "/www", "/home/me/www", read_only=True, selinux="z"),
        Mount(MountKind.VOLUME, "/data", "db", nocopy=True),
        Mount(MountKind.VOLUME, "/anonymous"),
        Mount(MountKind.TMPFS, "/run", size=100, mode=0o700),
    )
    config = host(Container(mounts=mounts), sources={"db": "shop_db"})
    assert config["Binds"] == ["/home/me/www:/www:ro,z"]
    assert config["Mounts"] == [
        {"Type": "volume", "Target": "/data", "Source": "shop_db", "VolumeOptions": {"NoCopy": True}},
        {"Type": "volume", "Target": "/anonymous"},
        {"Type": "tmpfs", "Target": "/run", "TmpfsOptions": {"SizeBytes": 100, "Mode": 0o700}},
    ]


def test_what_is_shared_with_others() -> None:
    """A service's name becomes its container's id."""
    container = Container(
        namespaces=Namespaces(network="service:db", pid="host"), volumes_from=("db:ro", "container:other")
    )
    config = host(container, others={"db": "abc"})
    assert (config["NetworkMode"], config["PidMode"]) == ("container:abc", "host")
    assert config["VolumesFrom"] == ["abc:ro", "other"]


def test_the_rare() -> None:
    """Resources, devices, limits of the kernel, and a log driver of one's own."""
    container = Container(
        resources=Resources(pids=10, shm_size=64, device_requests=(DeviceRequest(count=-1),)),
        devices=("/dev/null", "/dev/zero:/dev/z:r"),
        ulimits=(Ulimit("nofile", 10, 20),),
        logging=Logging("local", {"max-size": "1m"}),
        init=True,
    )
    config = host(container)
    assert (config["PidsLimit"], config["ShmSize"], config["Init"]) == (10, 64, True)
    assert config["DeviceRequests"] == [{"Count": -1, "Capabilities": [["gpu"]]}]
    assert config["Devices"] == [
        {"PathOnHost": "/dev/null", "PathInContainer": "/dev/null", "CgroupPermissions": "rwm"},
        {"PathOnHost": "/dev/zero", "PathInContainer": "/dev/z", "CgroupPermissions": "r"},
    ]
    assert config["Ulimits"] == [{"Name": "nofile", "Soft": 10, "Hard": 20}]
    assert config["LogConfig"] == {"Type": "local", "Config": {"max-size": "1m"}}


def test_health_is_asked_by_one_of_us() -> None:
    """The engine asks where the file says nothing, by its times if it says some; else it is told not to."""
    assert "Healthcheck" not in told(Container())
    assert told(Container(), engine_health=False)["Healthcheck"] == {"Test": ["NONE"]}
    times = EngineHealthcheck(interval=0.5, retries=2)
    assert told(Container(healthcheck=times))["Healthcheck"] == {"Interval": 500_000_000, "Retries": 2}
    off = EngineHealthcheck(test=("NONE",))
    assert told(Container(healthcheck=off))["Healthcheck"] == {"Test": ["NONE"]}


def test_ports_on_loopback_where_bridges_are_out_of_reach() -> None:
    """At a free port, for this machine only."""
    bindings = host(Container(), ports={"http": 80}, publish=True)["PortBindings"]
    assert bindings == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}
