"""How a package comes in: streamed to a draft, inspected, then kept in one commit, or not at all."""

import errno
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from capability_sdk.contracts.errors import InvalidRequest
from center.capability.domain import CapabilityVersion, require_owner
from center.capability.errors import NotAPackage, PackageTooLarge, StorageFull
from center.capability.inspection import Inspected, inspect
from center.capability.ports import PackageStore
from center.capability.store import CapabilityStore
from center.database import Database
from center.identity.audit import record
from center.identity.store import AuthorKeyStore
from center.permissions import Actor

_BUFFER_BYTES = 1 << 20
_GZIP = frozenset({"application/gzip", "application/x-gzip", "application/octet-stream"})


@dataclass(frozen=True, slots=True)
class Draft:
    """An upload as it lies on disk, complete and durable.

    Attributes:
        digest: sha256 of the archive's bytes, ``sha256:…``.
    """

    path: Path
    digest: str
    size_bytes: int


def require_acceptable_head(headers: Mapping[str, str], limit_bytes: int) -> None:
    """Refuse an upload by its headers, before a byte of it is read.

    Raises:
        NotAPackage: It says that it is something else than a gzip file.
        PackageTooLarge: It says that it is over the limit.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _GZIP:
        raise NotAPackage(f"Send the package as application/gzip, not as {kind or 'nothing'}.")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit_bytes:
        raise _too_large(limit_bytes)


@asynccontextmanager
async def received(
    chunks: AsyncIterator[bytes], folder: Path, limit_bytes: int
) -> AsyncIterator[Draft]:
    """Write an upload to a draft that is gone at the end of the block, unless it was published.

    Args:
        chunks: The request's body as it comes.
        folder: Where drafts lie.
        limit_bytes: Most that is taken.

    Raises:
        PackageTooLarge: More than the limit came.
        StorageFull: The disk has no room.
        InvalidRequest: The sender went away.
    """
    path = folder / secrets.token_hex(16)
    try:
        yield await _receive(chunks, path, limit_bytes)
    except ClientDisconnect as error:
        raise InvalidRequest("The upload ended before it was complete.") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("There is no room for the package; tell the admin.") from error
        raise
    finally:
        path.unlink(missing_ok=True)


async def _receive(chunks: AsyncIterator[bytes], path: Path, limit_bytes: int) -> Draft:
    seen = hashlib.sha256()
    size = 0
    buffer = bytearray()
    with await run_in_threadpool(path.open, "xb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > limit_bytes:
                raise _too_large(limit_bytes)
            buffer += chunk
            if len(buffer) >= _BUFFER_BYTES:
                await run_in_threadpool(_write, file, seen, buffer)
                buffer = bytearray()
        await run_in_threadpool(_write, file, seen, buffer)
        await run_in_threadpool(_sync, file)
    return Draft(path, f"sha256:{seen.hexdigest()}", size)


def _too_large(limit_bytes: int) -> PackageTooLarge:
    return PackageTooLarge(f"A package has at most {limit_bytes} bytes.", limit=limit_bytes)


def _write(file: BinaryIO, seen: "hashlib._Hash", buffer: bytearray) -> None:
    seen.update(buffer)
    file.write(buffer)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def accept(
    database: Database,
    packages: PackageStore,
    draft: Draft,
    actor: Actor,
    at: datetime,
) -> CapabilityVersion:
    """Inspect an upload and keep it as a version that waits for its gate.

    Raises:
        PackageRefused: The package breaks rules; each is named.
        SignatureRefused: None of the uploader's keys signed it.
        NameOwned: Another organisation owns the name.
        LookAlikeName: The name could be mistaken for another.
        VersionExists: The number was used before.
    """
    with database.session(write=False) as session:
        keys = [key.public_key_pem for key in AuthorKeyStore(session).of(actor.name)]
    found = inspect(draft.path, keys)
    item = _uploaded(found, draft, actor, at)
    with database.session() as session:
        _keep(CapabilityStore(session), item)
        record(
            session,
            actor,
            "capability.uploaded",
            f"capability/{item.name}/{item.version}",
            {"package_digest": item.digests.package, "archive_digest": item.archive_digest},
            at=at,
        )
        # Renamed while the row is held: of two equal uploads the winner alone touches the file,
        # and a commit that fails leaves an orphan that the worker collects.
        packages.publish(draft.path, draft.digest)
    return item


def _uploaded(found: Inspected, draft: Draft, actor: Actor, at: datetime) -> CapabilityVersion:
    return CapabilityVersion(
        manifest=found.manifest,
        digests=found.digests,
        parts=found.parts,
        archive_digest=draft.digest,
        archive_bytes=draft.size_bytes,
        author=actor.name,
        organisation=actor.organisation,
        author_key=found.author_key,
        uploaded_at=at,
    )


def _keep(store: CapabilityStore, item: CapabilityVersion) -> None:
    owner = store.owner_of(item.name)
    if owner is None:
        store.claim(item.name, item.organisation, item.uploaded_at)
    else:
        require_owner(item.name, owner, item.organisation)
    store.add(item)


def collect_orphans(database: Database, packages: PackageStore, age: timedelta) -> int:
    """Remove archives that no version needs, as a crash between publication and commit leaves.

    Args:
        database: Knows which archives are needed.
        packages: Where they lie.
        age: Only what was published longer ago; an upload under way is younger.

    Returns:
        How many were removed.
    """
    removed = 0
    for digest in packages.published_before(age):
        with database.session(write=False) as session:
            if CapabilityStore(session).has_archive(digest):
                continue
        packages.remove(digest)
        removed += 1
    return removed
