"""Instances that run elsewhere: HTTP to a URL, over TLS if the URL says so.

The one exception to "bytes pass unchanged": the callee must be called by its own name. So in the head of every request
that goes there the target is put below the URL's path and in origin form, and Host becomes the URL's authority; nothing
else is touched, neither in requests nor in responses (redirects, cookies and links are the callee's own). An edge may
lead to such an instance and to one of ours, one after the other: what a request needs is known when it is sent. TLS is
ours (`tls_callee`).
"""

from meshdev.traffic.http1 import HEAD_END
from meshdev.traffic.http1_head import RequestHead
from meshdev.traffic.readdress import below, readdressed
from meshdev.wire.mesh import Remote


def made_out_to(remote: Remote, said: bytes, head: RequestHead) -> bytes:
    """``said``, which begins with the request's head, as ``remote`` must get it."""
    end = said.index(HEAD_END) + len(HEAD_END)
    target = head.target if head.method == "CONNECT" else below(head.target, remote.base.encode("latin-1"))
    return readdressed(said[:end], target, remote.authority.encode("latin-1")) + said[end:]
