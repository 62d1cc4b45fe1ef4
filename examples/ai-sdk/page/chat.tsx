import { useChat } from "@ai-sdk/react";
import { DefaultChatTransport } from "ai";
import type { UIMessage } from "ai";
import { useEffect, useRef, useState } from "react";
import { Composer } from "./composer.tsx";
import { ReceiptPanel } from "./receipt-panel.tsx";

const transport = new DefaultChatTransport({ api: "/api/chat" });

/** The conversation, and beside it the receipt of the answer that is selected. */
export function Chat({ id }: { id: string }) {
  const { messages, sendMessage, regenerate, stop, status, error } = useChat({ id, transport });
  const [editing, setEditing] = useState<UIMessage | undefined>();
  const [selected, setSelected] = useState<string | undefined>();
  const end = useRef<HTMLDivElement>(null);
  const busy = status === "submitted" || status === "streaming";
  const answers = messages.filter(({ role }) => role === "assistant");
  const shown = answers.find((message) => message.id === selected) ?? answers.at(-1);

  useEffect(() => {
    end.current?.scrollIntoView({ block: "end" });
  }, [messages]);

  return (
    <div className="columns">
      <main className="conversation">
        <ol aria-label="Conversation" aria-live="polite" aria-busy={busy} className="messages">
          {messages.length === 0 && (
            <li className="hint">
              Tell me something about you, such as “I live in Braga.” Then start a new chat and ask.
            </li>
          )}
          {messages.map((message) => (
            <li key={message.id} className={`message ${message.role}`}>
              <p className="who">{message.role === "user" ? "You" : "Assistant"}</p>
              <p className="text">{textOf(message)}</p>
              <div className="actions">
                {message.role === "user" ? (
                  <button
                    type="button"
                    className="quiet"
                    disabled={busy}
                    onClick={() => {
                      setEditing(message);
                    }}
                  >
                    Edit
                  </button>
                ) : (
                  <>
                    <button
                      type="button"
                      className="quiet"
                      aria-pressed={message.id === shown?.id}
                      onClick={() => {
                        setSelected(message.id);
                      }}
                    >
                      Receipt
                    </button>
                    {message.id === messages.at(-1)?.id && !busy && (
                      <button
                        type="button"
                        className="quiet"
                        onClick={() => {
                          setSelected(undefined);
                          void regenerate({ messageId: message.id });
                        }}
                      >
                        Regenerate
                      </button>
                    )}
                  </>
                )}
              </div>
            </li>
          ))}
        </ol>
        {error !== undefined && (
          <p role="alert" className="error">
            The answer did not come. Try again.
          </p>
        )}
        <div ref={end} />
        <Composer
          key={editing?.id ?? "new"}
          busy={busy}
          initial={editing === undefined ? "" : textOf(editing)}
          editing={editing !== undefined}
          onSend={(text) => {
            setSelected(undefined);
            setEditing(undefined);
            void sendMessage(editing === undefined ? { text } : { text, messageId: editing.id });
          }}
          onStop={() => void stop()}
          onCancel={() => {
            setEditing(undefined);
          }}
        />
      </main>
      <ReceiptPanel answerId={shown?.id} ready={!(busy && shown?.id === messages.at(-1)?.id)} />
    </div>
  );
}

function textOf(message: UIMessage): string {
  return message.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}
