/** The body of every failing answer (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** What the asker can do about it. */
  cure?: string | null;
  fields?: { field: string; message: string }[];
}

/** An answer that is a refusal, or the lack of one. */
export class ApiProblem extends Error {
  readonly status: number;
  /** Stable name of the cause, such as `name-taken`; empty where there is none. */
  readonly code: string;
  readonly title: string;
  /** What the asker can do about it, in the words of whoever refused; may be empty. */
  readonly cure: string;
  readonly fields: { field: string; message: string }[];

  constructor(problem: Partial<Problem> | undefined, status: number, cause?: unknown) {
    super(problem?.detail ?? problem?.title ?? `HTTP ${status}`, { cause });
    this.name = "ApiProblem";
    this.status = status;
    this.title = problem?.title ?? "";
    this.cure = problem?.cure ?? "";
    this.code = problem?.type?.startsWith("/problems/") ? problem.type.slice(10) : "";
    this.fields = problem?.fields ?? [];
  }

  static unreachable(cause: unknown): ApiProblem {
    return new ApiProblem({ title: "unreachable" }, 0, cause);
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

/** What somebody can do about a failure, as whoever refused said; empty where nobody did. */
export function cureOf(error: unknown): string {
  return error instanceof ApiProblem ? error.cure : "";
}
