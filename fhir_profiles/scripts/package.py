"""resources/ and examples/ -> dist/twitch-cds-<version>.tgz, a FHIR package (NPM format).

    python -m fhir_profiles.scripts.package [FOLDER]

The same artefacts give the same bytes: no times, no owners, a fixed order.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from fhir_profiles.scripts.artefact import BASE, EXAMPLES, PUBLISHER, RESOURCES, ROOT, Json, written
from service import __version__

NAME = "twitch-cds"
INDEXED = ("resourceType", "id", "url", "version", "kind", "type")


def main(folder: str = "dist") -> int:
    """Write the package and say where."""
    target = ROOT / folder / f"{NAME}-{__version__}.tgz"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(packed())
    print(target)
    return 0


def packed() -> bytes:
    """The bytes of the package."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, text in members():
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(tar.getvalue(), mtime=0)


def members() -> Iterator[tuple[str, str]]:
    """The files of the package with their texts: the manifest, an index a folder, the resources."""
    yield "package/package.json", written(manifest())
    for inside, folder in (("package", RESOURCES), ("package/example", EXAMPLES)):
        files = sorted(folder.glob("*.json"))
        yield f"{inside}/.index.json", written(index(files))
        for file in files:
            yield f"{inside}/{file.name}", file.read_text()


def manifest() -> Json:
    """package.json as the specification of FHIR packages has it."""
    return {
        "name": NAME,
        "version": __version__,
        "title": "Muscle twitching, decision support",
        "description": "What twitch-cds reads, what it writes, and the logic between.",
        "canonical": BASE,
        "url": BASE,
        "author": PUBLISHER,
        "license": "Apache-2.0",
        "fhirVersions": ["4.0.1"],
        "type": "IG",
        "dependencies": {"hl7.fhir.r4.core": "4.0.1"},
    }


def index(files: list[Path]) -> Json:
    """.index.json: what each file holds, so that a loader need not open them all."""
    listed = []
    for file in files:
        resource = json.loads(file.read_text())
        known = {name: resource[name] for name in INDEXED if isinstance(resource.get(name), str)}
        listed.append({"filename": file.name} | known)
    return {"index-version": 1, "files": listed}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
