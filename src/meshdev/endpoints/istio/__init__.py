"""Istio's fault injection (``fault`` blocks of VirtualServices) as faults of ours.

| file | what is in it |
|---|---|
| `documents` | YAML with the line of everything |
| `translation` | a VirtualService → tables as in ``[faults.NAME]``, and what cannot be translated |
| `toml` | such tables as text |
"""
