"""Tokens that are encrypted where they are kept, with a key from the environment."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import msgspec

from lightspeed_retail.errors import SettingsError
from lightspeed_retail.tokens import Tokens, TokenStore

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_VARIABLE = "LIGHTSPEED_RETAIL_TOKEN_KEY"
_MARK = "fernet:"


class SealedTokens:
    """Any token store, sealed: both tokens of a pair are encrypted (Fernet: AES-128 with HMAC-SHA256).

    Tokens that were stored before there was a key are read as they are, and sealed with the next refresh. Without a
    key everything is as in the store itself, but sealed tokens are refused.

    Args:
        store: Where the tokens are kept.
        key: A key as `Fernet.generate_key` makes it.

    Raises:
        SettingsError: The key is none, or the package `cryptography` is not installed.
    """

    def __init__(self, store: TokenStore, key: str | None) -> None:
        """Understand the key; nothing is read or written yet."""
        self._store = store
        self._fernet = _fernet(key.strip()) if key and key.strip() else None

    def locked(self, connection: str = "") -> AbstractContextManager[None]:
        """Hold the lock of the store."""
        return self._store.locked(connection)

    def load(self, connection: str) -> Tokens | None:
        """The newest tokens of a connection, if there are any.

        Raises:
            SettingsError: They are sealed with another key, or the store cannot be read.
        """
        tokens = self._store.load(connection)
        if tokens is None:
            return None
        opened = (self._opened(tokens.access_token), self._opened(tokens.refresh_token))
        return msgspec.structs.replace(tokens, access_token=opened[0], refresh_token=opened[1])

    def save(self, connection: str, tokens: Tokens) -> None:
        """Put new tokens, sealed, in the place of old ones."""
        sealed = (self._sealed(tokens.access_token), self._sealed(tokens.refresh_token))
        self._store.save(connection, msgspec.structs.replace(tokens, access_token=sealed[0], refresh_token=sealed[1]))

    def remove(self, connection: str) -> None:
        """Forget a connection's tokens."""
        self._store.remove(connection)

    def listed(self) -> dict[str, Tokens]:
        """The tokens of all connections by the connection's name, as they are kept."""
        return self._store.listed()

    def _sealed(self, token: str) -> str:
        return _MARK + self._fernet.encrypt(token.encode()).decode() if self._fernet else token

    def _opened(self, token: str) -> str:
        if not token.startswith(_MARK):
            return token
        if self._fernet is None:
            raise SettingsError(f"The stored tokens are encrypted: set {KEY_VARIABLE} to their key.")
        from cryptography.fernet import InvalidToken  # noqa: PLC0415  an extra, and slow to load

        try:
            return self._fernet.decrypt(token.removeprefix(_MARK)).decode()
        except (InvalidToken, ValueError):
            raise SettingsError(f"{KEY_VARIABLE} is not the key that the stored tokens are encrypted with.") from None


def _fernet(key: str) -> Fernet:
    try:
        from cryptography.fernet import Fernet  # noqa: PLC0415  an extra, and slow to load
    except ImportError:
        message = f"{KEY_VARIABLE} needs an extra: pip install 'lightspeed-retail[encryption]'."
        raise SettingsError(message) from None
    try:
        return Fernet(key)
    except ValueError:
        raise SettingsError(f"{KEY_VARIABLE} is no key: it must be 32 bytes in URL-safe base64.") from None
