"""The category tree, makers and attribute sets."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from lightspeed_retail.resources.items import Category, ItemAttributeSet, Manufacturer
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.words import DEPARTMENTS, MANUFACTURERS, Department

ATTRIBUTE_SETS = {
    ("Color", "Size"): 1,
    ("Size",): 2,
    ("Color",): 3,
    ("Color", "Size", "Width"): 4,
}

_SYSTEM_SETS = (
    ("Color/Size", "Color", "Size", ""),
    ("Size", "", "Size", ""),
    ("Color", "Color", "", ""),
    ("3 Attributes", "Attribute 1", "Attribute 2", "Attribute 3"),
    ("Old lengths", "Length", "", ""),
)


def found(plan: Founding) -> None:
    """Enter everything that items refer to."""
    attribute_sets(plan)
    _manufacturers(plan)
    _categories(plan)


def attribute_sets(plan: Founding) -> None:
    """Enter the attributes by which the items of a matrix can differ."""
    for name, first, second, third in _SYSTEM_SETS:
        system = name != _SYSTEM_SETS[-1][0]
        plan.books.add(
            ItemAttributeSet,
            name=name,
            attributeName1=first,
            attributeName2=second,
            attributeName3=third,
            system=system,
            archived=not system,
        )


def _manufacturers(plan: Founding) -> None:
    for number, name in enumerate(MANUFACTURERS):
        at = plan.moment(0.03 * (number // 5))
        plan.books.add(Manufacturer, name=name, createTime=stamp(at), timeStamp=stamp(at + timedelta(days=number % 3)))


def _categories(plan: Founding) -> None:
    at = stamp(plan.moment(0.01))
    rows: list[Record] = []
    for department in DEPARTMENTS:
        root = category(plan.books, department.name, None, at)
        rows.append(root)
        for sub in department.subs:
            middle = category(plan.books, sub, root, at)
            rows += [middle, *(category(plan.books, leaf, middle, at) for leaf in department.leaves)]
    rows.append(category(plan.books, "Service", None, at))
    renumber(plan.books, rows, plan.moment(0.7))
    for row in rows[::9]:
        row["timeStamp"] = stamp(plan.moment(0.72, 0.2))


def category(books: Books, name: str, parent: Record | None, at: str) -> Record:
    """Enter a category; its place in the tree is settled by `renumber`."""
    return books.add(
        Category,
        name=name,
        nodeDepth=str(int(parent["nodeDepth"]) + 1) if parent else "0",
        fullPathName=f"{parent['fullPathName']}/{name}" if parent else name,
        createTime=at,
        timeStamp=at,
        parentID=parent["categoryID"] if parent else 0,
    )


def renumber(books: Books, rows: list[Record], at: datetime) -> None:
    """Number the tree anew; every row whose place has changed is stamped in the same second.

    Source: section 7.1 of the API reference (recorded: 121 of 151 rows shared one stamp).
    """
    children: dict[int, list[Record]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: str(row["name"])):
        children[row["parentID"]].append(row)
    _number(books, children, 0, 0, stamp(at))


def _number(books: Books, children: dict[int, list[Record]], parent: int, left: int, at: str) -> int:
    for row in children[parent]:
        right = _number(books, children, row["categoryID"], left + 1, at)
        if (row["leftNode"], row["rightNode"]) != (left + 1, right + 1):
            row.update(leftNode=left + 1, rightNode=right + 1, timeStamp=at)
            books.put(Category, row)
        left = right + 1
    return left


def rename(books: Books, rows: list[Record], row: Record, name: str, at: datetime) -> None:
    """Rename a category: the full names of all below it change along."""
    old = row["fullPathName"]
    path = f"{old[: -len(row['name'])]}{name}"
    row.update(name=name, fullPathName=path, timeStamp=stamp(at))
    books.put(Category, row)
    for other in rows:
        if str(other["fullPathName"]).startswith(f"{old}/"):
            other.update(fullPathName=f"{path}{other['fullPathName'][len(old) :]}", timeStamp=stamp(at))
            books.put(Category, other)


def department_of(row: Record) -> Department | None:
    """The branch of the tree in which a category stands."""
    root = str(row["fullPathName"]).partition("/")[0]
    return next((found for found in DEPARTMENTS if root.startswith(found.name)), None)
