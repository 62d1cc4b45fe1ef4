import type { Engine } from "@spectron/engine";
import { Hono } from "hono";
import { routePath } from "hono/route";
import { createAuthenticate } from "./auth/authenticate.ts";
import type { GivenKey, Identity } from "./auth/authenticate.ts";
import { isContextName } from "./context-name.ts";
import { LIMITS } from "./limits.ts";
import { Problem, problemResponse, toProblem } from "./problem.ts";
import { appendTurnRoute } from "./routes/append-turn.ts";
import { explainRoutes } from "./routes/explain.ts";
import { chatRoutes } from "./routes/chat.ts";
import { factRoutes } from "./routes/facts.ts";
import { forgetRoutes } from "./routes/forget.ts";
import { recallRoutes } from "./routes/recall.ts";
import { reflectRoutes } from "./routes/reflect.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { stateRoutes } from "./routes/state.ts";

export interface AppOptions {
  engine: Engine;
  /** Host names that a request may name; absent: any. Set for a listening server, against DNS rebinding. */
  hosts?: readonly string[] | undefined;
  /**
   * Tags of older clients that join, in this order, into one path: `["org", "user"]` makes `org/acme/user/alice` of
   * `{"org":"acme","user":"alice"}` (contract 3.3). @default [] (tags stay separate)
   */
  tagDimensions?: readonly string[] | undefined;
  /** While true, requests are answered 503 with `Retry-After`: the service is about to end. */
  isStopping?: (() => boolean) | undefined;
  /** A key that this app takes beside the stored ones. */
  givenKey?: GivenKey | undefined;
  /** Told about answers of 500 and above; content of requests is never in the error's message. */
  onError?: OnError | undefined;
}

/** The request that failed: the pattern of its route, without the ids in it, and the trace id of its answer. */
export interface FailedRequest {
  method: string;
  route: string;
  traceId: string;
}

/** Told what failed, and on which request if it was one. */
export type OnError = (error: unknown, request?: FailedRequest) => void;

/** What every data route finds in its context. */
export interface AppEnv {
  Variables: { identity: Identity; traceId: string; tagDimensions: readonly string[] };
}

/** The version this service reports. */
const VERSION = "0.1.0";

const CAPABILITIES: readonly string[] = [
  "client-message-id",
  "message-revisions",
  "turn-parts",
  "context-profile",
  "external-session-id",
  "session-turns",
  "state-diff",
  "write-trace-id",
  "auto-register-scopes",
  "close-keeps-turns",
];

/** The HTTP face of one engine: a function from request to response, with no port and no globals. */
export function createApp(options: AppOptions): (request: Request) => Promise<Response> {
  const { engine } = options;
  const authenticate = createAuthenticate(engine, { given: options.givenKey });
  const app = new Hono<AppEnv>({ strict: false });
  let requests = 0;

  app.use(async (c, next) => {
    requests += 1;
    c.set("tagDimensions", options.tagDimensions ?? []);
    c.set("traceId", `tr_${engine.now().toString(36)}${requests.toString(36).padStart(4, "0")}`);
    if (options.isStopping?.() === true) {
      c.header("connection", "close");
      throw new Problem(503, "stopping", "This server is about to end. Send the request again.", {
        retryAfter: 1,
      });
    }
    const host = c.req.header("host")?.replace(/:\d+$/, "");
    if (options.hosts !== undefined && (host === undefined || !options.hosts.includes(host)))
      throw new Problem(403, "forbidden", "This server does not answer for that Host.");
    if (Number(c.req.header("content-length") ?? 0) > LIMITS.bodyBytes)
      throw new Problem(
        413,
        "body_too_large",
        `The body may have at most ${LIMITS.bodyBytes} bytes.`,
      );
    await next();
    c.res.headers.set("x-trace-id", c.res.headers.get("x-trace-id") ?? c.get("traceId"));
  });

  for (const path of ["/api/v1/health", "/health"])
    app.get(path, async (c) => {
      await engine.check();
      return c.json({
        status: "ok",
        name: "spectron",
        version: VERSION,
        wire: ["0", "1", "2", "3"],
        capabilities: CAPABILITIES,
      });
    });

  const data = new Hono<AppEnv>({ strict: false });
  data.use(async (c, next) => {
    const context = c.req.param("context") ?? "";
    if (!isContextName(context))
      throw new Problem(422, "context_invalid", "The context id in the path is not valid.");
    c.set("identity", await authenticate(context, c.req.raw.headers));
    await next();
  });
  data.get("/me", (c) => c.json(c.get("identity").me));
  sessionRoutes(data, engine);
  factRoutes(data, engine);
  recallRoutes(data, engine);
  appendTurnRoute(data, engine);
  chatRoutes(data, engine);
  reflectRoutes(data, engine);
  forgetRoutes(data, engine);
  explainRoutes(data, engine);
  stateRoutes(data, engine);
  app.route("/api/v1/:context", data);

  app.notFound((c) =>
    problemResponse(
      new Problem(
        404,
        "not_found",
        "There is no such route. Routes start with /api/v1/{context}/.",
      ),
      c.req.path,
      c.get("traceId"),
    ),
  );
  app.onError((error, c) => {
    const problem = toProblem(error);
    if (problem.status >= 500 && problem.code !== "stopping")
      options.onError?.(error, {
        method: c.req.method,
        route: routePath(c, -1),
        traceId: c.get("traceId"),
      });
    return problemResponse(problem, c.req.path, c.get("traceId"));
  });
  return async (request) => app.fetch(request);
}
