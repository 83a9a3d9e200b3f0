"""Everything that we raise on purpose.

    ServiceError
    ├── RequestNotUnderstood      what was sent is not what the address takes
    │   ├── BodyTooLarge
    │   ├── BodyTooSlow
    │   ├── NotJson               the content type or the syntax
    │   ├── NotABundle            JSON, but no FHIR Bundle that we read
    │   └── FeedbackNotUnderstood  some items of a feedback call
    ├── SeveralPatients           a Bundle about more than one person
    ├── PatientNotInBundle        a Bundle about others than the one to assess
    ├── UnknownService            no CDS service of that id
    ├── RecordNotAvailable        the prefetch lacks what the decision needs
    ├── ClientNotTrusted          no token, or not one that we accept
    ├── AddressNotAllowed         a page for the operators, asked for from elsewhere
    ├── TooManyRequests           the client's rate limit
    ├── NotFound                  no such artefact or page
    ├── NotAcceptable             an answer in a form that we do not give
    ├── StoreNotAvailable         the database does not answer
    │   └── NothingKept
    ├── KnowledgeInvalid          our own files contradict themselves: do not start
    └── SettingsInvalid           a file of settings is invalid: do not start

An error carries ids and values: names of fields, resource types and ids, never a value from
a patient's record. Whoever shows it makes the sentence (`web/errors`, the terminal). Where one
class has many causes (a request, a body, our files), its message is that sentence already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class ServiceError(Exception):
    """What happened, in words for the one who called us."""


class RequestNotUnderstood(ServiceError):
    """The request is not what the address takes.

    `where` names the member at fault.
    """

    def __init__(self, message: str, *, where: str | None = None) -> None:
        super().__init__(message)
        self.where = where


class BodyTooLarge(RequestNotUnderstood):
    """The body is larger than the service reads.

    That is `limit` bytes.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(str(limit))
        self.limit = limit


class BodyTooSlow(RequestNotUnderstood):
    """The body did not arrive in the time that a request has."""

    def __init__(self) -> None:
        super().__init__("too slow")


class NotJson(RequestNotUnderstood):
    """The body is not JSON, or does not say that it is.

    `media_type` tells the two apart.
    """

    def __init__(self, message: str, *, media_type: bool = False) -> None:
        super().__init__(message)
        self.media_type = media_type


class NotABundle(RequestNotUnderstood):
    """The body is JSON, but no FHIR Bundle that we read."""


class FeedbackNotUnderstood(RequestNotUnderstood):
    """Some items of a feedback call could not be kept.

    `problems` says of each member at fault what it must be, `kept` is how many others were kept.
    """

    def __init__(self, problems: Mapping[str, str], *, kept: int) -> None:
        super().__init__(", ".join(problems))
        self.problems, self.kept = dict(problems), kept


class SeveralPatients(ServiceError):
    """The resources are about more than one person, and nothing says whom to assess.

    `references` are those persons.
    """

    def __init__(self, references: Sequence[str]) -> None:
        super().__init__(", ".join(references))
        self.references = tuple(references)


class PatientNotInBundle(ServiceError):
    """Everything in the Bundle is about somebody else than the patient who is to be assessed.

    `reference` is that patient.
    """

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class UnknownService(ServiceError):
    """No CDS service has this id.

    `known` are the ids that there are.
    """

    def __init__(self, service_id: str, known: Sequence[str]) -> None:
        super().__init__(service_id)
        self.service_id, self.known = service_id, tuple(known)


@dataclass(frozen=True, slots=True)
class Missing:
    """A prefetch key that the decision needs: how it arrived, and why fetching it did not help; both ids."""

    key: str
    arrival: str
    why: str | None = None

    def __str__(self) -> str:
        """The ids, for whoever reads a traceback."""
        return f"{self.key} ({', '.join(filter(None, (self.arrival, self.why)))})"


class RecordNotAvailable(ServiceError):
    """The patient's record did not come with the request, and could not be fetched.

    `missing` are the keys that the decision needs. `not_fetched` says of every key that was asked for
    in vain, needed or not, the name of the reason.
    """

    def __init__(self, missing: Sequence[Missing], not_fetched: Mapping[str, str] | None = None) -> None:
        super().__init__(", ".join(map(str, missing)))
        self.missing, self.not_fetched = tuple(missing), dict(not_fetched or {})


class ClientNotTrusted(ServiceError):
    """The token is absent or not accepted.

    `reason` is for the log, never for the answer. `issuer` is the registered client that the token
    names, None if it names none; until the signature is checked anybody may have written the token.
    """

    def __init__(self, reason: str, *, issuer: str | None = None) -> None:
        super().__init__("not trusted")
        self.reason = reason
        self.issuer = issuer


class AddressNotAllowed(ServiceError):
    """The page is for some addresses only, and the caller has another one.

    `setting` names the addresses.
    """

    def __init__(self, setting: str) -> None:
        super().__init__(setting)
        self.setting = setting


class TooManyRequests(ServiceError):
    """The client has used up its calls for this minute."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(str(retry_after))
        self.retry_after = retry_after


class NotFound(ServiceError):
    """There is nothing at this address."""


class NotAcceptable(ServiceError):
    """The client wants the answer in a form that we do not give."""

    def __init__(self) -> None:
        super().__init__("not JSON")


class StoreNotAvailable(ServiceError):
    """The database does not answer, and what was asked cannot be done without it."""

    def __init__(self) -> None:
        super().__init__("the database does not answer")


class NothingKept(StoreNotAvailable):
    """The database does not answer, and nothing of what was sent was kept."""


class KnowledgeInvalid(ServiceError):
    """Our knowledge files contradict themselves or lack something; the program stops with every problem."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("The clinical knowledge is not sound:\n" + "\n".join(f"  - {p}" for p in problems))


class SettingsInvalid(ServiceError):
    """A file of settings is invalid; the program stops with every problem."""

    def __init__(self, file: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            f"{file} is invalid; the service will not start until this is fixed:\n"
            + "\n".join(f"  - {p}" for p in problems)
        )
