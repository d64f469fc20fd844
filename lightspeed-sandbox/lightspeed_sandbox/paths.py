"""Which list or record a path stands for, derived from the declarations."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lightspeed_retail.query import Version
from lightspeed_retail.resources import Resource
from lightspeed_sandbox.answers import is_plain
from lightspeed_sandbox.errors import ApiError

_FORBIDDEN, _NOT_FOUND = 403, 404
_SUFFIX = ".json"
_ACCOUNT_PATH = re.compile(r"(?P<root>/API(?:/V3)?)/Account/(?P<account>[^/]+)(?P<rest>/.*)?")
_PLACEHOLDER = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class Target:
    """What a path stands for: a list of a resource, or one record of it.

    Args:
        resource: Whose list or record.
        key: The key of the record.
        parent: The key of the row whose list it is, where lists hang below a parent.
        version: In whose words it is asked for.
    """

    resource: type[Resource]
    key: str | None = None
    parent: str | None = None
    version: Version = Version.V3

    @property
    def parent_resource(self) -> type[Resource] | None:
        """The resource whose rows have such lists."""
        return Resource.named(self.resource.api.parent) if self.resource.api.parent else None


class Paths:
    """The paths of one account, in both versions of the API."""

    def __init__(self, account: str) -> None:
        """Derive them from the declarations."""
        self._account = account
        self._roots: dict[str, Target] = {}
        self._plain: dict[str, Target] = {}
        self._nested: list[tuple[re.Pattern[str], Target]] = []
        for resource in Resource.all():
            for path in filter(None, (resource.api.path, resource.api.elsewhere)):
                self._enter(path.removesuffix(_SUFFIX), resource)

    def _enter(self, path: str, resource: type[Resource]) -> None:
        if path.startswith(Version.V3.root + "/"):
            self._roots[path] = Target(resource)
            self._roots[Version.V2.root + path.removeprefix(Version.V3.root)] = Target(resource, version=Version.V2)
        elif path.startswith(Version.V2.root + "/"):
            self._roots[path] = Target(resource)
        elif "{" in path:
            around = map(re.escape, _PLACEHOLDER.split(path))
            self._nested.append((re.compile("([^/]+)".join(around)), Target(resource)))
        else:
            self._plain[path] = Target(resource)

    def target(self, path: str) -> Target:
        """What a path stands for.

        Raises:
            ApiError: There is nothing, or it belongs to another account.
        """
        if not path.endswith(_SUFFIX):
            raise _nothing()
        path = path.removesuffix(_SUFFIX)
        if path in self._roots:
            return self._roots[path]
        found = _ACCOUNT_PATH.fullmatch(path)
        if found is None:
            raise _nothing()
        if found["account"] != self._account:
            message = "Not Authorized: the token does not belong to this account"
            raise ApiError(_FORBIDDEN, message, "InsufficientRightsException")
        return replace(self._below_account(found["rest"]), version=Version(found["root"]))

    def _below_account(self, rest: str | None) -> Target:
        if rest is None:
            return Target(Resource.named("Account"), self._account)
        target = self._list(rest) or self._single(*rest.rsplit("/", 1))
        if target is None:
            raise _nothing()
        return target

    def _list(self, path: str) -> Target | None:
        if path in self._plain:
            return self._plain[path]
        for pattern, target in self._nested:
            if found := pattern.fullmatch(path):
                return replace(target, parent=found[1])
        return None

    def _single(self, path: str, key: str) -> Target | None:
        target = self._list(path)
        if target is None or target.resource.api.dimensions or is_plain(target.resource):
            return None
        return replace(target, key=key)


def _nothing() -> ApiError:
    return ApiError(_NOT_FOUND, "There is nothing at this path.")
