import { useState } from "react";

interface ComposerProps {
  busy: boolean;
  editing: boolean;
  initial: string;
  onSend: (text: string) => void;
  onStop: () => void;
  onCancel: () => void;
}

/** Where the user writes, and stops an answer that is under way. */
export function Composer({ busy, editing, initial, onSend, onStop, onCancel }: ComposerProps) {
  const [text, setText] = useState(initial);
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        if (busy || text.trim() === "") return;
        onSend(text);
        setText("");
      }}
    >
      <label htmlFor="message">{editing ? "Edit your message" : "Message"}</label>
      <div className="row">
        <input
          id="message"
          autoComplete="off"
          autoFocus
          value={text}
          placeholder="Say something or ask"
          onChange={(event) => {
            setText(event.target.value);
          }}
        />
        {busy ? (
          <button type="button" onClick={onStop}>
            Stop
          </button>
        ) : (
          <button type="submit" disabled={text.trim() === ""}>
            {editing ? "Save" : "Send"}
          </button>
        )}
        {editing && (
          <button type="button" className="quiet" onClick={onCancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}
