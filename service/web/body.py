"""The body of a request: bounded, decompressed, of a content type that we read, and JSON.

Werkzeug cuts a chunked body at its limit without a word, so the count is our own.
"""

from __future__ import annotations

import zlib
from typing import IO, Any

import orjson
from flask import Request
from gunicorn.http.errors import ParseException

from service.errors import BodyTooLarge, BodyTooSlow, NotJson, RequestNotUnderstood
from service.web.process.worker import TooSlow
from service.web.responses import JSON

STEP = 65_536
ENCODINGS = ("", "identity", "gzip", "x-gzip")
ENDED = "The body ended before its Content-Length or its last chunk. Send it again, whole."


def read_body(request: Request, limit: int) -> bytes:
    """The whole body, at most `limit` bytes of it also after decompression.

    Raises:
        NotJson: the content type, its charset or the content encoding is not one that we read; or
            gzip that does not unpack.
        BodyTooLarge: more than `limit` bytes.
        BodyTooSlow: the client does not send the rest.
        RequestNotUnderstood: the body ends before its Content-Length, or its chunks are malformed.
    """
    _check_type(request)
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ENCODINGS:
        raise NotJson(
            "Unsupported Content-Encoding. Send the body with gzip, or uncompressed.", media_type=True
        )
    try:
        body = _read(request, limit)
    except TooSlow as cause:
        raise BodyTooSlow() from cause
    except ParseException as cause:
        raise RequestNotUnderstood(
            "The chunks of the body are malformed. Send them as HTTP/1.1 defines them, or a Content-Length."
        ) from cause
    except OSError as cause:
        raise RequestNotUnderstood(ENDED) from cause
    return _gunzip(body, limit) if "gzip" in encoding else body


def read_json(request: Request, limit: int, *, what: str) -> Any:
    """What the JSON of the body says; `what` it shall be, for the message where it is none.

    Raises:
        NotJson, BodyTooLarge, RequestNotUnderstood: as `read_body`; or it is not JSON. The message
            says where, and quotes nothing.
    """
    body = read_body(request, limit)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as cause:
        raise NotJson(f"The body is not valid JSON: {cause}. Send {what}.") from cause


def _check_type(request: Request) -> None:
    kind = request.mimetype
    if kind != JSON and not (kind.startswith("application/") and kind.endswith("+json")):
        raise NotJson(
            "The body must be JSON: send it with Content-Type: application/json or application/fhir+json.",
            media_type=True,
        )
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise NotJson("JSON is UTF-8: send the body in UTF-8, and without another charset.", media_type=True)


def _read(request: Request, limit: int) -> bytes:
    stream: IO[bytes] = request.environ["wsgi.input"]
    length = request.content_length
    if length is None:
        return _read_to_end(stream, limit) if request.environ.get("wsgi.input_terminated") else b""
    if length > limit:
        raise BodyTooLarge(limit)
    body = stream.read(length)
    if len(body) < length:
        raise RequestNotUnderstood(ENDED)
    return body


def _read_to_end(stream: IO[bytes], limit: int) -> bytes:
    """A chunked body, whose length nobody announced."""
    pieces, total = [], 0
    while piece := stream.read(STEP):
        total += len(piece)
        if total > limit:
            raise BodyTooLarge(limit)
        pieces.append(piece)
    return b"".join(pieces)


def _gunzip(data: bytes, limit: int) -> bytes:
    """One gzip member, unpacked no further than the limit: a few kB can hold gigabytes."""
    unzip: Any = zlib.decompressobj(wbits=31)
    try:
        body: bytes = unzip.decompress(data, limit + 1)
    except zlib.error as cause:
        raise NotJson(
            "The body says Content-Encoding: gzip but does not unpack. Compress it again."
        ) from cause
    if len(body) > limit:
        raise BodyTooLarge(limit)
    if not unzip.eof or unzip.unused_data:
        raise NotJson("The gzip body is cut off, or more follows it. Send it whole, as one gzip member.")
    return body
