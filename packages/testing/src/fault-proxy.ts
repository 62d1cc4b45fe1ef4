import { Agent, createServer, request as send } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to one request on its way. */
export type Fault =
  | { kind: "pass" }
  /** Waits before the request goes on, which reorders what comes meanwhile. */
  | { kind: "hold"; ms: number }
  /** The connection closes before the request arrives. */
  | { kind: "refuse" }
  /** The request arrives and is carried out; its answer is lost. */
  | { kind: "swallow" }
  /** The answer breaks off after so many bytes of its body. */
  | { kind: "cut"; bytes: number }
  /** The request arrives so many times at once. */
  | { kind: "duplicate"; times: number }
  /** Nothing arrives and nothing comes back, until healed or closed. */
  | { kind: "black-hole" }
  /** The request arrives; the answer stays away until healed or closed. */
  | { kind: "mute" }
  /** Another answer; the request does not arrive. */
  | {
      kind: "answer";
      status: number;
      headers?: OutgoingHttpHeaders;
      body?: string | Uint8Array;
      /** Sends one byte and stops. */
      stalls?: boolean;
    };

export interface ProxiedRequest {
  method: string;
  path: string;
  idempotencyKey: string | undefined;
  body: string;
  /** Answers of the upstream: several for a duplicate, none for a request that did not arrive. */
  answers: { status: number; body: string; replayed: boolean }[];
}

export interface FaultProxy {
  url: string;
  seen: ProxiedRequest[];
  /** Decides about the following requests. */
  decide(fault: (request: ProxiedRequest) => Fault): void;
  /** Lets requests pass from now on and ends what was held in black holes, as a network does that comes back. */
  heal(): void;
  close(): Promise<void>;
}

/** Stands between a client and a service and does to requests what networks do. */
export async function startFaultProxy(
  upstream: string,
  options: { keepAliveMs?: number | undefined } = {},
): Promise<FaultProxy> {
  const seen: ProxiedRequest[] = [];
  const agent = new Agent({ keepAlive: true });
  const stuck = new Set<() => void>();
  let decide: (request: ProxiedRequest) => Fault = () => ({ kind: "pass" });

  const forward = async (
    incoming: IncomingMessage,
    entry: ProxiedRequest,
  ): Promise<{ status: number; headers: OutgoingHttpHeaders; body: Buffer }> =>
    new Promise((resolve, reject) => {
      const outgoing = send(
        new URL(entry.path, upstream),
        {
          method: entry.method,
          agent,
          headers: { ...incoming.headers, host: new URL(upstream).host },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("error", reject);
          answer.on("end", () => {
            const body = Buffer.concat(chunks);
            const status = answer.statusCode ?? 0;
            const replayed = answer.headers["idempotency-replayed"] === "true";
            entry.answers.push({ status, body: body.toString(), replayed });
            resolve({ status, headers: answer.headers, body });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(entry.body);
    });

  const carry = async (
    incoming: IncomingMessage,
    response: ServerResponse,
    entry: ProxiedRequest,
    fault: Fault,
  ): Promise<void> => {
    // a request that was read to its end takes no socket with it
    const hangUp = (): void => {
      incoming.socket.destroy();
    };
    switch (fault.kind) {
      case "refuse":
        hangUp();
        return;
      case "black-hole":
        stuck.add(hangUp);
        return;
      case "answer":
        response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
        if (fault.stalls === true) {
          response.write("{");
          stuck.add(hangUp);
        } else response.end(fault.body ?? "");
        return;
      case "hold":
        await new Promise((resolve) => {
          setTimeout(resolve, fault.ms);
        });
        break;
      case "duplicate":
        await Promise.all(
          Array.from({ length: fault.times - 1 }, async () => forward(incoming, entry)),
        );
        break;
      default:
    }
    const { status, headers, body } = await forward(incoming, entry);
    if (fault.kind === "swallow") hangUp();
    else if (fault.kind === "mute") stuck.add(hangUp);
    else {
      response.writeHead(status, headers);
      if (fault.kind === "cut" && fault.bytes < body.length)
        response.write(body.subarray(0, fault.bytes), hangUp);
      else response.end(body);
    }
  };

  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("error", () => undefined);
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const key = incoming.headers["idempotency-key"];
      const entry: ProxiedRequest = {
        method: incoming.method ?? "",
        path: incoming.url ?? "",
        idempotencyKey: typeof key === "string" ? key : undefined,
        body: Buffer.concat(chunks).toString(),
        answers: [],
      };
      seen.push(entry);
      carry(incoming, response, entry, decide(entry)).catch(() => incoming.socket.destroy());
    });
  });
  if (options.keepAliveMs !== undefined) {
    server.keepAliveTimeout = options.keepAliveMs;
    server.keepAliveTimeoutBuffer = 0;
  }
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const heal = (): void => {
    decide = () => ({ kind: "pass" });
    for (const free of stuck) free();
    stuck.clear();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    decide(fault) {
      decide = fault;
    },
    heal,
    async close() {
      heal();
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Numbers from 0 to 1 that a seed fixes (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
