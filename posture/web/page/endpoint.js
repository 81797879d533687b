// The server's addresses: a job is sent, asked for until it is done, and cancelled.

// Milliseconds: that the server may wait before it answers, and between two questions.
const WAIT = 1000;
const PAUSE = 700;
// How often it is asked in a row how a job stands: what fails for a moment must not lose it.
const TRIES = 4;

/** The server, or what stands behind it, did not do what was asked: `kind` is a name in the texts' `errors`, or "key". */
export class Trouble extends Error {
  constructor(kind, values = {}) {
    super(kind);
    this.kind = kind;
    this.values = values;
  }
}

/** What the server is asked with; `key` is what it demands, if it does. */
export const server = { key: "" };

/** Posts JSON and returns the answer. Raises Trouble. */
export async function post(path, content, signal) {
  return asked(path, { method: "POST", body: JSON.stringify(content), signal });
}

async function asked(path, { headers = {}, ...how } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      ...how,
      headers: {
        ...(how.body ? { "Content-Type": "application/json" } : {}),
        ...(server.key ? { Authorization: `Bearer ${server.key}` } : {}),
        ...headers,
      },
    });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Trouble("network");
  }
  if (answer.ok) return answer;
  const kinds = { 401: "key", 404: "forgotten", 413: "too_large", 429: "busy", 503: "busy" };
  const error = await answer.json().then((told) => told.error, () => answer.statusText);
  throw new Trouble(kinds[answer.status] ?? "status", { status: answer.status, error: String(error).slice(0, 300) });
}

const isOpen = (job) => job.status === "IN_QUEUE" || job.status === "IN_PROGRESS";

/**
 * Has photos measured: the job's result, COMPLETED or FAILED, with `output` and `error` as the platform tells them.
 *
 * `input`: of the request. `onState` is told each state. Where `signal` aborts, the job is cancelled and AbortError
 * raised. Raises Trouble.
 */
export async function measure(input, { onState, signal }) {
  onState("send");
  let job = await post(`/v2/local/runsync?wait=${WAIT}`, { input }, signal).then((answer) => answer.json());
  const stop = () => post(`/v2/local/cancel/${job.id}`, {}).catch(() => {});
  signal.addEventListener("abort", stop);
  try {
    while (isOpen(job)) {
      onState(job.status);
      await paused(signal);
      job = await standing(job.id, signal);
    }
  } catch (error) {
    if (error instanceof Trouble) await stop(); // nobody will ask for it any more
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
  if (job.status === "TIMED_OUT") throw new Trouble("timed_out");
  if (job.status === "CANCELLED") throw new DOMException("cancelled", "AbortError");
  return job;
}

const isPassing = ({ kind, values }) => kind === "network" || kind === "busy" || values?.status >= 500;

async function standing(id, signal) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await asked(`/v2/local/status/${id}`, { signal }).then((answer) => answer.json());
    } catch (error) {
      if (tries === TRIES || !isPassing(error)) throw error;
      await paused(signal);
    }
  }
}

function paused(signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, PAUSE);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("cancelled", "AbortError"));
    }, { once: true });
  });
}

/** The base64 of a file's bytes. */
export async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
