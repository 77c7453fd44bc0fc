"""Foreign formats, sans-IO: a recording to files and files to a recording, each proven by somebody else's reader.

| where | what |
|---|---|
| `registry` | the formats by name; `export`, `import_`, `written` |
| `written` | what every codec gets (`Options`) and gives (`Written`) |
| `noise` | values that change from call to call, by their shape |
| `aside` | what a format has no word for, kept aside where it permits |
| `address`, `content`, `heads`, `json_tree`, `refusal` | URLs, bodies, headers, JSON, errors with a place |
| `har/`, `vcr/`, `wiremock/`, `hoverfly/`, `pact/`, `openapi/` | one each: `write`, and `read` where it is read |
| `scenarios/` | the pytest module |
| `snippets/` | one exchange for a shell (curl) or for Python (httpx) |
| `python/` | Python source that a formatter leaves as it is |
| `servable` | what stubs can say: which calls, which are the same request, which headers |

What each cannot say is in docs/recording.md.
"""

from meshdev.recording.formats.registry import FORMATS, Format, export, import_, written
from meshdev.recording.formats.snippets import snippet
from meshdev.recording.formats.written import Options, Written

__all__ = ["FORMATS", "Format", "Options", "Written", "export", "import_", "snippet", "written"]
