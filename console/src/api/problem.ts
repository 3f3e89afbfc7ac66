/** Refusals of the server (RFC 9457), as the pages meet them. */

/** One wrong place of what was sent. */
export interface Wrong {
  readonly detail?: string;
  readonly message?: string;
  readonly pointer?: string;
  readonly field?: string;
  readonly line?: number;
  readonly [key: string]: unknown;
}

export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly remedy?: string;
  readonly request_id?: string;
  readonly errors?: readonly Wrong[];
  readonly [key: string]: unknown;
}

/** The server refused: `problem` says what was wrong, where and what to do. */
export class ProblemError extends Error {
  readonly problem: ProblemDocument;
  /** The entity tag of the refusal: of what is there now, where the server says it. */
  readonly etag: string | null;

  constructor(problem: ProblemDocument, etag: string | null = null) {
    super(problem.detail || problem.title);
    this.name = 'ProblemError';
    this.problem = problem;
    this.etag = etag;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** No answer: the server or the network is away. */
export class NoServer extends Error {
  constructor() {
    super('The server cannot be reached.');
    this.name = 'NoServer';
  }
}

/** What a refused response says; one that is no problem document becomes one. */
export async function problemOf(response: Response): Promise<ProblemDocument> {
  const fallback = { type: 'about:blank', title: response.statusText || `Answer ${response.status}`, status: response.status };
  try {
    const body = (await response.json()) as Partial<ProblemDocument>;
    return { ...fallback, detail: fallback.title, ...body } as ProblemDocument;
  } catch {
    return { ...fallback, detail: fallback.title };
  }
}

export function isProblem(fault: unknown, status?: number): fault is ProblemError {
  return fault instanceof ProblemError && (status === undefined || fault.status === status);
}
