/** The first items of an order, however many are offered. */
export interface Top<Item> {
  offer(item: Item): void;
  /** What was kept, first to last. */
  sorted(): Item[];
}

/** Keeps the first `limit` items in a heap with the last of them on top: a full sort would order what nobody asks for. */
export function createTop<Item>(limit: number, isBefore: (a: Item, b: Item) => boolean): Top<Item> {
  const heap: Item[] = [];

  function sink(item: Item): void {
    let at = 0;
    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      const takesRight = left !== undefined && right !== undefined && isBefore(left, right);
      const child = takesRight ? right : left;
      if (child === undefined || !isBefore(item, child)) break;
      heap[at] = child;
      at = 2 * at + (takesRight ? 2 : 1);
    }
    heap[at] = item;
  }

  function rise(item: Item): void {
    let at = heap.length;
    heap.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(parent, item)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = item;
  }

  return {
    offer(item) {
      if (heap.length < limit) rise(item);
      else if (heap[0] !== undefined && isBefore(item, heap[0])) sink(item);
    },
    sorted: () => heap.toSorted((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0)),
  };
}
