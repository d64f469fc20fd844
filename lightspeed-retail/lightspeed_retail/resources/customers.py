"""People and companies who buy."""

from __future__ import annotations

from datetime import date, datetime

from lightspeed_retail.resources import parts
from lightspeed_retail.resources.declaration import Resource, to_many, to_one
from lightspeed_retail.resources.endpoint import Endpoint, Stamp


class Customer(Resource):
    """A person or company who buys, with contact details."""

    api = Endpoint(
        stream="customers",
        path="/Customer.json",
        key="customerID",
        bookmark=Stamp(),
        sortable=("customerID", "timeStamp", "firstName", "lastName"),
        archived=True,
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="archive",
        read_scopes=("employee:customers_read", "employee:customers"),
        write_scopes=("employee:customers",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/Customer/",
    )

    customerID: int
    firstName: str
    lastName: str
    title: str
    company: str
    companyRegistrationNumber: str
    vatNumber: str
    creditAccountID: int
    customerTypeID: int
    discountID: int
    taxCategoryID: int
    contactID: int
    noteID: int
    employeeID: int
    measurementID: int
    dob: date
    createTime: datetime
    timeStamp: datetime
    archived: bool
    Contact = to_one(parts.Contact)
    CustomerType = to_one("CustomerType")
    Note = to_one(parts.Note)
    TaxCategory = to_one("TaxCategory")
    Tags = to_many("tag", str, empty="")
    CustomFieldValues = to_many("CustomFieldValue", parts.CustomFieldValue)


class CustomerType(Resource):
    """A group of customers who share a discount and a tax category."""

    api = Endpoint(
        stream="customer_types",
        path="/CustomerType.json",
        key="customerTypeID",
        sortable=("customerTypeID",),
        verbs=("GET", "POST", "PUT", "DELETE"),
        delete="delete",
        read_scopes=("employee:customers_read", "employee:customers"),
        write_scopes=("employee:customers",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/CustomerType/",
    )

    customerTypeID: int
    name: str
    taxCategoryID: int
    discountID: int
    TaxCategory = to_one("TaxCategory")
