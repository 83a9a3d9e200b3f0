"""Pages for people: HTML that brings its own style, and may load and run nothing else."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from flask import Response

POLICY = (
    "default-src 'none'; style-src 'sha256-{style}';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def policy_of(style: str) -> str:
    """The Content-Security-Policy of a page with this style in it."""
    return POLICY.format(style=b64encode(sha256(style.encode()).digest()).decode())


def page(html: str, policy: str) -> Response:
    """The page as an answer."""
    return Response(
        html, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": policy}
    )
