"""One request after the other to the API: within its limits, with a bearer, repeated where that does no harm.

Source: pages "Introduction", "Rate limits" and "Errors" (sections 1.6, 2 and 3.5 of the API reference).
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import backoff
import requests
import urllib3

from lightspeed_retail import errors
from lightspeed_retail.bodies import LARGEST, OverlongError, decoded, read_whole
from lightspeed_retail.connections import Connections
from lightspeed_retail.limits import LONGEST_PAUSE, pause
from lightspeed_retail.oauth import Authorisation
from lightspeed_retail.pacing import MOST_CONNECTIONS, Limits, Pacer
from lightspeed_retail.query import Version
from lightspeed_retail.redaction import redacted
from lightspeed_retail.sessions import Session, distrust, unreachable
from lightspeed_retail.wire import Record

DEFAULT_API_URL = "https://api.lightspeedapp.com"
TIMEOUT = (10.0, 180.0)
"""Seconds to wait for a connection, and for each piece of an answer."""

TOO_MUCH = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.GATEWAY_TIMEOUT)
"""What the API answers when a question is more than it can manage."""

ON_THE_WIRE = (requests.RequestException, urllib3.exceptions.HTTPError)
"""What a connection can fail with."""

_MAX_TRIES = 8
_FIRST_TRIES = 3
_LONGEST_WAIT = 60.0
_TOLERATED_SKEW = 120.0
_READ_AGAIN = (
    errors.RetriableError,
    requests.ConnectionError,
    requests.Timeout,
    urllib3.exceptions.HTTPError,
)

_log = logging.getLogger(__name__)

T = TypeVar("T")
Send = Callable[[str], requests.Response]
"""Sends a request with the bearer that it is given, and brings the whole answer."""


def anything(_body: object) -> bool:
    """Accepts every answer."""
    return True


def _record(content: bytes) -> Record | None:
    body = decoded(content)
    return body if isinstance(body, dict) else None


class Transport:
    """Carries requests to one host of the API, never faster than it allows.

    By itself it only reads; `lightspeed_retail.writes` sends the rest through it.

    Args:
        authorisation: Where the bearer for each request comes from.
        api_url: Scheme and host of the API.
        api_path: What stands in the place of `/API/V3` (or `/API`), where a gateway serves it elsewhere.
        user_agent: How the program names itself.
        session: Connection to use; certificate settings come with it.
        pacer: The model of the limits; shared where several clients work on one bucket.
        retry_wait: Seconds before the first repetition; each further one waits twice as long.
        version: Version of the API to ask.
        connections: How many requests may be on their way at a time; None for as many as the drips are worth.
    """

    def __init__(
        self,
        authorisation: Authorisation,
        *,
        api_url: str = DEFAULT_API_URL,
        api_path: str | None = None,
        user_agent: str | None = None,
        session: requests.Session | None = None,
        pacer: Pacer | None = None,
        retry_wait: float = 0.5,
        version: Version = Version.V3,
        connections: int | None = None,
    ) -> None:
        """Prepare; nothing is asked yet."""
        self.version = version
        self.pacer = pacer or Pacer()
        self.session = session or Session()
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=connections or MOST_CONNECTIONS))
        self.session.headers.update({"Accept": "application/json", "User-Agent": user_agent or "lightspeed-retail"})
        self.requests = 0
        self.received = 0
        self._most = connections
        self._connections = Connections(lambda: self.connections)
        self._authorisation = authorisation
        self._api_url = api_url.rstrip("/")
        self._api_path = (api_path or version.root).rstrip("/")
        self._retry_wait = retry_wait
        self._first_date: datetime | None = None
        self._dated = 0.0
        self._lock = threading.Lock()

    @property
    def now(self) -> datetime:
        """When the run began: the `Date` of the first answer, or local time before there is one."""
        return self._first_date or datetime.now(UTC)

    @property
    def moment(self) -> datetime:
        """The server's clock at this moment, local time before the first answer."""
        passed = time.monotonic() - self._dated if self._first_date else 0.0
        return self.now + timedelta(seconds=passed)

    @property
    def connections(self) -> int:
        """How many requests may be on their way at a time."""
        return self._most or self.pacer.connections

    def get(self, address: str, price: Decimal) -> tuple[Record, datetime]:
        """Read the record that is at an address: see `fetch`."""
        return self.fetch(address, price, _record)

    def fetch(
        self,
        address: str,
        price: Decimal,
        read: Callable[[bytes], T | None],
        accepts: Callable[[T], bool] = anything,
        heavy_tries: int | None = None,
    ) -> tuple[T, datetime]:
        """Read what is at an address, again and again until there is a usable answer or the tries are used up.

        Args:
            address: Path and query, below the host.
            price: Drips that it costs.
            read: Makes something of the body of an answer; None where that is broken.
            accepts: Whether it is what was asked for.
            heavy_tries: How often to ask for what may be too much for the API; None for as often as for anything.

        Returns:
            The answer, and the server's clock when it gave it.

        Raises:
            ApiError: The API refused the question.
            CredentialsError: The API refused the credentials.
            UnreachableError: The API did not answer, however often it was asked.
        """
        doubts = itertools.count(_FIRST_TRIES - 1, -1)

        def once() -> tuple[T, datetime]:
            answer = self.bearing(lambda token: self._get_once(address, token), price)
            what = f"GET {urlsplit(address).path}"
            try:
                body = self._read(answer, what, read)
            except errors.ApiError as error:
                if error.is_doubtful and next(doubts) > 0:
                    raise errors.DoubtfulError(str(error), status=error.status) from None
                raise
            if not accepts(body):
                raise errors.OutageError(f"{what}: the answer is no list.", status=answer.status_code)
            return body, _date(answer)

        return self.patiently(once, _READ_AGAIN, _after_heavy(heavy_tries or _MAX_TRIES))

    def _get_once(self, address: str, token: str) -> requests.Response:
        answer = self.session.get(
            self.located(address),
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        )
        try:
            return read_whole(answer)
        except OverlongError:
            message = f"GET {urlsplit(address).path}: the answer has more than {LARGEST // 1_000_000} MB."
            raise errors.TooLargeError(message, status=answer.status_code) from None

    def bearing(self, send: Send, price: Decimal) -> requests.Response:
        """Send within the limits; a refused token is renewed and the request sent again, one time."""
        token = self._authorisation.bearer()
        answer = self._paced(send, price, token)
        if answer.status_code == HTTPStatus.UNAUTHORIZED and self._authorisation.renew(token):
            answer = self._paced(send, price, self._authorisation.bearer())
        self._set_clock(_date(answer))
        return answer

    def _paced(self, send: Send, price: Decimal, token: str) -> requests.Response:
        with self._connections:
            self.pacer.acquire(price)
            limits: Limits | None = None
            began = time.monotonic()
            try:
                answer = send(token)
                limits = Limits.of(answer.headers, time.monotonic() - began)
            finally:
                self.pacer.release(price, limits)
                with self._lock:
                    self.requests += 1
        with self._lock:
            self.received += len(answer.content)
        return answer

    def located(self, address: str) -> str:
        """The whole address of a path of the API; a gateway's links may name its own paths already."""
        is_own = address.startswith(f"{self.version.root}/") and not address.startswith(f"{self._api_path}/")
        return self._api_url + (self._api_path + address.removeprefix(self.version.root) if is_own else address)

    def judged(self, answer: requests.Response, what: str) -> Record:
        """The body of an accepted answer, or the error that an unaccepted one stands for.

        Args:
            answer: The answer.
            what: What was asked, for people: method and path.
        """
        return self._read(answer, what, _record)

    def _read(self, answer: requests.Response, what: str, read: Callable[[bytes], T | None]) -> T:
        status = answer.status_code
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._refusal(answer, what)
        body = read(answer.content)
        if body is None:
            raise errors.OutageError(f"{what}: the answer is broken or no JSON.", status=status)
        return body

    def _refusal(self, answer: requests.Response, what: str) -> errors.LightspeedError:
        """The error that an unaccepted answer stands for."""
        body, status = decoded(redacted(answer)), answer.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return self._rate_limited(answer, what)
        if status == HTTPStatus.UNAUTHORIZED:
            message, _ = errors.reason(body)
            return errors.CredentialsError(f"{what}: Lightspeed refused the access token ({message}): connect again.")
        if answer.is_redirect:
            return errors.UnreachableError(f"{what}: the host redirects elsewhere; check api_url.")
        return errors.of_status(status, body, what)

    def _rate_limited(self, answer: requests.Response, what: str) -> errors.RateLimitedError:
        """Keep to `Retry-After`, for all threads; a pause beyond all measure is left to a later run."""
        seconds = pause(answer.headers, _date(answer))
        self.pacer.back_off(min(seconds, LONGEST_PAUSE))
        message = f"{what}: refused for the rate limit."
        if seconds > LONGEST_PAUSE:
            message = f"{what}: refused for the rate limit, for longer than a run can wait: run again later."
        return errors.RateLimitedError(message, status=answer.status_code, seconds=seconds)

    def _set_clock(self, date: datetime) -> None:
        """The first answer's clock is the run's, and tells whether the local one is off."""
        with self._lock:
            if self._first_date is None:
                self._first_date, self._dated = date, time.monotonic()
                skew = (date - datetime.now(UTC)).total_seconds()
                if abs(skew) > _TOLERATED_SKEW:
                    _log.warning("The clocks differ: the server's is %+.0f seconds off the local one.", skew)

    def patiently(
        self,
        ask: Callable[[], T],
        repeatable: tuple[type[Exception], ...],
        gives_up: Callable[[Exception], bool] = lambda _error: False,
    ) -> T:
        """Ask again after some errors, with growing waits, as often as the API deserves.

        Args:
            ask: Asks once.
            repeatable: The errors after which to ask again.
            gives_up: Whether an error ends the tries all the same.

        Raises:
            UnreachableError: Nobody answered.
        """
        ends_early = self._first_tries()
        retrying = backoff.on_exception(
            self._waits,
            repeatable,
            max_tries=_MAX_TRIES,
            giveup=lambda error: gives_up(error) or _is_hopeless(error) or ends_early(error),
            jitter=backoff.full_jitter,
            on_backoff=self._log_retry,
            logger=None,
        )(ask)
        try:
            return retrying()
        except ON_THE_WIRE as error:
            raise unreachable(self._api_url, "api_url", error) from None

    def _first_tries(self) -> Callable[[Exception], bool]:
        """A host that has never been of use is given up earlier, unless it asks to wait."""
        left = itertools.count(_FIRST_TRIES - 1, -1)
        is_known = self._first_date is not None

        def ends(error: Exception) -> bool:
            return not is_known and not isinstance(error, errors.RateLimitedError) and next(left) <= 0

        return ends

    def _waits(self) -> Generator[float, None, None]:
        yield 0.0
        wait = self._retry_wait
        while True:
            yield wait
            wait = min(wait * 2, _LONGEST_WAIT)

    def _log_retry(self, details: Any) -> None:
        """A host that has never answered is left to the error that ends the tries."""
        error = details["exception"]
        cause = str(error) if isinstance(error, errors.LightspeedError) else type(error).__name__
        level = logging.WARNING if self._first_date else logging.INFO
        _log.log(level, "Try %s failed (%s); the next follows in %.1f s.", details["tries"], cause, details["wait"])


def _is_hopeless(error: Exception) -> bool:
    """Whether the same question will not do better in a while."""
    if isinstance(error, errors.RateLimitedError):
        return error.seconds > LONGEST_PAUSE
    return isinstance(error, errors.TooLargeError) or distrust(error) is not None


def _date(answer: requests.Response) -> datetime:
    """The server's clock when it answered."""
    try:
        return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError, OverflowError):
        return datetime.now(UTC)


def _after_heavy(tries: int) -> Callable[[Exception], bool]:
    """Gives up after so many answers that say that the question was too much."""
    left = itertools.count(tries - 1, -1)

    def gives_up(error: Exception) -> bool:
        return isinstance(error, errors.OutageError) and error.status in TOO_MUCH and next(left) <= 0

    return gives_up
