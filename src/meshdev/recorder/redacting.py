"""The rules of redaction, made out of what the daemon says."""

from meshdev.recorder.session import Redact
from meshdev.recording.redaction import DEFAULT_RULES, Redactor
from meshdev.wire.capture import Secrets


def redacting(secrets: Secrets) -> Redact:
    """What takes the secrets out of an exchange. Raises RecordingError for a pattern that is none."""
    rules = DEFAULT_RULES.extended(
        headers=secrets.headers, fields=secrets.fields, patterns=secrets.patterns, keep=secrets.keep
    )
    return Redactor(rules, secrets.key).exchange
