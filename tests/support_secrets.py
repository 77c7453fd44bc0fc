"""Secrets to plant, and the carriers to plant them in: what tests of redaction, recorder and exports share."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

from meshdev.recording.model import Body, Exchange, Message, MessageKind, Request, Response

JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJzdWIiOiI4ODEyMzQ1Njc4IiwiZW1haWwiOiJhbGljZUBleGFtcGxlLmNvbSIsImlhdCI6MTc2NDI5ODQ0NiwiZXhwIjoxNzY0MzAyMDQ2fQ"
    ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"
    "MzEfYyjiWA4R4ypbHqGC0H0+tG3hGbN3NYDipK1q0L8bJvYQm9SHTcy7AhxQQ2Nv\n"
    "q4kLrKx8oA==\n"
    "-----END PRIVATE KEY-----"
)


def _joined(*parts: str) -> str:
    """Tokens are written in parts, lest scanners of repositories take them for real ones."""
    return "".join(parts)


#: Secrets that are known by themselves, wherever they stand; the value is what must be gone.
EVIDENT: Mapping[str, str] = {
    "jwt": JWT,
    "pem": PEM,
    "card": "4111111111111111",
    "card with blanks": "5500 0055 5555 5559",
    "card with dashes": "3782-822463-10005",
    "aws id": _joined("AKIA", "IOSFODNN7EXAMPLQ"),
    "stripe": _joined("sk_", "live_", "4eC39HqLyjWDarjtT1zdp7dc"),
    "github": _joined("ghp", "_16C7e42F292c6912E7710c838347Ae178B4a"),
    "gitlab": _joined("glpat", "-zY4tKx83jWqLm2Vb6Hn9"),
    "slack": _joined("xoxb", "-2345678901-2345678901234-AbCdEfGhIjKlMnOpQrStUvWx"),
    "google": _joined("AI", "zaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY"),
    "openai": _joined("sk", "-proj-Qx7vN2mK9pLw4Rt8Ys3Bd6Fg"),
    "connection string": "postgresql://shop:s3cr3t-Pg-pass@db.internal:5432/orders",
}
#: What of it must not be found afterwards, where that is not all of it.
INSIDE: Mapping[str, str] = {"connection string": "s3cr3t-Pg-pass", "pem": PEM.split("\n")[2]}

#: Secrets that only their name tells: (name, value).
NAMED: Mapping[str, tuple[str, str]] = {
    "password": ("password", "wonderland"),
    "short password": ("password", "k1tt3n"),
    "password with punctuation": ("new_password", 'p"a\\ss/w&r=d +%'),
    "password beyond ASCII": ("userPassword", "grüße-из-日本"),
    "access token": ("access_token", "2YotnFZFEjr1zCsicMWpAA"),
    "refresh token": ("refreshToken", "tGzv3JOkF0XG5Qx2TlKWIA"),
    "api key": ("api_key", "0f8fad5bd9cb469fa16570867728950e"),
    "client secret": ("client_secret", "7Fjfp0ZBr1KtDRbnfVdmIw=="),
    "uuid token": ("session_token", "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"),
    "csrf": ("csrfToken", "Xk29sLq0PzR7"),
}


def exchange(
    *,
    target: str = "/things",
    request_headers: tuple[tuple[str, str], ...] = (),
    request_body: bytes = b"",
    response_headers: tuple[tuple[str, str], ...] = (),
    response_body: bytes = b"",
    messages: tuple[bytes, ...] = (),
    error: str = "",
) -> Exchange:
    """An exchange of these, with Content-Length true."""
    asked = (("Host", "api.local"), *request_headers, ("Content-Length", str(len(request_body))))
    answered = (("Server", "test"), *response_headers, ("Content-Length", str(len(response_body))))
    return Exchange(
        id="000001",
        started=1764298446.25,
        microseconds=1500,
        caller="web",
        callee="api",
        request=Request("POST", target, asked, Body(request_body, len(request_body))),
        response=Response(200, "OK", answered, Body(response_body, len(response_body))),
        messages=tuple(Message(number, True, MessageKind.TEXT, data) for number, data in enumerate(messages)),  # noqa: FBT003
        error=error,
    )


def _typed(content_type: str) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", content_type),)


def _multipart(name: str, value: str) -> bytes:
    return (
        f'--XyZ\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        f'--XyZ\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--XyZ--\r\n'
    ).encode()


def _line(value: str) -> str:
    """Header values and log lines have no line ends."""
    return value.replace("\n", "\\n")


#: Where a secret that is known by itself may stand; each under a name that says nothing.
CARRIERS_OF_EVIDENT: Mapping[str, Callable[[str], Exchange]] = {
    "header": lambda value: exchange(request_headers=(("X-Note", _line(value)),)),
    "response header": lambda value: exchange(response_headers=(("X-Note", _line(value)),)),
    "query": lambda value: exchange(target=f"/find?q={quote_plus(value)}&page=2"),
    "path": lambda value: exchange(target=f"/find/{quote(value, safe='')}/details"),
    "json": lambda value: exchange(
        request_body=json.dumps({"a": [{"note": value}], "n": 1}).encode(),
        request_headers=_typed("application/json"),
    ),
    "json response": lambda value: exchange(
        response_body=json.dumps({"note": f"see {value} ."}, indent=2).encode()
    ),
    "json in json": lambda value: exchange(
        response_body=json.dumps({"log": json.dumps({"note": value})}).encode()
    ),
    "form": lambda value: exchange(
        request_body=f"note={quote_plus(value)}&x=1".encode(),
        request_headers=_typed("application/x-www-form-urlencoded; charset=utf-8"),
    ),
    "multipart": lambda value: exchange(
        request_body=_multipart("text", value), request_headers=_typed("multipart/form-data; boundary=XyZ")
    ),
    "text": lambda value: exchange(
        response_body=f"got {value} there".encode(), response_headers=_typed("text/plain")
    ),
    "html": lambda value: exchange(
        response_body=f"<p>{value}</p>".encode(), response_headers=_typed("text/html")
    ),
    "sse": lambda value: exchange(
        response_body=f"event: note\ndata: {json.dumps({'note': value})}\n\ndata: end\n\n".encode(),
        response_headers=_typed("text/event-stream"),
    ),
    "websocket": lambda value: exchange(messages=(b"hi", json.dumps({"note": value}).encode())),
    "websocket text": lambda value: exchange(messages=(f"note {value}".encode(),)),
    "bytes": lambda value: exchange(
        response_body=b"\x00\xff\x80 " + value.encode() + b" \x00\xfe",
        response_headers=_typed("application/octet-stream"),
    ),
    "error": lambda value: exchange(error=f"upstream said: {value}"),
}

#: Where a secret may stand that only its name tells.
CARRIERS_OF_NAMED: Mapping[str, Callable[[str, str], Exchange]] = {
    "query": lambda name, value: exchange(target=f"/find?a=1&{name}={quote_plus(value)}"),
    "json": lambda name, value: exchange(
        request_body=json.dumps({"user": "alice", "deep": [{name: value}]}).encode()
    ),
    "json, UTF-8": lambda name, value: exchange(
        response_body=json.dumps({name: value}, ensure_ascii=False).encode()
    ),
    "json, cut": lambda name, value: exchange(
        response_body=json.dumps({"a": {name: value, "rest": ["x"] * 9}}, ensure_ascii=False).encode()[:-20]
    ),
    "json in json": lambda name, value: exchange(
        response_body=json.dumps({"log": json.dumps({name: value})}).encode()
    ),
    "form": lambda name, value: exchange(
        request_body=f"a=1&user%5B{name}%5D={quote_plus(value)}".encode(),
        request_headers=_typed("application/x-www-form-urlencoded"),
    ),
    "multipart": lambda name, value: exchange(
        request_body=_multipart(name, value), request_headers=_typed("multipart/form-data; boundary=XyZ")
    ),
    "sse": lambda name, value: exchange(
        response_body=f"data: {json.dumps({name: value})}\n\n".encode(),
        response_headers=_typed("text/event-stream"),
    ),
    "ndjson": lambda name, value: exchange(
        response_body=f'{{"a":1}}\n{json.dumps({name: value})}\n{{"b":2}}'.encode()
    ),
    "websocket": lambda name, value: exchange(
        messages=(json.dumps({"type": "login", name: value}).encode(),)
    ),
    "text": lambda name, value: exchange(response_body=f"got {json.dumps({name: value})} there".encode()),
    "location": lambda name, value: exchange(
        response_headers=(("Location", f"https://shop.local/back?{name}={quote_plus(value)}#top"),)
    ),
}

#: Heads in which a secret may stand: (name, value with the secret in it, what must be gone).
HEADS: Mapping[str, tuple[str, str, str]] = {
    "bearer": ("Authorization", "Bearer 2YotnFZFEjr1zCsicMWpAA", "2YotnFZFEjr1zCsicMWpAA"),
    "basic": ("authorization", "Basic " + b64encode(b"alice:wonderland").decode(), "wonderland"),
    "basic token": ("Authorization", "Basic " + b64encode(b"0f8fad5bd9cb469f:").decode(), "0f8fad5bd9cb469f"),
    "digest": (
        "Authorization",
        'Digest username="Mufasa", realm="r@host", uri="/x", response="6629fae49393a05397450978507c4ef1", nc=00000001',
        "6629fae49393a05397450978507c4ef1",
    ),
    "aws": (
        "Authorization",
        (
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLQ/20261128/us-east-1/s3/aws4_request,"
            " SignedHeaders=host;x-amz-date, "
            "Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024"
        ),
        "fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024",
    ),
    "proxy": ("Proxy-Authorization", "Basic " + b64encode(b"proxy:t0psecret").decode(), "t0psecret"),
    "unknown scheme": (
        "Authorization",
        'Hawk id="dh37fgj492je", mac="6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE="',
        "6R4rV5iE",
    ),
    "no scheme": ("Authorization", "0f8fad5bd9cb469fa16570867728950e", "0f8fad5bd9cb469fa16570867728950e"),
    "cookie": ("Cookie", "theme=dark; sid=31d4d96e407aad42; x=y", "31d4d96e407aad42"),
    "cookie, quoted": ("Cookie", 'sid="31d4d96e407aad42"', "31d4d96e407aad42"),
    "set-cookie": ("Set-Cookie", "sid=31d4d96e407aad42; Path=/; HttpOnly; Max-Age=3600", "31d4d96e407aad42"),
    "api key": ("X-Api-Key", "0f8fad5bd9cb469fa16570867728950e", "0f8fad5bd9cb469fa16570867728950e"),
    "vault": ("X-Vault-Token", "s.abcdEFGH1234567890abcdef", "s.abcdEFGH1234567890abcdef"),
    "csrf": ("X-CSRF-Token", "Xk29sLq0PzR7", "Xk29sLq0PzR7"),
    "session": ("x-session-id", "31d4d96e407aad42", "31d4d96e407aad42"),
    "own": ("X-Shop-Secret", "abracadabra", "abracadabra"),
    "amz": ("X-Amz-Security-Token", "FwoGZXIvYXdzEBYaDHqa0AP1", "FwoGZXIvYXdzEBYaDHqa0AP1"),
    "referer": (
        "Referer",
        "https://u:0pen-sesame@shop.local/?access_token=2YotnFZFEjr1zCsicMWpAA",
        "2YotnFZFEjr1zCsicMWpAA",
    ),
    "referer, userinfo": ("Referer", "https://u:0pen-sesame@shop.local/", "0pen-sesame"),
}
