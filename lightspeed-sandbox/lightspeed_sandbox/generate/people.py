"""People: how to reach them, the staff, the customers."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.account import Employee
from lightspeed_retail.resources.customers import CreditAccount, Customer, CustomerType
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.books import Books
from lightspeed_sandbox.generate.hours import ZONE
from lightspeed_sandbox.generate.scale import Founding
from lightspeed_sandbox.generate.values import ZERO, nth, record
from lightspeed_sandbox.generate.words import (
    COMPANIES,
    CUSTOMER_TAGS,
    FIRST_NAMES,
    LAST_NAMES,
    LOYALTY_ID,
    REQUESTS,
    SHOE_SIZE,
    STREETS,
    TOWNS,
)

_CUSTOMER_TYPES = (("Retail", 0, 0), ("Club Member", 0, 1), ("Wholesale", 4, 2), ("Staff", 0, 3))
_RIGHTS = ("register", "register_refund", "customers", "product_edit", "product_cost", "workbench", "reports", "admin")
_ROLES = (("Owner", 8), ("Manager", 7), ("Clerk", 3), ("Mechanic", 6))
_EMPLOYEES = 14
_PHONES = ("Mobile", "Home", "Work", "Pager", "Fax")
_SHARE_BEFORE_OPENING = 0.8
_SHARE_EDITED = 0.15


def contact(
    books: Books, at: datetime, handle: str, *, company: str = "", town: tuple[str, str, str, str] = TOWNS[0]
) -> Record:
    """How to reach somebody; which parts are filled depends on the number of the contact alone."""
    number = books.part_key("contact")
    return record(
        parts.Contact,
        contactID=number,
        custom=f"EXT-{number}" if nth(number, 4) else "",
        noEmail=nth(number, 3, 2),
        noPhone=nth(number, 5, 2),
        noMail=nth(number, 2),
        timeStamp=stamp(at),
        Addresses=[_address(number, town)] if not nth(number, 6, 2) else [],
        Phones=_phones(number),
        Emails=_emails(handle, number),
        Websites=_websites(number) if company or nth(number, 13) else [],
    )


def _address(number: int, town: tuple[str, str, str, str]) -> Record:
    city, state, code, zip_code = town
    return record(
        parts.ContactAddress,
        address1=f"{10 + number % 900} {STREETS[number % len(STREETS)]}",
        address2=f"Unit {number % 40}" if nth(number, 5) else "",
        city=city,
        state=state,
        stateCode=code,
        zip=zip_code,
        country="United States",
        countryCode="US",
    )


def _websites(number: int) -> list[Record]:
    return [record(parts.ContactWebsite, url=f"https://example.com/{number}")]


def _phones(number: int) -> list[Record]:
    count = 0 if nth(number, 7, 3) else 2 if nth(number, 9) else 1
    first = number // 7 % len(_PHONES) if nth(number, 4) else 0
    uses = [_PHONES[(first + n) % len(_PHONES)] for n in range(count)]
    return [
        record(parts.ContactPhone, number=f"555-01{(number + n) % 100:02d}", useType=use) for n, use in enumerate(uses)
    ]


def _emails(handle: str, number: int) -> list[Record]:
    if nth(number, 8, 5):
        return []
    found = [record(parts.ContactEmail, address=f"{handle}.{number}@example.com", useType="Primary")]
    if nth(number, 11):
        found.append(record(parts.ContactEmail, address=f"{handle}.{number}@mail.example.com", useType="Secondary"))
    return found


def note(books: Books, text: str, at: datetime, *, public: bool = False) -> Record:
    """A note on a record."""
    return record(parts.Note, noteID=books.part_key("note"), note=text, isPublic=public, timeStamp=stamp(at))


def custom_value(books: Books, field: tuple[int, str, str], value: str, at: datetime) -> Record:
    """The value of a custom field, given by its id, name and type."""
    number, name, kind = field
    return record(
        parts.CustomFieldValue,
        customFieldValueID=books.part_key("customFieldValue"),
        customFieldID=number,
        name=name,
        type=kind,
        value=value,
        timeStamp=stamp(at),
    )


def staff(plan: Founding) -> None:
    """Enter the employees: owner, managers, clerks and mechanics of three shops."""
    for number in range(1, _EMPLOYEES + 1):
        first = FIRST_NAMES[(5 * number) % len(FIRST_NAMES)]
        last = LAST_NAMES[(7 * number) % len(LAST_NAMES)]
        at = plan.moment(0.06 * number)
        reached = contact(plan.books, at, f"{first}.staff".lower(), town=TOWNS[number % len(TOWNS)])
        role = 0 if number == 1 else 1 + number % (len(_ROLES) - 1)
        plan.books.add(
            Employee,
            firstName=first,
            lastName=last,
            lockOut=number == _EMPLOYEES,
            archived=number == _EMPLOYEES,
            timeStamp=stamp(at + timedelta(days=number)),
            contactID=reached["contactID"],
            employeeRoleID=role + 1,
            limitToShopID=0 if number <= len(TOWNS) else home_of(number),
            lastShopID=home_of(number),
            Contact=reached,
            EmployeeRole=_role(role),
            EmployeeRights=_rights(2) if nth(number, 4) else None,
        )


def home_of(employee: int) -> int:
    """The shop in which an employee mostly works."""
    return 1 + employee % len(TOWNS)


def _rights(count: int) -> list[Record]:
    return [
        record(parts.EmployeeRight, employeeRightID=n, name=name) for n, name in enumerate(_RIGHTS[:count], start=1)
    ]


def _role(number: int) -> Record:
    name, rights = _ROLES[number]
    return record(parts.EmployeeRole, employeeRoleID=number + 1, name=name, EmployeeRights=_rights(rights))


def clientele(plan: Founding) -> None:
    """Enter customer types and the customers who were there before the first day of trade."""
    for name, tax_category, discount in _CUSTOMER_TYPES:
        plan.books.add(CustomerType, name=name, taxCategoryID=tax_category, discountID=discount)
    count = customers_before(plan.scale.customers)
    for number in range(count):
        at = plan.moment(0.95 * number / count)
        row = customer(plan.books, plan.rng, at)
        if plan.rng.random() < _SHARE_EDITED:
            row["timeStamp"] = stamp(at + timedelta(days=plan.rng.random() * 30, seconds=1))


def customers_before(total: int) -> int:
    """How many customers there were before the first day of trade."""
    return int(total * _SHARE_BEFORE_OPENING)


def customer(books: Books, rng: Random, at: datetime) -> Record:
    """Enter a new customer."""
    number = books.key(Customer)
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    company = f"{last} {COMPANIES[number % len(COMPANIES)]}" if nth(number, 12) else ""
    reached = contact(books, at, f"{first}.{last}".lower().replace(" ", ""), company=company, town=rng.choice(TOWNS))
    later = at + timedelta(seconds=nth(number, 50))
    row = books.add(
        Customer,
        customerID=number,
        firstName=first,
        lastName=last,
        contactID=reached["contactID"],
        Contact=reached,
        createTime=stamp(at),
        timeStamp=stamp(later),
        archived=nth(number, 33, 8),
        **_company(number, company),
        **_standing(number),
        **_person(rng, number),
    )
    row.update(_extras(books, number, at))
    if nth(number, 10):
        row["creditAccountID"] = open_account(books, number, reached, later)
    return row


def _company(number: int, company: str) -> Record:
    return {
        "company": company,
        "title": "Buyer" if company else "",
        "companyRegistrationNumber": f"REG-{number:06d}" if company and nth(number, 24) else "",
        "vatNumber": f"VAT-{number:06d}" if company and nth(number, 24) else "",
    }


def _standing(number: int) -> Record:
    wholesale = nth(number, 24)
    return {
        "customerTypeID": 3 if wholesale else 2 if nth(number, 5) else 1 if nth(number, 2) else 0,
        "discountID": 1 if nth(number, 15) else 0,
        "taxCategoryID": 4 if wholesale else 0,
        "employeeID": 1 + number % _EMPLOYEES if nth(number, 9) else 0,
        "measurementID": number if nth(number, 40) else 0,
    }


def _person(rng: Random, number: int) -> Record:
    if not nth(number, 3):
        return {}
    born = datetime(rng.randint(1945, 2008), rng.randint(1, 12), rng.randint(1, 28), tzinfo=ZONE)
    return {"dob": stamp(born)}


def _extras(books: Books, number: int, at: datetime) -> Record:
    extras: Record = {"Tags": [], "CustomFieldValues": []}
    if nth(number, 6):
        written = note(books, REQUESTS[number // 6 % len(REQUESTS)], at, public=nth(number, 12))
        extras |= {"noteID": written["noteID"], "Note": written}
    if nth(number, 4):
        extras["Tags"] = [CUSTOMER_TAGS[(number + n) % len(CUSTOMER_TAGS)] for n in range(1 + number % 3)]
    if nth(number, 5):
        extras["CustomFieldValues"] = [
            custom_value(books, SHOE_SIZE, str(36 + number % 12), at),
            custom_value(books, LOYALTY_ID, f"LOY-{number:05d}", at),
        ]
    return extras


def open_account(books: Books, customer: int, contact: Record | None, at: datetime) -> int:
    """Open a credit account for a customer; answers its key."""
    row = books.add(
        CreditAccount,
        name="Customer Credit Account",
        creditLimit=Decimal(500) if nth(customer, 2) else ZERO,
        description="Pays at the end of the month" if nth(customer, 20) else "",
        timeStamp=stamp(at),
        customerID=customer,
        Contact=contact,
    )
    return int(row["creditAccountID"])
