// Which products are bought together: counted from past orders, no more than that. No IO in here.

/** @param {{status: string, lines: {sku: string}[]}[]} orders  @returns {Map<string, Map<string, number>>} */
export function countPairs(orders) {
  const pairs = new Map();
  for (const order of orders) {
    if (order.status === "cancelled") continue;
    const skus = [...new Set(order.lines.map((line) => line.sku))];
    for (const one of skus) {
      for (const other of skus) {
        if (one === other) continue;
        if (!pairs.has(one)) pairs.set(one, new Map());
        pairs.get(one).set(other, (pairs.get(one).get(other) ?? 0) + 1);
      }
    }
  }
  return pairs;
}

/** The products most often bought with `sku`, best first; the same input gives the same order. */
export function recommend(pairs, sku, limit = 4) {
  return [...(pairs.get(sku) ?? new Map())]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([other]) => other);
}
