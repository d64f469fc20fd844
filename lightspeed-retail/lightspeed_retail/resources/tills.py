"""What happens to the money in the drawers: counts at closing, their amounts, cash put in and taken out."""

from __future__ import annotations

from datetime import datetime

from lightspeed_retail.resources.declaration import Money, Resource, to_many, to_one
from lightspeed_retail.resources.endpoint import Endpoint, Tail

_READ = ("employee:register_read", "employee:register")
_WRITE = ("employee:register",)


class RegisterCount(Resource):
    """The count of a drawer when its register is closed."""

    api = Endpoint(
        stream="register_counts",
        path="/RegisterCount.json",
        key="registerCountID",
        bookmark=Tail(created="createTime"),
        event="createTime",
        sortable=("registerCountID",),
        read_scopes=_READ,
        write_scopes=_WRITE,
        docs="https://developers.lightspeedhq.com/retail/endpoints/RegisterCount/",
    )

    registerCountID: int
    createTime: datetime
    openTime: datetime
    notes: str
    registerID: int
    openEmployeeID: int
    closeEmployeeID: int
    RegisterCountAmounts = to_many("RegisterCountAmount", "RegisterCountAmount", rides=True, children=("PaymentType",))


class RegisterCountAmount(Resource):
    """What was in a drawer of one type of payment, worked out and counted."""

    api = Endpoint(
        stream="register_count_amounts",
        path="/RegisterCountAmount.json",
        key="registerCountAmountID",
        bookmark=Tail(),
        sortable=("registerCountAmountID", "registerCountID"),
        read_scopes=_READ,
        write_scopes=_WRITE,
        docs="https://developers.lightspeedhq.com/retail/endpoints/RegisterCountAmount/",
    )

    registerCountAmountID: int
    calculated: Money
    actual: Money
    registerCountID: int
    paymentTypeID: int
    PaymentType = to_one("PaymentType")


class RegisterWithdraw(Resource):
    """Money taken out of a drawer or put into it, the opening float among them."""

    api = Endpoint(
        stream="register_withdraws",
        path="/RegisterWithdraw.json",
        key="registerWithdrawID",
        bookmark=Tail(created="createTime"),
        event="createTime",
        sortable=("registerWithdrawID",),
        verbs=("GET", "POST"),
        read_scopes=("employee:register", "employee:reports"),
        write_scopes=("employee:register_withdraw",),
        docs="https://developers.lightspeedhq.com/retail/endpoints/RegisterWithdraw/",
    )

    registerWithdrawID: int
    amount: Money
    createTime: datetime
    notes: str
    employeeID: int
    paymentTypeID: int
    registerID: int
    PaymentType = to_one("PaymentType")
