"""Which writer writes which resource: most need nothing of their own."""

from __future__ import annotations

from lightspeed_retail.resources import Resource
from target_lightspeed_retail.images import ImageWriter, PicturedWriter
from target_lightspeed_retail.orders import LinedWriter, OrderWriter
from target_lightspeed_retail.pictures import has_pictures
from target_lightspeed_retail.sales import SaleWriter
from target_lightspeed_retail.writer import Writer

_OWN: dict[str, type[Writer]] = {
    "Image": ImageWriter,
    "Order": OrderWriter,
    "Sale": SaleWriter,
    "Workorder": LinedWriter,
}


def writer_of(resource: type[Resource]) -> type[Writer]:
    """The class that writes rows of a resource."""
    return _OWN.get(resource.__name__, PicturedWriter if has_pictures(resource) else Writer)
