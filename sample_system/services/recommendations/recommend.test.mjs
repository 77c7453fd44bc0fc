// node --test: what is recommended follows from what was bought, and from nothing else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { countPairs, recommend } from "./recommend.mjs";

const order = (status, ...skus) => ({ status, lines: skus.map((sku) => ({ sku })) });

test("products bought together are recommended, the most frequent first", () => {
  const pairs = countPairs([order("delivered", "a", "b"), order("paid", "a", "c"), order("delivered", "a", "c")]);
  assert.deepEqual(recommend(pairs, "a"), ["c", "b"]);
  assert.deepEqual(recommend(pairs, "b"), ["a"]);
});

test("cancelled orders and single products recommend nothing", () => {
  const pairs = countPairs([order("cancelled", "a", "b"), order("delivered", "a"), order("delivered", "b", "b")]);
  assert.deepEqual(recommend(pairs, "a"), []);
  assert.deepEqual(recommend(pairs, "nobody"), []);
});

test("equal counts come in the order of the names, four at most", () => {
  const pairs = countPairs([order("delivered", "x", "e", "d", "c", "b", "a")]);
  assert.deepEqual(recommend(pairs, "x"), ["a", "b", "c", "d"]);
});
