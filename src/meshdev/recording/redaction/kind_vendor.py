"""Tokens of services that begin with what they are: the prefix stays."""

import re
from typing import Final

from meshdev.recording.redaction.kinds import Context, Edit, Kind
from meshdev.recording.redaction.percent import WORD_START

_FORMS: Final = (
    r"(?:sk|pk|rk)_(?:live|test)_[A-Za-z0-9]{10,255}",  # Stripe
    r"whsec_[A-Za-z0-9+/=]{16,255}",  # signing secrets of webhooks
    r"gh[opsur]_[A-Za-z0-9]{20,255}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{20,255}",
    r"gl(?:pat|oas|dt|rt|ptt|ft|soat|cbt|imt|agent)-[A-Za-z0-9_.-]{16,255}",  # GitLab
    r"xox[a-z]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}",  # Slack
    r"AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,1024}|GOCSPX-[A-Za-z0-9_-]{20,64}",  # Google
    r"sk-(?:ant-|proj-|or-)?[A-Za-z0-9_-]{20,255}",  # OpenAI, Anthropic
    r"npm_[A-Za-z0-9]{30,64}|pypi-[A-Za-z0-9_-]{30,255}",  # package registries
    r"hf_[A-Za-z0-9]{20,64}",  # Hugging Face
    r"SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}",  # SendGrid
    r"shp(?:at|ca|pa|ss)_[A-Za-z0-9]{24,64}",  # Shopify
    r"do[opr]_v1_[a-f0-9]{40,80}",  # DigitalOcean
    r"hv[sb]\.[A-Za-z0-9_-]{20,255}",  # Vault
    r"dckr_pat_[A-Za-z0-9_-]{20,64}",  # Docker
)
_PREFIXES: Final = (
    "sk_ pk_ rk_ whsec_ ghp_ gho_ ghs_ ghu_ ghr_ github_pat_ glpat- gloas- gldt- glrt- glptt- glft- glsoat- glcbt-"
    " glimt- glagent- xox xapp- aiza ya29. gocspx- sk- npm_ pypi- hf_ sg. shpat_ shpca_ shppa_ shpss_ doo_v1_ dop_v1_"
    " dor_v1_ hvs. hvb. dckr_pat_"
)
_DIGIT_OR_CAPITAL: Final = re.compile(r"[0-9A-Z]")


def _replace(found: re.Match[str], context: Context) -> Edit | None:
    if found[0].startswith("sk-") and not _DIGIT_OR_CAPITAL.search(found[0]):
        return None  # a class of CSS: sk-spinner-circle-fade-dot
    return found.start(), found.end(), context.mint.plain(found[0])


VENDOR_TOKENS: Final = Kind(
    "service token",
    "tokens of Stripe, GitHub, GitLab, Slack, Google, OpenAI, Anthropic, npm, PyPI, Hugging Face, SendGrid, Shopify, "
    "DigitalOcean, Vault, Docker by their prefix",
    tuple(_PREFIXES.split()),
    re.compile(WORD_START + "(?:" + "|".join(_FORMS) + ")"),
    _replace,
)
