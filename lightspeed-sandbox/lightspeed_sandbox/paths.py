"""Which list or record a path stands for, derived from the declarations."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lightspeed_retail.query import Version
from lightspeed_retail.resources import Action, Resource
from lightspeed_sandbox.answers import is_plain
from lightspeed_sandbox.errors import ApiError

_FORBIDDEN, _NOT_FOUND = 403, 404
_SUFFIX = ".json"
_ACCOUNT_PATH = re.compile(r"(?P<root>/API(?:/V3)?)/Account/(?P<account>[^/]+)(?P<rest>/.*)?")
_PLACEHOLDER = re.compile(r"\{\w+\}")
_VERBS = ("GET", "POST", "PUT", "DELETE")


@dataclass(frozen=True)
class Target:
    """What a path stands for: a list of a resource, or one record of it.

    Args:
        resource: Whose list or record.
        key: The key of the record.
        parent: The key of the row whose list it is, where lists hang below a parent.
        version: In whose words it is asked for.
        owner: The resource of that row, where the same rows have a list of their own as well.
        action: What is to be done to the record.
    """

    resource: type[Resource]
    key: str | None = None
    parent: str | None = None
    version: Version = Version.V3
    owner: type[Resource] | None = None
    action: Action | None = None

    @property
    def parent_resource(self) -> type[Resource] | None:
        """The resource whose rows have such lists."""
        return self.owner or (Resource.named(self.resource.api.parent) if self.resource.api.parent else None)

    def allows(self, method: str) -> bool:
        """Whether the API knows this method here."""
        if self.action is not None:
            return method == self.action.method
        if method != "GET" and (self.key is None) != (method == "POST"):
            return False
        return method in self.resource.api.verbs or (self.owner is not None and method in _VERBS)


class Paths:
    """The paths of one account, in both versions of the API."""

    def __init__(self, account: str) -> None:
        """Derive them from the declarations."""
        self._account = account
        self._roots: dict[str, Target] = {}
        self._plain: dict[str, Target] = {}
        self._nested: list[tuple[re.Pattern[str], Target]] = []
        self._actions: list[tuple[re.Pattern[str], Target]] = []
        for resource in Resource.all():
            for path in filter(None, (resource.api.path, resource.api.elsewhere)):
                self._enter(path.removesuffix(_SUFFIX), resource)
            for path in resource.api.below:
                owner = _owner(path)
                self._nested.append((_pattern(path), Target(resource, owner=owner)))
            for action in resource.api.actions:
                self._actions.append((_pattern(action.path), Target(resource, action=action)))

    def _enter(self, path: str, resource: type[Resource]) -> None:
        if path.startswith(Version.V3.root + "/"):
            self._roots[path] = Target(resource)
            self._roots[Version.V2.root + path.removeprefix(Version.V3.root)] = Target(resource, version=Version.V2)
        elif path.startswith(Version.V2.root + "/"):
            self._roots[path] = Target(resource)
        elif "{" in path:
            self._nested.append((_pattern(path), Target(resource)))
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
        target = self._action(rest) or self._list(rest) or self._single(*rest.rsplit("/", 1))
        if target is None:
            raise _nothing()
        return target

    def _action(self, path: str) -> Target | None:
        for pattern, target in self._actions:
            if found := pattern.fullmatch(path):
                return replace(target, key=found[1])
        return None

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


def _pattern(path: str) -> re.Pattern[str]:
    around = map(re.escape, _PLACEHOLDER.split(path.removesuffix(_SUFFIX)))
    return re.compile("([^/]+)".join(around))


def _owner(path: str) -> type[Resource]:
    """Whose rows the rows of a path hang on: `/Sale/{saleID}/SaleLine.json` on those of `/Sale.json`."""
    around = path.partition("/{")[0] + _SUFFIX
    return next(resource for resource in Resource.all() if resource.api.path == around)


def _nothing() -> ApiError:
    return ApiError(_NOT_FOUND, "There is nothing at this path.")
