import { useEffect, useState } from "react";
import type { AnswerReceipt } from "../src/receipts.ts";

interface Loaded {
  answerId: string;
  /** Undefined where the server knows no receipt, as for an answer that was stopped. */
  receipt: AnswerReceipt | undefined;
}

/** What was remembered for an answer, from where, and what was stored. */
export function ReceiptPanel({
  answerId,
  ready,
}: {
  answerId: string | undefined;
  ready: boolean;
}) {
  const [loaded, setLoaded] = useState<Loaded | undefined>();
  useEffect(() => {
    if (answerId === undefined || !ready) return;
    const abort = new AbortController();
    const load = async (): Promise<void> => {
      const response = await fetch(`/api/receipts/${answerId}`, { signal: abort.signal });
      const receipt = response.ok ? ((await response.json()) as AnswerReceipt) : undefined;
      setLoaded({ answerId, receipt });
    };
    load().catch(() => undefined);
    return () => {
      abort.abort();
    };
  }, [answerId, ready]);

  const current = loaded?.answerId === answerId ? loaded : undefined;
  return (
    <aside className="receipt" aria-label="Receipt of the answer">
      <h2>Receipt</h2>
      {answerId === undefined && <p className="hint">Each answer has one.</p>}
      {answerId !== undefined && current === undefined && <p className="hint">Being written…</p>}
      {current !== undefined && current.receipt === undefined && (
        <p className="hint">This answer was not finished.</p>
      )}
      {current?.receipt !== undefined && <Details receipt={current.receipt} />}
    </aside>
  );
}

function Details({ receipt: { recalled, stored } }: { receipt: AnswerReceipt }) {
  return (
    <>
      <h3>Remembered</h3>
      <p className="figures">
        {recalled.entries} {recalled.entries === 1 ? "entry" : "entries"} · {recalled.tokens} tokens
        · {recalled.ms} ms
      </p>
      <Facts facts={recalled.facts} none="Nothing that fits the question." />
      <h3>Stored</h3>
      <p className="figures">
        {stored.messages} {stored.messages === 1 ? "message" : "messages"} · {stored.ms} ms
      </p>
      <Facts facts={stored.facts} none="No new fact." />
    </>
  );
}

function Facts({ facts, none }: { facts: AnswerReceipt["stored"]["facts"]; none: string }) {
  if (facts.length === 0) return <p className="hint">{none}</p>;
  return (
    <ul className="facts">
      {facts.map(({ text, origin }, index) => (
        <li key={`${index} ${text}`}>
          <span>{text}</span>
          {origin !== undefined && (
            <span className="origin">
              {origin.who === "user" ? "You said" : `From ${origin.who || "memory"}`}: “
              {origin.quote}”
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
