"""Pages about buying: the cart, one order, all orders, messages."""

from collections.abc import Sequence

from storefront.markup import Html, html, joined, money
from storefront.neighbours import Cart, Event, Line, Message, Order, PastOrder

_CARDS = (
    ("card-4242", "Card ending in 4242"),
    ("card-1881", "Card ending in 1881"),
    ("card-0002", "Card ending in 0002 (will be declined)"),
)
_STEPS = ("placed", "reserved", "paid", "completed", "dispatched", "delivered")
_LABELS = ("Placed", "Goods held", "Paid", "Packed", "On its way", "Delivered")
_BETWEEN = {"confirmed": "paid"}


def cart_page(cart: Cart) -> Html:
    """The cart with its quantities and the way to the till."""
    if not cart.lines:
        return Html(
            '<h1>Your cart</h1><p class="empty">Nothing in it yet. <a href="/">Have a look around.</a></p>'
        )
    rows = joined(
        html(
            '<tr><td><a href="/products/{sku}">{name}</a></td><td class="number">{price}</td>'
            '<td><form class="quantity" method="post" action="/cart/{sku}">'
            '<button name="quantity" value="{less}" aria-label="one less">&minus;</button><b>{quantity}</b>'
            '<button name="quantity" value="{more}" aria-label="one more">+</button></form></td>'
            '<td class="number">{sum}</td></tr>\n',
            sku=line.sku,
            name=line.name,
            price=money(line.unit_price_cents),
            less=line.quantity - 1,
            quantity=line.quantity,
            more=line.quantity + 1,
            sum=money(line.unit_price_cents * line.quantity),
        )
        for line in cart.lines
    )
    options = joined(
        html('<option value="{value}">{label}</option>', value=value, label=label) for value, label in _CARDS
    )
    return html(
        '<h1>Your cart</h1><table><thead><tr><th>Product</th><th class="number">Price</th><th>Quantity</th>'
        '<th class="number">Sum</th></tr></thead><tbody>{rows}</tbody><tfoot><tr><td colspan="3">Total</td>'
        '<td class="number">{total}</td></tr></tfoot></table><form class="till" method="post" action="/checkout">'
        '<label>Pay with <select name="card">{options}</select></label><button>Place the order</button></form>',
        rows=rows,
        total=money(cart.total_cents),
        options=options,
    )


def order_page(order: Order, journey: str, events: Sequence[Event]) -> Html:
    """One order: how far it is, what it waits for, what has happened. `journey` is the history's word, if any."""
    return html(
        '<p class="category">Order</p><h1>{id}</h1>{state}{lines}<details><summary>What happened, event by event'
        '</summary><ol class="events">{events}</ol></details>',
        id=order.id,
        state=_cancelled(order) if order.status.startswith("cancel") else _progress(order, journey),
        lines=_lines(order.lines, order.total_cents),
        events=joined(_event(event) for event in events),
    )


def orders_page(orders: Sequence[PastOrder]) -> Html:
    """Everything that this shopper ever ordered."""
    if not orders:
        return Html('<h1>Your orders</h1><p class="empty">None yet.</p>')
    rows = joined(
        html(
            '<tr><td><a href="/orders/{id}">{id}</a></td><td>{at}</td><td>{what}</td>'
            '<td><span class="badge {status}">{status}</span></td><td class="number">{total}</td></tr>\n',
            id=order.order_id,
            at=_when(order.placed_at),
            what=", ".join(f"{line.quantity} {line.name}" for line in order.lines),
            status=order.status,
            total=money(order.total_cents),
        )
        for order in orders
    )
    return html(
        "<h1>Your orders</h1><table><thead><tr><th>Order</th><th>Placed</th><th>What</th><th>Status</th>"
        '<th class="number">Total</th></tr></thead><tbody>{rows}</tbody></table>',
        rows=rows,
    )


def inbox_page(messages: Sequence[Message]) -> Html:
    """What the shop has told this shopper."""
    if not messages:
        return Html('<h1>Messages</h1><p class="empty">No news.</p>')
    items = joined(
        html(
            '<li><p class="category">{at}</p><b>{subject}</b><p>{text}</p></li>\n',
            at=_when(message.at),
            subject=message.subject,
            text=message.text,
        )
        for message in messages
    )
    return html('<h1>Messages</h1><ul class="messages">{items}</ul>', items=items)


def _progress(order: Order, journey: str) -> Html:
    reached = journey if journey in ("dispatched", "delivered") else _BETWEEN.get(order.status, order.status)
    done = _STEPS.index(reached) if reached in _STEPS else 0
    steps = joined(
        html('<li class="{state}">{label}</li>', state="done" if place <= done else "todo", label=label)
        for place, label in enumerate(_LABELS)
    )
    tracking = (
        html("<p>Your parcel travels as <b>{code}</b>.</p>", code=order.tracking)
        if order.tracking
        else Html("")
    )
    return html(
        '<ol class="steps">{steps}</ol>{tracking}{waiting}',
        steps=steps,
        tracking=tracking,
        waiting=_waiting(order),
    )


def _cancelled(order: Order) -> Html:
    over = order.status == "cancelled"
    return html(
        '<aside class="trouble" role="alert"><b>{word}</b> {reason}. {money}</aside>{waiting}{again}',
        word="Cancelled:" if over else "Being cancelled:",
        reason=order.reason,
        money="You pay nothing." if over else "We are making sure that you pay nothing.",
        waiting=_waiting(order),
        again=html(
            '<form method="post" action="/orders/{id}/again"><button>Try again</button></form>', id=order.id
        )
        if over
        else Html(""),
    )


def _waiting(order: Order) -> Html:
    return joined(
        html(
            '<p class="waiting">Still trying to {step} (try {tries}). Last answer: {error}</p>',
            step=waiting.step,
            tries=waiting.tries,
            error=waiting.error,
        )
        for waiting in order.waiting
        if waiting.error
    )


def _lines(lines: Sequence[Line], total_cents: int) -> Html:
    rows = joined(
        html(
            '<tr><td>{quantity} &times; {name}</td><td class="number">{sum}</td></tr>',
            quantity=line.quantity,
            name=line.name,
            sum=money(line.unit_price_cents * line.quantity),
        )
        for line in lines
    )
    return html(
        '<table><tbody>{rows}</tbody><tfoot><tr><td>Total</td><td class="number">{total}</td></tr></tfoot></table>',
        rows=rows,
        total=money(total_cents),
    )


def _event(event: Event) -> Html:
    note = event.data.get("reason") or event.data.get("tracking") or ""
    return html(
        "<li><code>{type}</code> <time>{at}</time> {note}</li>",
        type=event.type,
        at=_when(event.at),
        note=note,
    )


def _when(at: str) -> str:
    return at[:19].replace("T", " ")
