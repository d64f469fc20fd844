"""Sessions for HTTP: certificates are verified always, and nothing that the machine holds is sent along."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

from lightspeed_retail.errors import SettingsError, UnreachableError, one_line

_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_TLS = "https://"


class Session(requests.Session):
    """A session that sends no credentials but those that it is given, and trusts whom it is told to.

    By itself `requests` lets the variable REQUESTS_CA_BUNDLE win over a bundle that was set, and replaces a bearer by
    what .netrc holds for the host.

    Args:
        bundle: File with the certificate authorities to trust; None for those of the variables REQUESTS_CA_BUNDLE and
            CURL_CA_BUNDLE, or else those that come with `requests`.

    Raises:
        SettingsError: The file holds none.
    """

    def __init__(self, bundle: str | None = None) -> None:
        """See that the bundle is one; nothing is asked yet."""
        super().__init__()
        self.auth = _as_it_is
        if bundle is not None:
            _check_bundle(bundle)
            self.verify = bundle

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Proxies come from the environment, authorities only where no bundle is set.

        Raises:
            SettingsError: A variable names a file that is not there.
        """
        trusted = self.verify if verify is None and isinstance(self.verify, str) else verify
        merged: dict[str, Any] = {**super().merge_environment_settings(url, proxies, stream, trusted, cert)}
        place = merged["verify"]
        if isinstance(place, str) and str(url).startswith(_TLS) and not Path(place).exists():
            name = next((name for name in _VARIABLES if os.environ.get(name) == place), "ca_bundle")
            raise SettingsError(f"{name}: there is no file {place}.")
        return merged


def session_of(settings: Mapping[str, Any]) -> Session:
    """The session that settings ask for.

    Raises:
        SettingsError: `ca_bundle` is no file with certificates.
    """
    bundle = settings.get("ca_bundle")
    return Session(str(bundle) if bundle else None)


def unreachable(address: str, setting: str, error: Exception) -> UnreachableError:
    """The error for a host that did not answer.

    Args:
        address: Where it was looked for.
        setting: The setting that names it.
        error: What went wrong.
    """
    doubt = distrust(error)
    if doubt is None:
        return UnreachableError(f"Cannot reach {address} ({type(error).__name__}): check {setting} and the network.")
    reason = str(doubt.verify_message or "it is not valid").rstrip(".")
    return UnreachableError(
        f"The certificate of {address} is not trusted ({reason}): check {setting}; where a proxy opens TLS "
        "connections, or the host has an authority of its own, name that authority's file in ca_bundle."
    )


def distrust(error: Exception) -> ssl.SSLCertVerificationError | None:
    """Why a certificate is not trusted, if that is what went wrong."""
    return next((each for each in _causes(error) if isinstance(each, ssl.SSLCertVerificationError)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it wraps; `requests` and `urllib3` keep them in different places."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [*each.args, each.__cause__, each.__context__, getattr(each, "reason", None)]


def _check_bundle(place: str) -> None:
    try:
        usable = Path(place).is_file()
    except (ValueError, OSError):
        usable = False
    if not usable:
        raise SettingsError(f"ca_bundle: there is no file {one_line(place, 200)}.")
    try:
        ssl.create_default_context(cafile=place)
    except OSError as error:
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise SettingsError(f"ca_bundle: {place} cannot be used ({reason}).") from None


def _as_it_is(asked: requests.PreparedRequest) -> requests.PreparedRequest:
    """With this a session does not look into .netrc."""
    return asked
