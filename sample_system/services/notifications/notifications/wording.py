"""What a shopper is told about an event; nothing about most of them."""

from shopkit.events import Event


def message(event: Event) -> tuple[str, str] | None:
    """Subject and text of the message for an event, or None when the shopper need not know."""
    data = event.data
    match event.type:
        case "order.placed":
            total = f"{data['total_cents'] / 100:.2f}"
            return "We have your order", f"Order {event.stream} over {total} is being prepared."
        case "order.completed":
            return "Your order is paid", f"Order {event.stream} is paid and being packed."
        case "order.cancelled":
            return (
                "Your order was cancelled",
                f"Order {event.stream}: {data['reason']}. You pay nothing.",
            )
        case "shipment.dispatched":
            return "Your parcel is on its way", f"Order {data['order_id']} travels as {data['tracking']}."
        case "shipment.delivered":
            return "Your parcel has arrived", f"Order {data['order_id']} lies on your doorstep."
    return None
