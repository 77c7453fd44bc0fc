"""Secrets out of exchanges before anything is written; placeholders of the same shape in (docs/recording.md).

| where | what |
|---|---|
| `redactor` | exchanges, requests, texts: what the others use |
| `rules` | what the user adds |
| `suspicion` | the cheap question whether there may be anything |
| `catalogue`, `kind_*` | secrets that are known by how they look: a file each |
| `names` | names under which secrets stand |
| `headers`, `authorization`, `target`, `parameters`, `json_fields`, `multipart`, `body` | the carriers |
| `mint`, `placeholder`, `alphabet`, `card`, `jwt`, `pem` | what a secret becomes |
| `known` | secrets found again where nothing tells that they are |
| `stream` | what is too large to hold |
| `leaks` | the scanner for tests |
"""

from meshdev.recording.redaction.leaks import leaks
from meshdev.recording.redaction.mint import is_placeholder
from meshdev.recording.redaction.redactor import Redactor
from meshdev.recording.redaction.rules import DEFAULT_RULES, Rules
from meshdev.recording.redaction.stream import Stream

__all__ = ["DEFAULT_RULES", "Redactor", "Rules", "Stream", "is_placeholder", "leaks"]
