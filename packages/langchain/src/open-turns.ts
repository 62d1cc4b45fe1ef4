import type { MemoryBinding, MemoryTurn } from "@spectron/core/adapter";

/** The turns that run now, one per conversation: hooks of one run share nothing else that keeps its identity. */
export interface OpenTurns {
  /** Starts a turn; one that never ended, such as after a model error, ends without an answer. */
  open(binding: MemoryBinding, question: string | undefined, start: () => MemoryTurn): MemoryTurn;
  /** The turn of this question, or a new one. */
  find(binding: MemoryBinding, question: string | undefined, start: () => MemoryTurn): MemoryTurn;
  /** Takes the turn out. */
  end(binding: MemoryBinding): MemoryTurn | undefined;
}

/** Conversations whose turn is remembered; an older one starts anew, which costs one cached recall. */
const MOST_OPEN = 1_000;

export function createOpenTurns(): OpenTurns {
  const turns = new Map<string, { question: string | undefined; turn: MemoryTurn }>();
  const nameOf = (binding: MemoryBinding): string => `${binding.scope}\n${binding.session}`;

  const open: OpenTurns["open"] = (binding, question, start) => {
    const name = nameOf(binding);
    turns.get(name)?.turn.abort();
    turns.delete(name);
    const turn = start();
    turns.set(name, { question, turn });
    if (turns.size > MOST_OPEN) turns.delete(turns.keys().next().value ?? "");
    return turn;
  };

  return {
    open,
    find(binding, question, start) {
      const known = turns.get(nameOf(binding));
      // a summary may have taken the question out of the prompt
      if (known !== undefined && (question === undefined || known.question === question))
        return known.turn;
      return open(binding, question, start);
    },
    end(binding) {
      const name = nameOf(binding);
      const known = turns.get(name);
      turns.delete(name);
      return known?.turn;
    },
  };
}
