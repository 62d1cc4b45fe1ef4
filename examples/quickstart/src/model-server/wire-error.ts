export interface WireErrorOptions {
  status?: number | undefined;
  param?: string | undefined;
  code?: string | undefined;
}

/** A request this server refuses, in the terms of the OpenAI error body. */
export class WireError extends Error {
  override readonly name: string = "WireError";
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;

  constructor(message: string, options: WireErrorOptions = {}) {
    super(message);
    this.status = options.status ?? 400;
    this.param = options.param ?? null;
    this.code = options.code ?? null;
  }
}

export interface WireErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** The JSON body that OpenAI clients turn into their own error. */
export function wireErrorBody(error: WireError): WireErrorBody {
  return {
    error: {
      message: error.message,
      type: error.status >= 500 ? "server_error" : "invalid_request_error",
      param: error.param,
      code: error.code,
    },
  };
}
