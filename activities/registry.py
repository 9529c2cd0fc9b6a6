"""The worker's activities: one for each operation the process may ask for."""

from collections.abc import Callable
from typing import Any

from activities.bundles import Bundles
from activities.changes import Changes
from activities.inventory import Inventory
from activities.invoicing import Invoicing
from activities.orders import Orders
from activities.payment import Payment
from activities.sequences import Sequences
from activities.shipping import Shipping
from adapters.ports import Carrier, Payments
from store.pool import Pool


def all_activities(pool: Pool, carrier: Carrier, payments: Payments) -> list[Callable[..., Any]]:
    """Bound to the process's pool and adapters. Each takes a `Call`, returns an `Outcome`; the last makes several."""
    bundles = Bundles()
    orders, changes = Orders(pool, bundles), Changes(pool, bundles)
    inventory, invoicing = Inventory(pool), Invoicing(pool)
    payment, shipping = Payment(pool, payments), Shipping(pool, carrier)
    return [
        orders.open_order,
        orders.save_order,
        changes.revise_order,
        inventory.reserve_stock,
        inventory.release_stock,
        inventory.trim_reservation,
        inventory.check_stock,
        payment.authorize_payment,
        payment.void_authorization,
        payment.capture_payment,
        payment.refund_payment,
        shipping.request_shipment,
        shipping.cancel_shipment,
        shipping.update_shipment,
        shipping.inquire_shipment,
        invoicing.create_invoice,
        invoicing.create_credit_memo,
        Sequences(pool, inventory, payment, shipping).call_in_sequence,
    ]
