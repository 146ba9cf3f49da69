"""An upload's whole life with the client that openapi-python-client makes of the OpenAPI document."""

import os
from base64 import b64decode
from collections.abc import Mapping
from typing import TypeVar
from uuid import UUID

import httpx
from sluice_client import AuthenticatedClient
from sluice_client.api.uploads import (
    cancel_upload,
    complete_upload,
    create_upload,
    get_download,
    get_upload,
    list_parts,
    list_uploads,
    renew_grant,
)
from sluice_client.models import (
    CompletedParts,
    Download,
    MultipartGrant,
    NewUpload,
    PartList,
    Problem,
    PutGrant,
    ReasonCode,
    SentPart,
    Upload,
    UploadList,
    UploadStatus,
)
from sluice_client.types import UNSET, Unset

T = TypeVar("T")
PIXEL = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")
MIB = 1024 * 1024

api = AuthenticatedClient(
    os.environ["SLUICE_URL"], os.environ["SLUICE_API_KEY"], timeout=httpx.Timeout(60), raise_on_unexpected_status=True
)
seen: set[UUID] = set()


def good(answer: object, kind: type[T]) -> T:
    """What an operation answered, which must be of this type."""
    assert isinstance(answer, kind), answer
    return answer


def declared(filename: str, data: bytes) -> Upload:
    body = NewUpload(filename=filename, content_type="image/png", size=len(data))
    upload = good(create_upload.sync(client=api, body=body), Upload)
    assert upload.status == UploadStatus.PENDING
    seen.add(upload.id)
    return upload


def sent(url: str, headers: Mapping[str, str], data: bytes) -> None:
    httpx.put(url, headers=dict(headers), content=data, timeout=60).raise_for_status()


def put(upload: Upload, data: bytes) -> None:
    grant = good(upload.grant, PutGrant)
    sent(grant.url, grant.headers.additional_properties, data)


def verdict(upload: Upload) -> Upload:
    return good(get_upload.sync(upload.id, client=api, prefer="wait=20"), Upload)


def comes_back(upload: Upload, data: bytes) -> None:
    download = good(get_download.sync(upload.id, client=api), Download)
    assert httpx.request(download.method, download.url, timeout=60).content == data


def a_true_file_is_confirmed_and_comes_back() -> None:
    upload = declared("pixel.png", PIXEL)
    put(upload, PIXEL)
    confirmed = verdict(upload)
    assert confirmed.status == UploadStatus.CONFIRMED
    assert not isinstance(confirmed.object_, Unset) and confirmed.object_.size == len(PIXEL)
    comes_back(upload, PIXEL)


def a_false_file_is_rejected_with_reasons() -> None:
    script = b"#!/bin/sh\necho hello\n"
    upload = declared("holiday.png", script)
    put(upload, script)
    rejected = verdict(upload)
    assert rejected.status == UploadStatus.REJECTED
    assert not isinstance(rejected.reasons, Unset)
    assert [reason.code for reason in rejected.reasons] == [ReasonCode.TYPE_NOT_ALLOWED, ReasonCode.TYPE_MISMATCH]


def problems_are_typed() -> None:
    body = NewUpload(filename="a.png", content_type="image/png", size=2**40)
    refused = create_upload.sync_detailed(client=api, body=body)
    problem = good(refused.parsed, Problem)
    assert (refused.status_code, problem.code) == (422, "invalid_declaration")
    assert not isinstance(problem.errors, Unset)
    assert [(error.pointer, error.code) for error in problem.errors] == [("/size", "too_large")]

    unknown = UUID("019b3f7e-5c1d-7c43-9f0e-2b6f6f1f9a10")
    problem = good(get_upload.sync(unknown, client=api), Problem)
    assert (problem.status, problem.code) == (404, "upload_not_found")


def a_grant_is_renewed() -> None:
    upload = declared("late.png", PIXEL)
    put(good(renew_grant.sync(upload.id, client=api), Upload), PIXEL)
    assert verdict(upload).status == UploadStatus.CONFIRMED


def a_large_file_goes_in_parts() -> None:
    film = PIXEL.ljust(11 * MIB, b"\7")
    upload = declared("film.png", film)
    grant = good(upload.grant, MultipartGrant)
    assert len(grant.parts) == grant.part_count
    for part in grant.parts:
        begin = (part.part_number - 1) * grant.part_size
        sent(part.url, part.headers.additional_properties, film[begin : begin + part.size])
    parts = good(list_parts.sync(upload.id, client=api), PartList).data
    assert [part.size for part in parts] == [5 * MIB, 5 * MIB, MIB]
    body = CompletedParts(parts=[SentPart(part_number=part.part_number, etag=part.etag) for part in parts])
    good(complete_upload.sync(upload.id, client=api, body=body, prefer="wait=20"), Upload)
    assert verdict(upload).status == UploadStatus.CONFIRMED
    comes_back(upload, film)


def an_upload_is_canceled() -> None:
    upload = declared("never.png", PIXEL)
    canceled = good(cancel_upload.sync(upload.id, client=api), Upload)
    assert canceled.status == UploadStatus.CANCELED


def all_are_listed_page_by_page() -> None:
    listed: list[UUID] = []
    cursor: str | Unset = UNSET
    more = True
    while more:
        page = good(list_uploads.sync(client=api, limit=2, cursor=cursor), UploadList)
        listed += [upload.id for upload in page.data]
        cursor, more = page.next_cursor, page.has_more
    assert len(listed) == len(seen)
    assert set(listed) == seen


for step in [
    a_true_file_is_confirmed_and_comes_back,
    a_false_file_is_rejected_with_reasons,
    problems_are_typed,
    a_grant_is_renewed,
    a_large_file_goes_in_parts,
    an_upload_is_canceled,
    all_are_listed_page_by_page,
]:
    print(step.__name__, flush=True)
    step()
