"""The dashboard's screens: their number keys, names, and keys. The tabs, the help and the palette are made from it.

A screen to come has its line here, its class in `stages`, and its keys in a module beside this one.
"""

from dataclasses import dataclass

from meshdev.tui.keys.chaos import CHAOS_KEYS
from meshdev.tui.keys.databases import DATA_KEYS
from meshdev.tui.keys.graph import GRAPH_KEYS
from meshdev.tui.keys.key import Key
from meshdev.tui.keys.log_pane import LOG_KEYS
from meshdev.tui.keys.logs import LOGS_KEYS
from meshdev.tui.keys.services import SERVICE_KEYS
from meshdev.tui.keys.topics import TOPIC_KEYS
from meshdev.tui.keys.traces import TRACES_KEYS
from meshdev.tui.keys.traffic import TRAFFIC_KEYS


@dataclass(frozen=True, slots=True)
class Place:
    """A screen: ``mode`` is Textual's name for it, ``groups`` are the keys of its parts (each without doubles).

    ``short`` is its title in four letters, for where there is no room.
    """

    number: str
    mode: str
    title: str
    short: str
    about: str
    groups: tuple[tuple[Key, ...], ...]


PLACES: tuple[Place, ...] = (
    Place(
        "1", "services", "Services", "Svcs", "all services, and one of them closely", (SERVICE_KEYS, LOG_KEYS)
    ),
    Place("2", "graph", "Graph", "Grph", "who calls whom, and how that goes", (GRAPH_KEYS,)),
    Place("3", "traffic", "Traffic", "Traf", "single calls over the edges", (TRAFFIC_KEYS,)),
    Place("4", "traces", "Traces", "Trcs", "what belongs together across services", (TRACES_KEYS,)),
    Place("5", "logs", "Logs", "Logs", "all services' lines by time", (LOGS_KEYS,)),
    Place("6", "chaos", "Chaos", "Chao", "faults: what is on, and what it does", (CHAOS_KEYS,)),
    Place("7", "events", "Events", "Evts", "topics: who publishes, who gets it", (TOPIC_KEYS,)),
    Place("8", "data", "Data", "Data", "databases: owners, users, slow statements", (DATA_KEYS,)),
)
