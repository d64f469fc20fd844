"""What card terminals and the payment processor know about payments: charges, signatures, fees."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from lightspeed_retail.resources.payments import CCCharge, ProcessingFee, SalePaymentSignature
from lightspeed_retail.wire import Record, stamp
from lightspeed_sandbox.generate.values import ZERO, cents, identifier, nth
from lightspeed_sandbox.generate.words import FIRST_NAMES, LAST_NAMES
from lightspeed_sandbox.generate.world import World

_BRANDS = ("VISA", "MASTERCARD", "AMEX", "DISCOVER")
_ENTRY = ("EMV", "CONTACTLESS", "SWIPE", "KEYED")
_SHOP_OF_THE_PROCESSOR = 1
_FIXED = Decimal("0.1")
_VARIABLE, _INTERCHANGE, _SCHEME = Decimal("0.026"), Decimal("0.018"), Decimal("0.0013")


def charge(world: World, payment: Record, at: datetime, *, debit: bool) -> None:
    """A card is charged; now and then another one was declined before."""
    number = world.books.key(CCCharge)
    if nth(number, 31):
        _entered(world, number, payment, at, debit=debit)["declined"] = True
        number = world.books.key(CCCharge)
    row = _entered(world, number, payment, at, debit=debit)
    row.update(authCode=f"OK{number % 10_000:04d}", authOnly=nth(number, 29))
    payment.update(ccChargeID=number, paymentID=identifier(world.rng) if not nth(number, 5) else "")


def _entered(world: World, number: int, payment: Record, at: datetime, *, debit: bool) -> Record:
    named = nth(number, 3)
    return world.books.add(
        CCCharge,
        ccChargeID=number,
        gatewayTransID=str(655_000_000 + number),
        xnum=f"{number * 7919 % 10_000:04d}",
        amount=payment["amount"],
        exp=f"{1 + number % 12:02d}{27 + number % 4}" if named else "",
        cardType=_BRANDS[number % len(_BRANDS)],
        entryMethod=_ENTRY[number // 2 % len(_ENTRY)],
        cardholderName=f"{LAST_NAMES[number % len(LAST_NAMES)]}/{FIRST_NAMES[number % len(FIRST_NAMES)]}"
        if named
        else "",
        isDebit=debit,
        timeStamp=stamp(at),
        rawResponse=f"<Response><Number>{number}</Number></Response>",
        saleID=payment["saleID"],
        response="approved" if nth(number, 2) else "",
    )


def refund(world: World, payment: Record, at: datetime) -> None:
    """Money goes back to a card: the charge of the first payment says how much."""
    row = world.books.get(CCCharge, payment["ccChargeID"])
    if row is not None:
        row.update(refunded=row["refunded"] - payment["amount"], timeStamp=stamp(at))
        world.books.put(CCCharge, row)


def cancel(world: World, payment: Record, at: datetime) -> None:
    """A charge is taken back because its payment or its sale is."""
    row = world.books.get(CCCharge, payment["ccChargeID"]) if payment["ccChargeID"] else None
    if row is not None:
        row.update(voided=True, rawVoidResponse="<Void>approved</Void>", timeStamp=stamp(at))
        world.books.put(CCCharge, row)


def booked(world: World, payment: Record, shop: int) -> None:
    """A payment has its key: what points to it can be entered."""
    number = payment["ccChargeID"]
    if not number or payment["amount"] < ZERO:
        return
    if nth(number, 17):
        world.books.add(
            SalePaymentSignature,
            filePath=f"signatures/{number}.pdf",
            createTime=payment["createTime"],
            salePaymentID=payment["salePaymentID"],
        )
    if shop == _SHOP_OF_THE_PROCESSOR and payment["paymentID"] and not payment["archived"]:
        _fee(world, payment)


def _fee(world: World, payment: Record) -> None:
    number, amount = world.books.key(ProcessingFee), payment["amount"]
    paid = datetime.fromisoformat(payment["createTime"])
    at = stamp(paid + timedelta(seconds=4))
    # Documentation and samples spell three names differently: the processor's older fees have the one, newer the other.
    ending, other = ("Pct", "Percent") if nth(number, 2) else ("Percent", "Pct")
    world.books.add(
        ProcessingFee,
        salePaymentProcessingFeeID=number,
        salePaymentID=payment["salePaymentID"],
        processingFeeRef=f"fee-{number:08d}",
        processor="STRIPE",
        amount=amount,
        fixedFee=_FIXED,
        variableFee=cents(amount * _VARIABLE),
        interchangeFeesFixedFee=_FIXED / 2,
        interchangeFeesVariableFee=cents(amount * _INTERCHANGE),
        schemeFeesFixedFee=_FIXED / 5,
        schemeFeesVariableFee=cents(amount * _SCHEME),
        processingTime=at,
        createTime=at,
        updateTime=at,
        **{
            f"variable{ending}": _VARIABLE,
            f"interchangeFeesVariable{ending}": _INTERCHANGE,
            f"schemeFeesVariable{ending}": _SCHEME,
            f"variable{other}": None,
            f"interchangeFeesVariable{other}": None,
            f"schemeFeesVariable{other}": None,
        },
    )
