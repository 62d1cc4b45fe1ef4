import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** How the mock answers: after a pause, with 500, or never. */
export interface MockBehaviour {
  delayMs: number;
  failure?: "dead" | "hanging" | undefined;
}

/** One request as it came in. */
export interface MockRequest {
  kind: "read" | "write" | "setup";
  at: number;
  bytes: number;
  /** Texts of the messages that a write carries. */
  messages: string[];
}

export interface MockMemoryServer {
  url: string;
  behave(behaviour: MockBehaviour): Promise<void>;
  /** What came in since the last call. */
  requests(): Promise<MockRequest[]>;
  close(): Promise<void>;
}

/** Starts the mock on a free port, in a thread of its own: what the service does is no work of the application. */
export async function startMemoryServer(): Promise<MockMemoryServer> {
  const worker = new Worker(new URL("memory-service.ts", import.meta.url));
  const [port] = (await once(worker, "message")) as [number];
  const ask = async (behaviour?: MockBehaviour): Promise<MockRequest[]> => {
    const answer = once(worker, "message");
    worker.postMessage(behaviour);
    const [requests] = (await answer) as [MockRequest[]];
    return requests;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    async behave(behaviour) {
      await ask(behaviour);
    },
    requests: async () => ask(),
    async close() {
      await worker.terminate();
    },
  };
}
