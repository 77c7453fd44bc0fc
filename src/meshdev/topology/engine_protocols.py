"""What the engines speak that people name (`engine`). Data alone, for the checker needs it, too."""

from typing import Final

ENGINE_PROTOCOLS: Final = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "redis": "redis",
    "valkey": "redis",
    "mongodb": "mongodb",
    "nats": "nats",
    "kafka": "kafka",
    "rabbitmq": "amqp",
    "mosquitto": "mqtt",
    "memcached": "memcached",
}
