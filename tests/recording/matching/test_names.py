"""What names say."""

import pytest

from meshdev.recording.matching.names import Hint, hint, is_own


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (
            Hint.NOISE,
            [
                "nonce",
                "_",
                "ts",
                "X-Request-Nonce",
                "cacheBuster",
                "idempotency_key",
                "X-Correlation-ID",
                "rnd",
                "requestId",
                "X-Request-ID",
            ],
        ),
        (Hint.CALL, ["message_id", "eventId", "transaction-id", "attemptId", "eventid", "r"]),
        (Hint.TIME, ["created_at", "sentAt", "time", "clientTime"]),
        (Hint.OWN, ["id", "uuid", "client_ref", "externalId", "session_id", "device-id"]),
        (
            Hint.REFERENCE,
            [
                "customer_id",
                "tenant",
                "X-Tenant",
                "userId",
                "client_id",
                "api_key",
                "order",
                "userid",
                "appid",
            ],
        ),
        (Hint.RANGE, ["from", "since", "created_after", "startTime", "min_price", "expires_at"]),
        (Hint.DATA, ["amount", "page", "sku", "sha256", "pageNumber", "q", "v", "postcode", "unit_price"]),
        (Hint.NONE, ["x", "foo", "", "___", "flavour"]),
    ],
)
def test_hints(said: Hint, names: list[str]) -> None:
    """In any spelling."""
    assert dict.fromkeys(names, said) == {name: hint(name) for name in names}


@pytest.mark.parametrize(
    ("name", "path", "own"),
    [
        ("order_id", "/orders", True),
        ("orderId", "/shop/orders", True),
        ("category_id", "/categories", True),
        ("customer_id", "/orders", False),
        ("", "/orders", False),
    ],
)
def test_own_names(name: str, path: str, own: bool) -> None:  # noqa: FBT001
    """The id of what the route is about."""
    assert own is is_own(name, path)
