"""Every key that the Compose specification knows, by the table it stands in, and what becomes of it here.

A key that is `Unmeant` is told with its place, why it means nothing, and what to write instead. A key that no table
knows is a problem with the nearest name, as in Compose. Keys that begin with ``x-`` are free everywhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from meshdev.topology.compose.nodes import Node, Report
from meshdev.topology.nearest import did_you_mean

_SWARM = "is for swarms"
_WINDOWS = "is for containers of Windows"


@dataclass(frozen=True, slots=True)
class Unmeant:
    """Why a key of Compose has no meaning here, and what does."""

    why: str
    instead: str = ""


def _known(*names: str) -> dict[str, Unmeant | None]:
    return dict.fromkeys(names)


TOP: Mapping[str, Unmeant | None] = {
    **_known("name", "services", "networks", "volumes", "secrets", "configs", "include"),
    "version": Unmeant("has no meaning any more, in Compose neither", "drop it"),
    "models": Unmeant("models are not run here", "a service that serves the model, or a url"),
}
SERVICE: Mapping[str, Unmeant | None] = {
    **_known("extends"),  # followed before anything is asked for its meaning
    **_known("annotations", "build", "cap_add", "cap_drop", "cgroup", "cgroup_parent", "command", "configs"),
    **_known("container_name", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares"),
    **_known("cpus", "cpuset", "depends_on", "deploy", "develop", "device_cgroup_rules", "devices", "dns"),
    **_known("dns_opt", "dns_search", "domainname", "entrypoint", "env_file", "environment", "expose"),
    **_known(
        "external_links", "extra_hosts", "gpus", "group_add", "healthcheck", "hostname", "image", "init"
    ),
    **_known("ipc", "labels", "links", "logging", "mac_address", "mem_limit", "mem_reservation"),
    **_known(
        "mem_swappiness", "memswap_limit", "network_mode", "networks", "oom_kill_disable", "oom_score_adj"
    ),
    **_known("pid", "pids_limit", "platform", "ports", "privileged", "profiles", "pull_policy", "read_only"),
    **_known("restart", "runtime", "scale", "secrets", "security_opt", "shm_size", "stdin_open"),
    **_known("stop_grace_period", "stop_signal", "storage_opt", "sysctls", "tmpfs", "tty", "ulimits", "user"),
    **_known("userns_mode", "uts", "volumes", "volumes_from", "working_dir"),
    "attach": Unmeant("every log is kept, and shown where you look", "`meshdev logs SERVICE`"),
    "blkio_config": Unmeant("input and output of disks are not limited here", "limits = { memory, cpus }"),
    "cpu_count": Unmeant(_WINDOWS, "cpus"),
    "cpu_percent": Unmeant(_WINDOWS, "cpus"),
    "credential_spec": Unmeant(_WINDOWS),
    "isolation": Unmeant(_WINDOWS),
    "label_file": Unmeant("labels are not read from files", "labels"),
    "models": Unmeant("models are not run here", "a service that serves the model, or a url"),
    "post_start": Unmeant(
        "nothing is run in a container after its start", "a service with one_shot, or the image's own"
    ),
    "pre_start": Unmeant(
        "nothing is run before a container's start", "a service with one_shot that it depends on"
    ),
    "pre_stop": Unmeant(
        "nothing is run in a container before its stop", "stop_signal, which the program hears"
    ),
    "provider": Unmeant("plugins of Compose are not run", "url, for what runs elsewhere"),
    "pull_refresh_after": Unmeant("has no force here", "pull_policy: every_12h"),
    "use_api_socket": Unmeant("has no force here", "volumes: /var/run/docker.sock:/var/run/docker.sock"),
}
BUILD: Mapping[str, Unmeant | None] = {
    **_known(
        "additional_contexts", "args", "cache_from", "cache_to", "context", "dockerfile", "dockerfile_inline"
    ),
    **_known("extra_hosts", "labels", "network", "no_cache", "platforms", "privileged", "pull", "secrets"),
    **_known("shm_size", "ssh", "tags", "target"),
    "entitlements": Unmeant("entitlements are not given", "privileged"),
    "isolation": Unmeant(_WINDOWS),
    "no_cache_filter": Unmeant("the cache is used for all stages, or for none", "no_cache"),
    "provenance": Unmeant("attestations are not made here"),
    "sbom": Unmeant("attestations are not made here"),
    "ulimits": Unmeant("a build has the engine's own limits"),
}
HEALTHCHECK = _known("disable", "interval", "retries", "start_interval", "start_period", "test", "timeout")
DEPENDENCY = _known("condition", "required", "restart")
ENV_FILE = _known("path", "required", "format")
DEVELOP = _known("watch")
WATCH: Mapping[str, Unmeant | None] = {
    **_known("action", "path", "target", "ignore", "include", "initial_sync", "exec")
}
WATCH_EXEC: Mapping[str, Unmeant | None] = {
    **_known("command"),
    "user": Unmeant("the command runs as the container's own user"),
    "privileged": Unmeant("the command has the container's own rights"),
    "working_dir": Unmeant("the command runs in the container's own folder", "sh -c 'cd … && …'"),
    "environment": Unmeant("the command has the container's own environment", "env NAME=value …"),
}
PORT: Mapping[str, Unmeant | None] = {
    **_known("target", "published", "protocol", "host_ip", "name", "app_protocol"),
    "mode": None,
}
MOUNT: Mapping[str, Unmeant | None] = {
    **_known("type", "source", "target", "read_only", "bind", "volume", "tmpfs"),
    "consistency": Unmeant("has no force outside of old Docker Desktops", "drop it"),
    "image": Unmeant("images are not mounted", "build with COPY --from"),
}
BIND: Mapping[str, Unmeant | None] = {
    **_known("propagation", "create_host_path", "selinux"),
    "recursive": Unmeant("mounts within the folder come along as the engine does it"),
}
VOLUME_OPTIONS: Mapping[str, Unmeant | None] = {
    **_known("nocopy", "subpath"),
    "labels": Unmeant("an anonymous volume has no labels here", "a named volume"),
}
TMPFS = _known("size", "mode")
GRANT = _known("source", "target", "uid", "gid", "mode")
NETWORK_LINK: Mapping[str, Unmeant | None] = {
    **_known("aliases", "ipv4_address", "ipv6_address", "link_local_ips", "mac_address", "driver_opts"),
    **_known("priority", "gw_priority"),
    "interface_name": Unmeant("the engine names the interfaces"),
}
ULIMIT = _known("soft", "hard")
LOGGING = _known("driver", "options")
DEVICE_REQUEST = _known("capabilities", "driver", "count", "device_ids", "options")
DEPLOY: Mapping[str, Unmeant | None] = {
    **_known("mode", "replicas", "resources", "restart_policy"),
    "endpoint_mode": Unmeant(_SWARM, "calls are balanced by the edges"),
    "labels": Unmeant(f"{_SWARM}: the service's, not the container's", "labels"),
    "placement": Unmeant(f"{_SWARM}: everything runs on this machine"),
    "rollback_config": Unmeant(_SWARM, "a reload that fails keeps the old instance"),
    "update_config": Unmeant(_SWARM, 'reload = "rolling"'),
}
RESOURCES = _known("limits", "reservations")
RESOURCE_LIMITS = _known("cpus", "memory", "pids")
RESERVATIONS: Mapping[str, Unmeant | None] = {
    **_known("cpus", "memory", "devices"),
    "generic_resources": Unmeant(_SWARM),
}
RESTART_POLICY = _known("condition", "delay", "max_attempts", "window")
NETWORK: Mapping[str, Unmeant | None] = {
    **_known("name", "driver", "driver_opts", "ipam", "external", "internal", "enable_ipv4", "enable_ipv6"),
    **_known("attachable", "labels"),
}
IPAM = _known("driver", "config", "options")
IPAM_POOL = _known("subnet", "ip_range", "gateway", "aux_addresses")
VOLUME = _known("name", "driver", "driver_opts", "external", "labels")
SECRET: Mapping[str, Unmeant | None] = {
    **_known("name", "environment", "file", "content", "external"),
    **dict.fromkeys(("labels", "driver", "driver_opts", "template_driver"), Unmeant(_SWARM)),
}
CONFIG: Mapping[str, Unmeant | None] = {
    **_known("name", "content", "environment", "file", "external"),
    **dict.fromkeys(("labels", "template_driver"), Unmeant(_SWARM)),
}
EXTENSION = "x-meshdev"


def meant(
    node: Node, known: Mapping[str, Unmeant | None], path: str, report: Report
) -> Iterable[tuple[str, Node]]:
    """The entries of a mapping that have a meaning here; the others are told."""
    found = []
    for key, entry in node.entries.items():
        if key.startswith("x-"):
            continue
        full = f"{path}.{key}" if path else key
        unmeant = known.get(key)
        if key not in known:
            message = f'{path or "the file"}: unknown key "{key}"'
            report.complain(entry.where, message, did_you_mean(key, known, what="accepted keys"))
        elif unmeant is not None:
            report.note(
                entry.where,
                f"{full}: {unmeant.why}",
                f"instead: {unmeant.instead}" if unmeant.instead else "",
            )
        elif entry.value is not None:
            found.append((key, entry))
    return found
