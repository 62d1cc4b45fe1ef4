import { useState } from "react";
import { Chat } from "./chat.tsx";

/** One chat at a time; a new chat is a new session of the same user. */
export function App() {
  const [chatId, setChatId] = useState(() => crypto.randomUUID());
  const [count, setCount] = useState(1);
  return (
    <>
      <header className="bar">
        <h1>Chat with memory</h1>
        <p>
          Signed in as <strong>Alice</strong> · chat {count}
        </p>
        <button
          type="button"
          className="quiet"
          onClick={() => {
            setChatId(crypto.randomUUID());
            setCount(count + 1);
          }}
        >
          New chat
        </button>
      </header>
      <Chat key={chatId} id={chatId} />
    </>
  );
}
