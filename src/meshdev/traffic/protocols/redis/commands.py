"""What is to be known of Redis' commands: where the key is, which have a subcommand, which are more than a question.

The places of the keys are those that a server tells (``COMMAND``). Of a command that is not known nothing but its name
is told, because its arguments may be anything; a module's (``JSON.GET``) are taken to begin with a key.
"""

import re
from enum import IntEnum, auto
from typing import Final, NamedTuple

KEPT_ARGUMENTS: Final = 4
KEPT_OF_MANY: Final = 64  # XADD's fields, XREAD's streams
MOST_NAME: Final = 32


class Manner(IntEnum):
    """How a command is answered, or what it does to the connection."""

    PLAIN = auto()
    WAITS = auto()  # the server answers when there is something, or when a time is over
    READS = auto()  # entries of streams come back; it waits only when it says BLOCK
    ADDS = auto()  # an entry of a stream: an event
    PUBLISHES = auto()
    SUBSCRIBES = auto()
    UNSUBSCRIBES = auto()
    EXECUTES = auto()
    DISCARDS = auto()
    GREETS = auto()
    RESETS = auto()
    BEGINS = auto()
    STREAMS = auto()  # from its answer on the server speaks unasked
    MANAGES = auto()  # CLIENT: its REPLY changes what is answered


class Command(NamedTuple):
    """One command: ``key`` is the place of its key among its words (0: it has none, `STREAMS_KEY`: behind STREAMS)."""

    name: str
    key: int = 0
    manner: Manner = Manner.PLAIN
    has_subcommand: bool = False
    subject: int = 0  # the place of what is told beside the key: a function's name, a script's hash
    kept: int = KEPT_ARGUMENTS


STREAMS_KEY: Final = -1
_KEYLESS: Final = """
    ASKING AUTH BGREWRITEAOF BGSAVE DBSIZE DEBUG ECHO FAILOVER FLUSHALL FLUSHDB INFO LASTSAVE LOLWUT PFSELFTEST PING
    QUIT RANDOMKEY READONLY READWRITE REPLCONF REPLICAOF ROLE SAVE SCAN SELECT SHUTDOWN SLAVEOF SWAPDB TIME UNWATCH
"""
_KEY_FIRST: Final = """
    APPEND BITCOUNT BITFIELD BITFIELD_RO BITPOS CLUSTERSCAN COPY DECR DECRBY DEL DELIFEQ DUMP EXISTS EXPIRE EXPIREAT
    EXPIRETIME GEOADD GEODIST GEOHASH GEOPOS GEORADIUS GEORADIUSBYMEMBER GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH
    GEOSEARCHSTORE GET GETBIT GETDEL GETEX GETRANGE GETSET HDEL HEXISTS HEXPIRE HEXPIREAT HEXPIRETIME HGET HGETALL
    HGETDEL HGETEX HINCRBY HINCRBYFLOAT HKEYS HLEN HMGET HMSET HPERSIST HPEXPIRE HPEXPIREAT HPEXPIRETIME HPTTL
    HRANDFIELD HSCAN HSET HSETEX HSETNX HSTRLEN HTTL HVALS INCR INCRBY INCRBYFLOAT KEYS LCS LINDEX LINSERT LLEN LMOVE
    LPOP LPOS LPUSH LPUSHX LRANGE LREM LSET LTRIM MGET MOVE MSET MSETNX PERSIST PEXPIRE PEXPIREAT PEXPIRETIME PFADD
    PFCOUNT PFMERGE PSETEX PTTL RENAME RENAMENX RESTORE RESTORE-ASKING RPOP RPOPLPUSH RPUSH RPUSHX SADD SCARD SDIFF
    SDIFFSTORE SET SETBIT SETEX SETNX SETRANGE SINTER SINTERSTORE SISMEMBER SMEMBERS SMISMEMBER SMOVE SORT SORT_RO SPOP
    SRANDMEMBER SREM SSCAN STRLEN SUBSTR SUNION SUNIONSTORE TOUCH TTL TYPE UNLINK WATCH XACK XAUTOCLAIM XCLAIM XDEL
    XLEN XPENDING XRANGE XREVRANGE XSETID XTRIM ZADD ZCARD ZCOUNT ZDIFFSTORE ZINCRBY ZINTERSTORE ZLEXCOUNT ZMSCORE
    ZPOPMAX ZPOPMIN ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANGESTORE ZRANK ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK
    ZREMRANGEBYSCORE ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN ZSCORE ZUNIONSTORE
"""
_COUNTED_KEYS: Final = (
    "LMPOP MSETEX SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION"  # numkeys, then the first key
)
_SCRIPTS: Final = "EVAL EVAL_RO EVALSHA EVALSHA_RO FCALL FCALL_RO"
_CONTAINERS: Final = """
    ACL CLIENT CLUSTER COMMAND COMMANDLOG CONFIG FUNCTION LATENCY MODULE PUBSUB SCRIPT SENTINEL SLOWLOG
"""
_CONTAINERS_WITH_KEY: Final = "MEMORY OBJECT XGROUP XINFO"

_COMMANDS: Final = [
    *(Command(name) for name in _KEYLESS.split()),
    *(Command(name, 1) for name in _KEY_FIRST.split()),
    *(Command(name, 2) for name in ("BITOP", "PFDEBUG", *_COUNTED_KEYS.split())),
    *(
        Command(name, 3, subject=0 if name.startswith("EVAL_") or name == "EVAL" else 1)
        for name in _SCRIPTS.split()
    ),
    *(Command(name, has_subcommand=True) for name in _CONTAINERS.split()),
    *(Command(name, 2, has_subcommand=True) for name in _CONTAINERS_WITH_KEY.split()),
    *(
        Command(name, 1, Manner.WAITS)
        for name in ("BLMOVE", "BLPOP", "BRPOP", "BRPOPLPUSH", "BZPOPMAX", "BZPOPMIN")
    ),
    *(Command(name, 3, Manner.WAITS) for name in ("BLMPOP", "BZMPOP")),
    *(Command(name, manner=Manner.WAITS) for name in ("WAIT", "WAITAOF")),
    *(Command(name, STREAMS_KEY, Manner.READS, kept=KEPT_OF_MANY) for name in ("XREAD", "XREADGROUP")),
    *(Command(name, 1, Manner.PUBLISHES) for name in ("PUBLISH", "SPUBLISH")),
    *(Command(name, 1, Manner.SUBSCRIBES) for name in ("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE")),
    *(Command(name, 1, Manner.UNSUBSCRIBES) for name in ("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE")),
    *(Command(name, manner=Manner.STREAMS) for name in ("MONITOR", "PSYNC", "SYNC")),
    Command("CLIENT", manner=Manner.MANAGES, has_subcommand=True),
    Command("DISCARD", manner=Manner.DISCARDS),
    Command("EXEC", manner=Manner.EXECUTES),
    Command("HELLO", manner=Manner.GREETS),
    Command("MIGRATE", 3),
    Command("MULTI", manner=Manner.BEGINS),
    Command("RESET", manner=Manner.RESETS),
    Command("XADD", 1, Manner.ADDS, kept=KEPT_OF_MANY),
]
_KNOWN: Final = {
    spelt: command
    for command in _COMMANDS
    for spelt in (command.name.encode(), command.name.lower().encode())
}
_WORD: Final = re.compile(rb"[A-Za-z][A-Za-z0-9_-]{0,31}")
_MODULES: Final = re.compile(rb"[A-Z][A-Z0-9_]{0,15}\.[A-Z0-9_]{1,15}")
_UNKNOWN: Final = "(unknown)"


def command_of(word: bytes) -> Command:
    """The command that a first word names."""
    known = _KNOWN.get(word)
    if known is not None:
        return known
    word = word.upper()
    known = _KNOWN.get(word)
    if known is not None:
        return known
    if _MODULES.fullmatch(word):
        return Command(word.decode(), 1)
    return Command(word.decode() if _WORD.fullmatch(word) else _UNKNOWN)


def name_of(command: Command, words: list[bytes]) -> str:
    """The name with the subcommand, where there is one, as ACL writes it: ``CONFIG|GET``."""
    if command.has_subcommand and len(words) > 1 and _WORD.fullmatch(words[1]):
        return f"{command.name}|{words[1].decode().upper()}"
    return command.name


def key_of(command: Command, words: list[bytes]) -> bytes:
    """The first key (a channel, a stream); empty when there is none."""
    at = command.key
    if at == STREAMS_KEY:
        at = next((n for n, word in enumerate(words) if word in {b"STREAMS", b"streams"}), -1) + 1
    return words[at] if 0 < at < len(words) else b""
