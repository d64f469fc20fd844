"""People and companies who buy, the fields of their own that an account gives them, and their credit."""

from __future__ import annotations

from datetime import datetime

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Computed, Money, Personal, PersonalDate, Resource, to_many, to_one
from lightspeed_retail.resources.endpoint import Action, Endpoint, Match, Stamp, Vanishing

_READ = ("employee:customers_read", "employee:customers")
_WRITE = ("employee:customers",)


class Customer(Resource):
    """A person or company who buys, with contact details."""

    # DELETE archives, but when two customers are merged one of the two is gone for good.
    api = Endpoint(
        stream="customers",
        path="/Customer.json",
        key="customerID",
        bookmark=Stamp(),
        sortable=("customerID", "timeStamp", "firstName", "lastName"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        vanishing=Vanishing(),
        read_scopes=_READ,
        write_scopes=_WRITE,
        presets=("nightly",),
        answers=("Contact",),
        actions=(Action("anonymize", "/Customer/{customerID}/Anonymize.json", "DELETE"),),
        match=(
            # A change of the contact moves the customer's stamp: section 7 of the API reference.
            Match("custom", ("Contact.custom",), filters=None, stamped=True),
            Match("email", ("Contact.Emails.address",), ("Contact.email",)),
            Match(
                "phone",
                ("Contact.Phones.number",),
                ("Contact.mobile", "Contact.phoneHome", "Contact.phoneWork", "Contact.pager", "Contact.fax"),
            ),
        ),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Customer/",
    )

    customerID: int
    firstName: Personal
    lastName: Personal
    title: str
    company: str
    companyRegistrationNumber: str
    vatNumber: str
    creditAccountID: Computed[int]
    customerTypeID: int
    discountID: int
    taxCategoryID: int
    contactID: Computed[int]
    noteID: Computed[int]
    employeeID: Computed[int]
    measurementID: Computed[int]
    dob: PersonalDate
    createTime: datetime
    timeStamp: datetime
    archived: bool
    Contact = to_one(parts.Contact)
    CustomerType = to_one("CustomerType")
    Discount = to_one("Discount")
    Note = to_one(parts.Note, personal=True)
    TaxCategory = to_one("TaxCategory")
    CreditAccount = to_one("CreditAccount")
    Tags = to_many("tag", str, empty="")
    CustomFieldValues = to_many("CustomFieldValue", parts.CustomFieldValue, personal=True)


class CustomerType(Resource):
    """A group of customers who share a discount and a tax category."""

    api = Endpoint(
        stream="customer_types",
        path="/CustomerType.json",
        key="customerTypeID",
        sortable=("customerTypeID",),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        read_scopes=_READ,
        write_scopes=_WRITE,
        presets=("nightly",),
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/CustomerType/",
    )

    customerTypeID: int
    name: str
    taxCategoryID: int
    discountID: int
    Discount = to_one("Discount")
    TaxCategory = to_one("TaxCategory", children=("TaxCategoryClasses",))


class CustomerCustomField(parts.CustomField, Resource):
    """A field of its own that an account gives its customers."""

    # The page lists timeStamp as sortable, but no answer carries one.
    api = Endpoint(
        stream="customer_custom_fields",
        path="/Customer/CustomField.json",
        key="customFieldID",
        sortable=("customFieldID", "name"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=_READ,
        write_scopes=_WRITE,
        envelope="CustomField",
        required=("type", "name"),
        match=(Match("name", ("name",)),),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Customer-CustomField/",
    )


class CustomerCustomFieldChoice(parts.CustomFieldChoice, Resource):
    """One of the values that a customer's custom field offers."""

    api = Endpoint(
        stream="customer_custom_field_choices",
        path="/Customer/CustomField/{customFieldID}/CustomFieldChoice.json",
        key="customFieldChoiceID",
        bookmark=Stamp(),
        sortable=("customFieldChoiceID", "timeStamp"),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        vanishing=Vanishing(),
        read_scopes=_READ,
        write_scopes=_WRITE,
        envelope="CustomFieldChoice",
        parent="CustomerCustomField",
        parents=("type", ("single_choice", "multi_choice")),
        selected=False,
        required=("name",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Customer-CustomField-CustomFieldChoice/",
    )


class CreditAccount(Resource):
    """A customer's store credit or a gift card, with its balance."""

    # Gift cards only come when they are asked for. Their codes are masked unless the token may see them.
    api = Endpoint(
        stream="credit_accounts",
        path="/CreditAccount.json",
        key="creditAccountID",
        bookmark=Stamp(),
        sortable=("creditAccountID", "timeStamp", "customerID"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=_READ,
        write_scopes=_WRITE,
        passes=(("giftCard", "true"),),
        match=(Match("customer", ("customerID",)), Match("code", ("code",))),
        updates=("name", "description", "creditLimit", "archived"),
        docs="https://developers.lightspeedhq.com/retail/endpoints/CreditAccount/",
    )

    creditAccountID: int
    name: str
    code: str
    creditLimit: Money
    description: str
    giftCard: Computed[bool]
    archived: bool
    timeStamp: datetime
    customerID: int
    balance: Computed[Money]
    giftCardUuid: Computed[str]
    Contact = to_one(parts.Contact, computed=True)
    WithdrawalPayments = to_many("SalePayment", "SalePayment")
