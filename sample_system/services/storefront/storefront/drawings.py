"""The products' pictures: line drawings in the product's hue, drawn here so that no page needs anything from afar."""

from storefront.markup import Html, html

_SHAPES = {
    "mug": '<path d="M30 34h44v34a14 14 0 0 1-14 14H44a14 14 0 0 1-14-14z"/>'
    '<path class="line" d="M74 42h8a9 9 0 0 1 0 22h-8'
    'M42 26c0-5 4-5 4-10M56 26c0-5 4-5 4-10"/>',
    "kettle": '<path d="M28 80h50l-6-36a19 19 0 0 0-38 0z"/><path class="line" d="M74 56l14-12M38 28a16 16 0 0 1 32 0'
    'M53 24v-6"/>',
    "lamp": '<path d="M38 16h30l12 34H26z"/><path class="line" d="M53 50v32M36 84h34M66 50v14"/>',
    "plant": '<path d="M36 60h34l-5 26H41z"/><path d="M53 58c-4-20-22-22-26-22 2 14 10 22 26 22z"/>'
    '<path d="M53 58c4-26 '
    '20-30 26-30-2 18-10 28-26 30z"/><path class="line" d="M53 60V26"/>',
    "notebook": '<rect x="30" y="18" width="48" height="66" rx="4"/><path class="line" d="M40 18v66M50 36h18M50 46h18'
    'M50 56h12"/>',
    "pen": '<path d="M24 84l6-18 42-42a8 8 0 0 1 12 12L42 78z"/><path class="line" d="M64 32l12 12M30 66l12 12"/>',
    "bag": '<path d="M26 38h54l6 46H20z"/><path class="line" d="M38 46V32a15 15 0 0 1 30 0v14M24 60h58"/>',
    "bottle": '<path d="M42 34c0-6 4-8 4-14h14c0 6 4 8 4 14v46a6 6 0 0 1-6 6H48a6 6 0 0 1-6-6z"/><path class="line" '
    'd="M46 14h14M42 48h22M42 66h22"/>',
    "blanket": '<rect x="22" y="30" width="62" height="46" rx="6"/><path class="line" d="M22 44h62M22 60h62M38 30v46'
    'M68 30v46M28 76v8M42 76v8M56 76v8M70 76v8"/>',
}


def drawing(name: str, hue: int) -> Html:
    """An SVG of the product; something neutral for a drawing that nobody has drawn."""
    shape = Html(_SHAPES.get(name, '<circle cx="53" cy="53" r="30"/>'))
    return html(
        '<svg class="drawing" viewBox="0 0 106 106" style="--hue:{hue}" aria-hidden="true">{shape}</svg>',
        hue=hue,
        shape=shape,
    )
