"""What stands behind the payments of tickets: card charges, fees, signatures."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from lightspeed_retail.resources.declaration import Computed, Money, Personal, Resource, Secret, to_many
from lightspeed_retail.resources.endpoint import Endpoint, Snapshot, Stamp, Tail

_READ = ("employee:register_read", "employee:register")
_WRITE = ("employee:register",)


class SalePaymentSignature(Resource):
    """A signature given for a payment."""

    # The page's table of fields lacks filePath; the page of SalePayment has it.
    api = Endpoint(
        stream="sale_payment_signatures",
        path="/SalePayment/{salePaymentID}/SalePaymentSignature.json",
        key="salePaymentSignatureID",
        bookmark=Tail(created="createTime"),
        sortable=("salePaymentSignatureID",),
        verbs=("GET", "POST"),
        read_scopes=_READ,
        write_scopes=_WRITE,
        parent="SalePayment",
        selected=False,
        docs="https://developers.lightspeedhq.com/retail/endpoints/SalePayment-SalePaymentSignature/",
    )

    salePaymentSignatureID: int
    filePath: Computed[str]
    createTime: datetime
    salePaymentID: int


class CCCharge(Resource):
    """What a card gateway answered about a payment by card."""

    api = Endpoint(
        stream="cc_charges",
        path="/CCCharge.json",
        key="ccChargeID",
        bookmark=Stamp(),
        sortable=("ccChargeID", "timeStamp", "saleID"),
        read_scopes=_READ,
        write_scopes=_WRITE,
        docs="https://developers.lightspeedhq.com/retail/endpoints/CCCharge/",
    )

    ccChargeID: int
    gatewayTransID: str
    xnum: Personal
    voided: bool
    refunded: Money
    amount: Money
    exp: Personal
    authOnly: bool
    authCode: str
    cardType: str
    entryMethod: str
    cardholderName: Personal
    isDebit: bool
    communicationKey: Secret
    timeStamp: datetime
    declined: bool
    rawResponse: Personal
    rawVoidResponse: Personal
    saleID: int
    response: Personal
    SalePayments = to_many("SalePayment", "SalePayment")


class ProcessingFee(Resource):
    """What the payment processor kept of a payment; Lightspeed Payments only."""

    # The page's table ends three names in Pct, its samples end them in Percent: either may come.
    api = Endpoint(
        stream="processing_fees",
        path="/ProcessingFee.json",
        key="salePaymentProcessingFeeID",
        bookmark=Snapshot(large=True),
        sortable=("salePaymentProcessingFeeID",),
        read_scopes=_READ,
        write_scopes=_WRITE,
        docs="https://developers.lightspeedhq.com/retail/endpoints/ProcessingFee/",
    )

    salePaymentProcessingFeeID: int
    salePaymentID: int
    processingFeeRef: str
    processor: str
    amount: Money
    fixedFee: Money
    variableFee: Money
    variablePercent: Decimal
    interchangeFeesFixedFee: Money
    interchangeFeesVariableFee: Money
    interchangeFeesVariablePercent: Decimal
    schemeFeesFixedFee: Money
    schemeFeesVariableFee: Money
    schemeFeesVariablePercent: Decimal
    processingTime: datetime
    createTime: datetime
    updateTime: datetime
    variablePct: Decimal
    interchangeFeesVariablePct: Decimal
    schemeFeesVariablePct: Decimal
