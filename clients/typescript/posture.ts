/**
 * Measures with a deployed endpoint, or a local one: photos in, tilt angles out.
 *
 *     import { Client } from "posture-measurement";
 *
 *     const answer = await new Client().measure(front, side);
 *     answer.data.front_view.shoulder_tilt; // degrees
 *
 * The same as posture/client in Python, by the same names, for Node and browsers. All times are in milliseconds.
 */

import type { components } from "./schema.js";

type Schemas = components["schemas"];

/** What the worker answers to photos that it has measured. */
export type Answer = Schemas["Success"];
/** What may be asked of the worker beside the photos. */
export type Options = Omit<Schemas["Input"], "front" | "side" | "front_image" | "side_image">;
/** Why a job was refused; a later version of the worker may know more. */
export type Code = Schemas["Code"] | (string & {});
export type View = "front" | "side";

/** The file of a photo, or, for a worker that may fetch it, an address that begins with https://. */
export type Photo = Blob | ArrayBuffer | ArrayBufferView | string;

// Errors. Whatever else an endpoint or fetch says may hold a key or a photo, and is not passed on.

/** What is wrong, and what to do about it, by kind. */
export const KINDS = {
  unauthorized: "The endpoint does not take the key: set RUNPOD_API_KEY, or apiKey, to one that may use it.",
  not_found: "There is no such endpoint: check ENDPOINT_ID, or endpointId, and the base address.",
  rejected: "The endpoint does not take the request: check the base address, and that an app up to date is used.",
  rate_limited: "Too much is asked of the endpoint: ask again later, or less often.",
  server_error: "The endpoint fails: send the photos again later.",
  unreachable: "The endpoint cannot be reached: check the network and the base address.",
  unexpected: "What answers is no endpoint of this worker: check the base address and ENDPOINT_ID.",
  timed_out: "It took too long: give it more time, or look at the endpoint's workers.",
  cancelled: "The job was cancelled at the endpoint.",
  expired: "The endpoint does not know the job any more: send the photos again.",
  failed: "The worker failed and does not say why: look at its log.",
} as const;
export type Kind = keyof typeof KINDS;

/** One reason for a refusal: what is wrong, and what to do, in a sentence each. `view`: whose photo; null: the job. */
export interface Problem {
  code: Code;
  view: View | null;
  problem: string;
  advice: string;
}

/** There is no measurement. */
export class ClientError extends Error {}

/**
 * The job is refused. `code` and `view`: those of the first problem. `problems`: every reason, front before side.
 * `message`: what is wrong, `advice`: what to do, where both photos are refused for both.
 */
export class Refused extends ClientError {
  override readonly name = "Refused";
  readonly code: Code;
  readonly view: View | null;
  readonly problems: readonly Problem[];
  readonly advice: string;

  constructor(code: Code, view: View | null, problems: readonly Problem[] = [], message = "", advice = "") {
    super(message || code);
    this.code = code;
    this.view = view;
    this.problems = problems;
    this.advice = advice;
  }
}

interface Known {
  status?: number | undefined;
  job?: string | undefined;
  retryAfter?: number | undefined;
  detail?: string | undefined;
}

/**
 * The endpoint does not do its work. `kind`: stable, one of KINDS. `status`: of HTTP, where that is what is wrong.
 * `job`: the id of the job, once it has one. `retryAfter`: how long the endpoint wants to be left alone, if it says so.
 */
export class EndpointError extends ClientError {
  override readonly name = "EndpointError";
  readonly kind: Kind;
  readonly status: number | undefined;
  readonly job: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(kind: Kind, { status, job, retryAfter, detail }: Known = {}) {
    const known = Object.entries({ HTTP: status, job, cause: detail }).filter(([, value]) => value);
    const told = known.map(([name, value]) => `${name} ${value}`).join(", ");
    super(KINDS[kind] + (told && ` (${told})`));
    this.kind = kind;
    this.status = status;
    this.job = job;
    this.retryAfter = retryAfter;
  }
}

// The client.

const RUNPOD = "https://api.runpod.ai/v2";
// A first start of a worker, which pulls its image, and a measurement.
const TIMEOUT = 300_000;

/**
 * How often something is asked, and the time in between. `tries`: of one request. `pause`: before the second; it
 * doubles up to `longest`, and up to half of it is left to chance, so that clients that failed together do not come
 * back together. `look`: between two looks at a job, growing to `longest` too.
 */
export interface Patience {
  tries: number;
  pause: number;
  look: number;
  longest: number;
}
const PATIENCE: Patience = { tries: 5, pause: 500, look: 1_000, longest: 8_000 };

/**
 * `endpointId`, `apiKey`, `baseUrl`: in Node by default what ENDPOINT_ID, RUNPOD_API_KEY and RUNPOD_ENDPOINT_BASE_URL
 * say; the address is else RunPod's, and may be one of the page's own server, as "/v2". A key in a page is known to
 * everybody who opens it. `timeout`: what a measurement may take with all that is tried again.
 */
export interface Settings {
  endpointId?: string;
  apiKey?: string;
  baseUrl?: string;
  timeout?: number;
  patience?: Partial<Patience>;
}

/** `signal`: ends the measurement, and its job. `timeout`: for this one. The rest is for the worker. */
export interface MeasureOptions extends Options {
  signal?: AbortSignal | undefined;
  timeout?: number | undefined;
}

/** An endpoint. One client may be used for many measurements, also at once. */
export class Client {
  readonly #address: string;
  readonly #headers: Record<string, string>;
  readonly #timeout: number;
  readonly #patience: Patience;
  readonly #ways: Ways;

  /** Throws a TypeError, whose text says what to set. `ways`: those of tests. */
  constructor(settings: Settings = {}, ways: Ways = WAYS) {
    const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {};
    const base = settings.baseUrl || environment.RUNPOD_ENDPOINT_BASE_URL || RUNPOD;
    const endpoint = settings.endpointId || environment.ENDPOINT_ID || "";
    const key = settings.apiKey || environment.RUNPOD_API_KEY;
    if (!/^[A-Za-z0-9_-]+$/.test(endpoint)) {
      throw new TypeError("endpointId, or ENDPOINT_ID, must be the id of an endpoint: letters, digits, - and _.");
    }
    if (key && !/^[!-~]+$/.test(key)) {
      throw new TypeError("apiKey, or RUNPOD_API_KEY, must be a key: letters, digits and signs, no spaces.");
    }
    this.#address = `${addressOf(base)}/${endpoint}/`;
    this.#headers = key ? { Authorization: `Bearer ${key}` } : {};
    this.#timeout = settings.timeout ?? TIMEOUT;
    this.#patience = { ...PATIENCE, ...settings.patience };
    this.#ways = ways;
  }

  /**
   * What the worker answers to a photo from the front and a photo from the side of one standing person.
   *
   * Large photos are reduced first where there is a canvas, and what they say of their camera goes along. Points in the
   * answer are in pixels of the photo as it was sent, whose size stands in `image`.
   *
   * Rejects with Refused for photos that cannot be measured, with EndpointError for what else goes wrong, with the
   * signal's reason when that ends it, with a TypeError for what is no photo and for an option that JSON does not know.
   */
  async measure(front: Photo, side: Photo, options: MeasureOptions = {}): Promise<Answer> {
    const { signal, timeout = this.#timeout, ...asked } = options;
    const job = new Job(this.#ways, this.#address, this.#headers, timeout, this.#patience, signal);
    return job.measured(await jobInput({ front, side }, asked));
  }
}

/** Where endpoints lie: https, or a server on this machine, or the one that a page has come from. */
function addressOf(base: string): string {
  const page = (globalThis as { location?: { href: string; origin: string } }).location;
  let url: URL | undefined;
  try {
    url = new URL(base, page?.href);
  } catch {
    // it is no address
  }
  const isNear = url && (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname) || url.origin === page?.origin);
  if (!url || !(url.protocol === "https:" || (url.protocol === "http:" && isNear))) {
    throw new TypeError(
      "baseUrl must begin with https://, or with http:// on this machine, or lie on the page's own server: " +
        "photos and key go there.",
    );
  }
  return url.href.replace(/\/+$/, "");
}

// A job, from its photos to its answer: POST runsync -> finished? -no-> pause, GET status/ID -> ...
// Given up, or interrupted: POST cancel/ID.

const FINISHED = ["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"];
// How long RunPod holds /runsync open unless it is told otherwise, and the least that it may be told.
const HELD = 90_000;
const LEAST_HELD = 1_000;
// By how much a request may be late before its answer is given up.
const SPARE = 10_000;
const CANCELLING = 5_000;
// What RunPod takes at least as a job's time to live.
const LEAST_TTL = 10_000;

const BY_STATUS: Record<number, Kind> = {
  401: "unauthorized",
  403: "unauthorized",
  404: "not_found",
  408: "server_error",
  429: "rate_limited",
};
// Asked again; as is what got no answer at all. A job that is sent twice is measured twice: that costs a second of a
// worker and gives the same numbers.
const PASSING: readonly Kind[] = ["rate_limited", "server_error", "unreachable"];

/** One request. `patience`: for its whole answer. */
interface Ask {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  body?: string | undefined;
  patience: number;
}

interface Reply {
  status: number;
  retryAfter: string | null;
  text: string;
}

/** How requests are sent, and how time passes. Both reject with the signal's reason when it ends them. */
interface Ways {
  send(ask: Ask, signal?: AbortSignal): Promise<Reply>;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  now(): number;
}

const WAYS: Ways = {
  async send({ method, url, headers, body = null, patience }, signal) {
    const ending = new AbortController();
    const end = () => ending.abort();
    const late = setTimeout(end, patience + 1); // timers may be early
    signal?.addEventListener("abort", end);
    try {
      // A redirect leads to no endpoint. `keepalive`: a page that is left still cancels its job.
      const init = { method, headers, body, redirect: "manual", cache: "no-store", keepalive: body === null } as const;
      const response = await fetch(url, { ...init, signal: ending.signal });
      return { status: response.status, retryAfter: response.headers.get("Retry-After"), text: await response.text() };
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(late);
      signal?.removeEventListener("abort", end);
    }
  },
  sleep(milliseconds, signal) {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(waiting);
        reject(signal?.reason);
      };
      const waiting = setTimeout(() => {
        signal?.removeEventListener("abort", end);
        resolve();
      }, milliseconds);
      signal?.addEventListener("abort", end, { once: true });
      if (signal?.aborted) end();
    });
  },
  now: () => performance.now(),
};

type Unknown = Record<string, unknown>;
type Told = Unknown & { id: string; status: string };

/** One job. Its time runs from here. */
class Job {
  readonly #ways: Ways;
  readonly #address: string;
  readonly #headers: Record<string, string>;
  readonly #timeout: number;
  readonly #end: number;
  readonly #patience: Patience;
  readonly #signal: AbortSignal | undefined;
  #id: string | undefined;

  constructor(
    ways: Ways,
    address: string,
    headers: Record<string, string>,
    timeout: number,
    patience: Patience,
    signal: AbortSignal | undefined,
  ) {
    this.#ways = ways;
    this.#address = address;
    this.#headers = headers;
    this.#timeout = timeout;
    this.#end = ways.now() + timeout;
    this.#patience = patience;
    this.#signal = signal;
  }

  get #left(): number {
    return this.#end - this.#ways.now();
  }

  /** Has this `input` measured. Whatever it rejects with, the job is cancelled. */
  async measured(input: Unknown): Promise<Answer> {
    // Given up without a word, because the page was closed or the id did not arrive, it ends by itself.
    const policy = { ttl: Math.max(LEAST_TTL, Math.round(this.#timeout)) };
    const body = JSON.stringify({ input, policy }, known);
    try {
      return await this.#once(body);
    } catch (error) {
      if (!(error instanceof Refused && error.code === "timeout")) throw error;
    }
    await this.#pause(this.#patience.longest); // the worker has too much to do: it asks to be sent it again
    return this.#once(body);
  }

  async #once(body: string): Promise<Answer> {
    this.#id = undefined;
    let told = await this.#ask("POST", () => this.#runsync(), body);
    let look = this.#patience.look;
    try {
      while (!FINISHED.includes(told.status)) {
        await this.#pause(look);
        look = Math.min(1.5 * look, this.#patience.longest);
        told = await this.#ask("GET", () => `status/${encodeURIComponent(told.id)}`);
      }
    } catch (error) {
      await this.#cancel();
      throw error;
    }
    return answerOf(told);
  }

  /** Held open no longer than there is time, so that the id arrives of a job that is to be given up. */
  #runsync(): string {
    const left = this.#left;
    if (left > HELD + SPARE) return "runsync";
    return `runsync?wait=${Math.round(Math.max(LEAST_HELD, left - Math.min(SPARE, left / 4)))}`;
  }

  /** How the job stands by the answer to a request, which is sent again while that may help. */
  async #ask(method: Ask["method"], path: () => string, body?: string): Promise<Told> {
    for (let tries = 1; ; tries++) {
      this.#checkTime();
      const told = await this.#tried(method, path(), body);
      if (!(told instanceof EndpointError)) return told;
      this.#checkTime();
      const pause = told.retryAfter ?? jittered(this.#patience, tries);
      if (!PASSING.includes(told.kind) || tries >= this.#patience.tries || pause >= this.#left) throw told;
      await this.#ways.sleep(pause, this.#signal);
    }
  }

  /** How the job stands, or why that is not told. */
  async #tried(method: Ask["method"], path: string, body?: string): Promise<Told | EndpointError> {
    this.#signal?.throwIfAborted();
    const ask = this.#request(method, path, Math.min(this.#left, HELD + SPARE), body);
    let reply: Reply;
    try {
      reply = await this.#ways.send(ask, this.#signal);
    } catch (error) {
      this.#signal?.throwIfAborted();
      return this.#error("unreachable", { detail: causeOf(error) });
    }
    return reply.status === 200 ? this.#standing(reply) : this.#failure(reply);
  }

  #request(method: Ask["method"], path: string, patience: number, body?: string): Ask {
    const headers = { ...this.#headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
    return { method, url: this.#address + path, headers, body, patience };
  }

  #checkTime(): void {
    if (this.#left <= 0) throw this.#error("timed_out");
  }

  /** Waits; where the time is over by then, not any longer than that. */
  async #pause(milliseconds: number): Promise<void> {
    this.#checkTime();
    await this.#ways.sleep(Math.min(milliseconds, this.#left), this.#signal);
  }

  /** Takes the job out of the queue, or has the worker stop; if that fails, its time to live ends it. */
  async #cancel(): Promise<void> {
    const path = `cancel/${encodeURIComponent(this.#id ?? "")}`;
    await this.#ways.send(this.#request("POST", path, CANCELLING)).catch(() => undefined);
  }

  /** How the job stands; an error where something else was answered. */
  #standing({ text }: Reply): Told | EndpointError {
    let told: unknown;
    try {
      told = JSON.parse(text);
    } catch {
      // it is no JSON
    }
    if (!isObject(told) || typeof told.status !== "string" || typeof told.id !== "string") {
      return this.#error("unexpected");
    }
    this.#id = told.id;
    return told as Told;
  }

  #failure({ status, retryAfter }: Reply): EndpointError {
    const kind = BY_STATUS[status] ?? (status >= 500 ? "server_error" : status >= 400 ? "rejected" : "unexpected");
    // Browsers give a redirect the status 0.
    const known = { status: status || undefined, retryAfter: hint(retryAfter) };
    return this.#error(kind === "not_found" && this.#id ? "expired" : kind, known);
  }

  #error(kind: Kind, known: Known = {}): EndpointError {
    return new EndpointError(kind, { ...known, job: this.#id });
  }
}

/** The worker's answer in what is told of a finished job. */
function answerOf(told: Told): Answer {
  const said = isObject(told.output) ? told.output : {};
  if (told.status === "COMPLETED" && said.status === "success") return said as Answer;
  if (typeof said.code === "string") throw refusedBy(said, said.code, told.error || said.error);
  const kinds: Record<string, Kind> = { COMPLETED: "unexpected", CANCELLED: "cancelled", TIMED_OUT: "timed_out" };
  throw new EndpointError(kinds[told.status] ?? "failed", { job: told.id });
}

/** The refusal in the worker's answer, whose `error` the platform has moved beside it. */
function refusedBy(said: Unknown, code: Code, error: unknown): Refused {
  const problems = (Array.isArray(said.problems) ? said.problems : []).filter(isObject).map((one) => ({
    code: textOf(one.code),
    view: viewOf(one.view),
    problem: textOf(one.problem),
    advice: textOf(one.advice),
  }));
  return new Refused(code, viewOf(said.view), problems, textOf(error), textOf(said.message));
}

const isObject = (value: unknown): value is Unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const viewOf = (value: unknown): View | null => (value === "front" || value === "side" ? value : null);

/** Whether a name or refused connection was what is wrong; other texts of fetch may hold more. */
function causeOf(error: unknown): string {
  const { name, cause } = error as { name?: unknown; cause?: { code?: unknown } };
  return textOf(cause?.code) || textOf(name);
}

/** The milliseconds of Retry-After, which may also be a date (RFC 9110, 10.2.3). */
function hint(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^[0-9]{1,6}$/.test(text)) return 1_000 * Number(text);
  const date = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function jittered(patience: Patience, tries: number): number {
  const pause = Math.min(patience.pause * 2 ** (tries - 1), patience.longest);
  return (pause * (1 + Math.random())) / 2;
}

const UNKNOWN = ["function", "symbol", "bigint"];

/** For JSON.stringify, which would drop what JSON does not know, and so send something else than was asked for. */
function known(name: string, value: unknown): unknown {
  const isKnown = typeof value === "number" ? Number.isFinite(value) : !UNKNOWN.includes(typeof value);
  if (!isKnown) {
    throw new TypeError(`the option ${name} holds ${String(value)}, which JSON does not know`);
  }
  return value;
}

// Photos as they are sent: upright, no larger than needed, and what they say of their camera beside them.

// In pixels; a longer side at least twice as long is halved, and again. The worker halves a JPEG in the same way until
// 512 to 1024 pixels are left (posture/images.py), so that it sees the same of a photo that was halved before.
const LONG_SIDE = 1440;
// Bytes of one file: with both, as base64, and the options, a request stays within the 10 MB of /run.
const MOST_BYTES = 3_700_000;
// Of JPEG.
const QUALITIES = [0.92, 0.8];
const HEIF_BRANDS = ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"];
// EXIF data of a lens with "front" in its name, as saidBy finds it in what phones write.
const BY_FRONT_CAMERA = bytesOf(
  "\xff\xe1\0\x43Exif\0\0MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x1a\0\0\0\0" +
    "\0\x01\xa4\x34\0\x02\0\0\0\x0f\0\0\0\x2c\0\0\0\0a front camera\0",
);

/** The `input` of a job: the photos by the names of their views, and the options with what photos say of cameras. */
async function jobInput(photos: Record<View, Photo>, options: Options): Promise<Unknown> {
  const files: Partial<Record<View, Uint8Array>> = {};
  const sent: Unknown = {};
  const cameras: Unknown = {};
  const problems: Problem[] = [];
  for (const [view, photo] of Object.entries(photos) as [View, Photo][]) {
    if (typeof photo === "string" && photo.startsWith("https://")) {
      sent[view] = photo;
      continue;
    }
    const { file, said } = await fit(await read(photo));
    if (isHeic(file)) {
      const problem = "it is a HEIC file, which cannot be read here.";
      problems.push({ code: "unsupported_format", view, problem, advice: "Save it as a JPEG." });
      continue;
    }
    files[view] = file;
    const camera = said && told(said, view, options);
    if (camera) cameras[view] = camera;
  }
  problems.push(...tooLarge(files));
  const first = problems.sort((one, other) => (one.view ?? "").localeCompare(other.view ?? ""))[0];
  if (first) {
    const message = `The ${first.view} photo cannot be sent: ${first.problem}`;
    throw new Refused(first.code, first.view, problems, message, first.advice);
  }
  for (const [view, file] of Object.entries(files)) sent[view] = base64(file);
  const camera = Object.keys(cameras).length ? { camera: { ...options.camera, ...cameras } } : {};
  return { ...sent, ...options, ...camera };
}

/** Files that do not fit into a request and could not be made smaller. */
function tooLarge(files: Partial<Record<View, Uint8Array>>): Problem[] {
  const all = Object.entries(files) as [View, Uint8Array][];
  if (all.reduce((total, [, file]) => total + file.length, 0) <= 2 * MOST_BYTES) return [];
  const why = canReduce()
    ? "cannot be made smaller: it is damaged, or no ordinary JPEG or PNG."
    : "there is no canvas here to make it smaller.";
  const advice = canReduce()
    ? "Open it in a viewer to see that it is sound, and save it as a JPEG of 1080x1440 pixels."
    : "Send a JPEG of 1080x1440 pixels, and cameraOf(saidBy(file)) of the file before as its camera.";
  return all
    .filter(([, file]) => file.length > MOST_BYTES)
    .map(([view, file]) => ({
      code: "image_too_large",
      view,
      problem: `its file has ${file.length.toLocaleString("en")} bytes, and ${why}`,
      advice,
    }));
}

async function read(photo: Photo): Promise<Uint8Array> {
  if (photo instanceof Blob) return new Uint8Array(await photo.arrayBuffer());
  if (photo instanceof ArrayBuffer) return new Uint8Array(photo);
  if (ArrayBuffer.isView(photo)) return new Uint8Array(photo.buffer, photo.byteOffset, photo.byteLength);
  throw new TypeError("a photo is the bytes of its file, a Blob, or an address that begins with https://");
}

/** What is to be told of one view's camera, in `camera`; what the caller tells of it goes before. */
function told(said: Said, view: View, options: Options): Unknown | undefined {
  const { camera = {}, camera_roll: rolls, mirrored, level } = options as Record<string, any>;
  const theirs = isObject(camera) ? (camera[view] ?? {}) : null;
  if (!isObject(theirs)) return undefined; // which is for the worker to refuse
  const ours: Unknown = { ...cameraOf(said, mirrored?.[view] ?? null) };
  const isTold = [theirs.roll, theirs.pitch, rolls?.[view]].some((value) => value !== undefined && value !== null);
  if (isTold || level === "none") {
    delete ours.roll;
    delete ours.pitch;
  }
  if (!Object.keys(ours).length) return undefined;
  const given = Object.entries(theirs).filter(([, value]) => value !== undefined && value !== null);
  return { ...ours, ...Object.fromEntries(given) };
}

/** A file as it is sent. `said`: what is to be told of its camera, nothing where the file itself says it. */
interface Fitted {
  file: Uint8Array;
  said?: Said;
}

const canReduce = (): boolean => typeof createImageBitmap === "function" && typeof OffscreenCanvas === "function";

/** The file of a photo, made smaller where it is too large; as it is where that cannot be, for the worker to judge. */
async function fit(file: Uint8Array): Promise<Fitted> {
  const picture = canReduce() ? pictureOf(file) : null;
  const isSmall = file.length <= MOST_BYTES && !isHeic(file) && picture && factorOf(picture) === 1;
  if (!picture?.isSound || isSmall) return { file };
  const said = saidBy(file);
  try {
    const made = await reduced(picture, said.orientation);
    const parts = said.frontCamera ? [made.slice(0, 2), BY_FRONT_CAMERA, made.slice(2)] : [made];
    return { file: await read(new Blob(parts)), said };
  } catch {
    return { file }; // whatever decoders make of a damaged file
  }
}

/** By how much a picture of that size is reduced: a power of two. */
function factorOf({ width, height }: { width: number; height: number }): number {
  let factor = 1;
  while (Math.max(width, height) / (2 * factor) >= LONG_SIDE) factor *= 2;
  return factor;
}

/** The picture as a JPEG, smaller by its factor, or by more until it fits, and turned upright. */
async function reduced(picture: Picture, orientation: number): Promise<Uint8Array<ArrayBuffer>> {
  const decoded = await createImageBitmap(new Blob(picture.parts), { colorSpaceConversion: "none" });
  let left = factorOf(decoded);
  let canvas = drawn(decoded, left > 1 ? 2 : 1, orientation);
  decoded.close();
  for (; left > 2; left /= 2) canvas = drawn(canvas, 2);
  for (; ; canvas = drawn(canvas, 2)) {
    for (const quality of QUALITIES) {
      const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
      if (blob.size <= MOST_BYTES) return new Uint8Array(await blob.arrayBuffer());
    }
  }
}

/** A picture on a white canvas, turned upright and smaller by a factor of 1 or 2. */
function drawn(source: ImageBitmap | OffscreenCanvas, factor: 1 | 2, orientation = 1): OffscreenCanvas {
  const [width, height] = [Math.ceil(source.width / factor), Math.ceil(source.height / factor)];
  const [[a, c], [b, d]] = UPRIGHT[orientation];
  const canvas = a ? new OffscreenCanvas(width, height) : new OffscreenCanvas(height, width);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingQuality = "high";
  context.setTransform(a, b, c, d, a + c < 0 ? canvas.width : 0, b + d < 0 ? canvas.height : 0);
  context.drawImage(source, 0, 0, width, height);
  return canvas;
}

function base64(file: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < file.length; at += 0x6000) {
    pieces.push(btoa(String.fromCharCode(...file.subarray(at, at + 0x6000))));
  }
  return pieces.join("");
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

// What a file holds of a picture, as in posture/jpeg.py and posture/png.py: nothing else reaches the decoder, so that
// no browser turns it, or changes its colors, by what stands beside.

/** `isSound`: whether nothing of it is missing, which could not be told any more once it was encoded anew. */
interface Picture {
  width: number;
  height: number;
  isSound: boolean;
  parts: Uint8Array<ArrayBuffer>[];
}

function pictureOf(file: Uint8Array): Picture | null {
  if (begins(file, JPEG)) return jpegOf(file);
  if (begins(file, PNG)) return pngOf(file);
  // Only its decoder, which some browsers have, knows more of a HEIC; and turns it upright.
  return isHeic(file) ? { width: 0, height: 0, isSound: true, parts: [file.slice()] } : null;
}

const isHeic = (file: Uint8Array): boolean =>
  latin(file.subarray(4, 8)) === "ftyp" && HEIF_BRANDS.includes(latin(file.subarray(8, 12)));

// The headers of pictures, and those of photos: 8 bits in Huffman codes, baseline, extended or progressive.
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const COMMON = [0xc0, 0xc1, 0xc2];
const PROGRESSIVE = 0xc2;
const [TABLES, INTERVAL] = [[0xc4, 0xdb], 0xdd];
const COLORS = [0xe0, 0xee]; // JFIF and Adobe, which say how colors are coded

/** One of the colors of a JPEG: its blocks, and how many lower bits of each coefficient the scans left untold. */
interface Component {
  name: number;
  blocks: number;
  untold: number[];
}

interface Frame {
  width: number;
  height: number;
  isCommon: boolean;
  isProgressive: boolean;
  units: number;
  components: Component[];
}

function jpegOf(file: Uint8Array): Picture | null {
  const parts = [file.slice(0, 2)];
  let frame: Frame | null = null;
  let interval = 0;
  let isComplete = true;
  let hasEnd = false;
  for (const [marker, start, end] of segments(file, true)) {
    const content = file.subarray(start, end);
    if (isFrame(marker)) {
      frame = frame ? null : frameOf(marker, content);
      if (!frame) return null;
    } else if (marker === INTERVAL) {
      interval = number(content, 0, 2);
    } else if (marker === START_OF_SCAN) {
      const units: number = frame ? scanned(frame, content) : 0;
      if (!units) return null;
      if (interval) isComplete &&= restarts(content) >= Math.floor((units - 1) / interval);
    } else if (marker === END_OF_IMAGE) {
      hasEnd = true;
      parts.push(file.slice(start - 2, end));
      break;
    } else if (!TABLES.includes(marker) && !COLORS.includes(marker)) {
      continue;
    }
    parts.push(file.slice(start - 4, end));
  }
  if (!frame) return null;
  isComplete &&= frame.components.every((part) => part.untold.every((bits) => !bits));
  return { width: frame.width, height: frame.height, isSound: frame.isCommon && isComplete && hasEnd, parts };
}

/** A picture by its header; null where that is damaged. */
function frameOf(marker: number, header: Uint8Array): Frame | null {
  const [height, width, count] = [number(header, 1, 2), number(header, 3, 2), header[5]];
  if (!width || !count || count > 4 || header.length !== 6 + 3 * count) return null;
  const sampling = Array.from({ length: count }, (_, at) => header[7 + 3 * at]).map((both) => [both >> 4, both & 15]);
  if (!sampling.every(([x, y]) => x && y)) return null;
  const across = Math.max(...sampling.map(([x]) => x));
  const down = Math.max(...sampling.map(([, y]) => y));
  const components = sampling.map(([x, y], at) => ({
    name: header[6 + 3 * at],
    blocks: Math.ceil((width * x) / (8 * across)) * Math.ceil((height * y) / (8 * down)),
    untold: Array<number>(64).fill(16),
  }));
  const units = Math.ceil(width / (8 * across)) * Math.ceil(height / (8 * down));
  const isCommon = COMMON.includes(marker) && header[0] === 8 && height > 0;
  return { width, height, isCommon, isProgressive: marker === PROGRESSIVE, units, components };
}

/** Notes what a scan tells; returns the units between which restarts may stand, 0 where its header is damaged. */
function scanned(frame: Frame, header: Uint8Array): number {
  const count = header[0];
  if (!count || header.length < 4 + 2 * count) return 0;
  const [first, last, bits] = header.subarray(1 + 2 * count, 4 + 2 * count);
  const parts: Component[] = [];
  for (let at = 1; at < 1 + 2 * count; at += 2) {
    const part = frame.components.find((each) => each.name === header[at] && !parts.includes(each));
    if (!part) return 0;
    parts.push(part);
    if (frame.isProgressive) part.untold.fill(bits & 15, first, last + 1);
    else part.untold.fill(0);
  }
  return count === 1 ? parts[0].blocks : frame.units;
}

/** How many restarts there are in a scan's data. */
function restarts(data: Uint8Array): number {
  let count = 0;
  for (let at = data.indexOf(0xff); at >= 0; at = data.indexOf(0xff, at + 1)) {
    if (data[at + 1] >= 0xd0 && data[at + 1] <= 0xd7) count++;
  }
  return count;
}

const NEEDED = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"];

function pngOf(file: Uint8Array): Picture | null {
  const parts = [file.slice(0, PNG.length)];
  let [width, height, isSound] = [0, 0, true];
  let last = "";
  for (const [kind, start, end] of chunks(file)) {
    last = kind;
    if (!NEEDED.includes(kind)) continue;
    if (!isIntact(file, start, end)) isSound = false;
    parts.push(file.slice(start - 8, end + 4));
    if (kind !== "IHDR") continue;
    [width, height] = [number(file, start, 4), number(file, start + 4, 4)];
    if (file[start + 8] > 8 && !file[start + 9]) isSound = false; // grey of 16 bits, which the worker refuses
  }
  return { width, height, isSound: isSound && last === "IEND", parts };
}

// What a file says of its camera: posture/exif.py, whose tests/vectors/camera.json holds this too, and says why.

/** (right, down, away from the camera) */
export type Vector = readonly [number, number, number];

/**
 * What a photo says of its camera. `orientation`: of EXIF, 1 to 8. `up`: where up is by the phone's sensor, a unit
 * vector in the picture that the orientation makes upright; null where it is not said, or contradicts the orientation.
 * `focal35mm`: the focal length in millimeters of 35 mm film. `frontCamera`: whether that beside the screen was used.
 */
export interface Said {
  orientation: number;
  up: Vector | null;
  focal35mm: number | null;
  frontCamera: boolean;
}

/** As `camera` takes it. Angles in degrees. */
export interface Camera {
  roll?: number;
  pitch?: number;
  focal_35mm?: number;
}

const MAX_SEGMENTS = 512;
const MAX_STRAY = 256;
const MAX_CHUNKS = 10_000;
const MAX_ENTRIES = 500;
const AT_REST = [0.95, 1.05]; // g
const LEAST_UP = Math.cos(Math.PI / 4);
const FOCAL_35MM = [8, 300];

const [START_OF_SCAN, END_OF_IMAGE, APP1] = [0xda, 0xd9, 0xe1];
const isAlone = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
const hasLength = (marker: number): boolean =>
  (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8) || (marker >= 0xda && marker <= 0xef) || marker === 0xfe;
const JPEG = "\xff\xd8";
const PNG = "\x89PNG\r\n\x1a\n";
const EXIF = "Exif\0\0";
const APPLE = "Apple iOS\0\0\x01MM"; // always big-endian; its directory follows
const [SHORT, LONG, SLONG, SRATIONAL] = [3, 4, 9, 10];
const SIZES: Record<number, number> = { 1: 1, 2: 1, 7: 1, [SHORT]: 2, [LONG]: 4, [SLONG]: 4, [SRATIONAL]: 8 };

type Row = readonly [number, number];
// How an orientation turns a vector of the stored picture (right, down): the rows of a matrix.
const UPRIGHT: Record<number, readonly [Row, Row]> = {
  1: [[1, 0], [0, 1]], 2: [[-1, 0], [0, 1]], 3: [[-1, 0], [0, -1]], 4: [[1, 0], [0, -1]],
  5: [[0, 1], [1, 0]], 6: [[0, -1], [1, 0]], 7: [[0, -1], [-1, 0]], 8: [[0, 1], [-1, 0]],
};

/** What the file of a photo, a JPEG or a PNG, says of its camera. Damaged data say nothing. */
export function saidBy(file: Uint8Array): Said {
  let tiff = tiffOf(file);
  if (begins(tiff, EXIF)) tiff = tiff.subarray(EXIF.length);
  const isLittle = begins(tiff, "II*\0");
  const nothing = { orientation: 1, up: null, focal35mm: null, frontCamera: false };
  if (!isLittle && !begins(tiff, "MM\0*")) return nothing;
  const main = new Directory(tiff, isLittle, number(tiff, 4, 4, isLittle));
  const photo = new Directory(tiff, isLittle, main.whole(0x8769));
  const note = photo.value(0x927c)[1];
  const apple = new Directory(note, false, begins(note, APPLE) ? APPLE.length : 0);
  const orientation = within(1, main.whole(0x0112), 8) ?? 1;
  const lens = latin(photo.value(0xa434)[1].subarray(0, 64));
  const frontCamera = apple.whole(0x45) === 1 || lens.includes(" front ");
  const focal35mm = within(FOCAL_35MM[0], photo.whole(0xa405), FOCAL_35MM[1]);
  const gravity = gravityOf(apple, orientation, frontCamera);
  return { orientation, up: gravity && -gravity[1] >= LEAST_UP ? gravity : null, focal35mm, frontCamera };
}

/**
 * What a photo says, as `camera` takes it. `mirrored`: whether it shows left and right exchanged, null if nobody has
 * said; the roll of a front camera is then not known, and 0.
 */
export function cameraOf(said: Said, mirrored: boolean | null = null): Camera {
  const focal = said.focal35mm === null ? {} : { focal_35mm: said.focal35mm };
  if (!said.up) return focal;
  const [right, down, away] = said.up;
  const degrees = 180 / Math.PI;
  const roll = Math.atan2(right, -down) * degrees;
  const isAsRecorded = mirrored === null || mirrored === [2, 4, 5, 7].includes(said.orientation);
  const isUnknown = said.frontCamera && mirrored === null;
  return { roll: isUnknown ? 0 : isAsRecorded ? roll : -roll, pitch: Math.asin(away) * degrees, ...focal };
}

/** The segments of a JPEG up to its first scan, or all: each one's marker, and where its content begins and ends. */
function* segments(file: Uint8Array, beyond = false): Generator<[number, number, number]> {
  let at = JPEG.length;
  for (let count = 0; count < MAX_SEGMENTS; count++) {
    const last = Math.min(at + MAX_STRAY, file.length) - 2;
    while (at <= last && !(file[at] === 0xff && file[at + 1] >= 0x01 && file[at + 1] <= 0xfe)) at++;
    if (at > last) return;
    const marker = file[at + 1];
    at += 2;
    if (isAlone(marker)) continue;
    if (marker === END_OF_IMAGE && beyond) yield [marker, at, at];
    if (!hasLength(marker)) return;
    const start = at + 2;
    at += number(file, at, 2);
    if (marker === START_OF_SCAN && beyond) at = afterScan(file, at);
    yield [marker, start, at];
    if (marker === START_OF_SCAN && !beyond) return;
  }
}

/** Where the data of a scan end: at a marker that is no restart. */
function afterScan(file: Uint8Array, at: number): number {
  for (let found = file.indexOf(0xff, at); found >= 0; found = file.indexOf(0xff, found + 1)) {
    const next = file[found + 1];
    if (!(next === 0x00 || next === 0xff || (next >= 0xd0 && next <= 0xd7))) return found;
  }
  return file.length;
}

/** The chunks of a PNG: each one's kind, and where its content begins and ends. */
function* chunks(file: Uint8Array): Generator<[string, number, number]> {
  let at = PNG.length;
  for (let count = 0; count < MAX_CHUNKS && at + 8 <= file.length; count++) {
    const end = at + 8 + number(file, at, 4);
    const kind = latin(file.subarray(at + 4, at + 8));
    yield [kind, at + 8, end];
    if (kind === "IEND") return;
    at = end + 4;
  }
}

const CRC = Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

/** Whether the checksum of a PNG's chunk is that of its kind and content. */
function isIntact(file: Uint8Array, start: number, end: number): boolean {
  let checksum = -1;
  for (const byte of file.subarray(start - 4, end)) checksum = CRC[(checksum ^ byte) & 0xff] ^ (checksum >>> 8);
  return end + 4 <= file.length && (checksum ^ -1) >>> 0 === number(file, end, 4);
}

/** The EXIF data of a JPEG or PNG, the first where there are several, or nothing. */
function tiffOf(file: Uint8Array): Uint8Array {
  if (begins(file, PNG)) {
    for (const [kind, start, end] of chunks(file)) {
      if (kind === "eXIf" && isIntact(file, start, end)) return file.subarray(start, end);
    }
  } else if (begins(file, JPEG)) {
    for (const [marker, start, end] of segments(file)) {
      if (marker === APP1 && begins(file.subarray(start), EXIF)) return file.subarray(start, end);
    }
  }
  return file.subarray(0, 0);
}

/** A directory of TIFF at a byte of a block, from which its offsets count; at 0 there is none. */
class Directory {
  readonly #block: Uint8Array;
  readonly #isLittle: boolean;
  readonly #entries = new Map<number, number>(); // where each tag's entry begins

  constructor(block: Uint8Array, isLittle: boolean, at: number) {
    this.#block = block;
    this.#isLittle = isLittle;
    const count = at ? Math.min(number(block, at, 2, isLittle), MAX_ENTRIES) : 0;
    for (let entry = at + 2; entry < at + 2 + 12 * count && entry + 12 <= block.length; entry += 12) {
      this.#entries.set(this.#number(entry, 2), entry);
    }
  }

  /** A tag's type and bytes, as many as there are; nothing where there is no such tag. */
  value(tag: number): [number, Uint8Array] {
    const entry = this.#entries.get(tag);
    if (entry === undefined) return [0, this.#block.subarray(0, 0)];
    const kind = this.#number(entry + 2, 2);
    const size = (SIZES[kind] ?? 0) * this.#number(entry + 4, 4);
    const at = size <= 4 ? entry + 8 : this.#number(entry + 8, 4);
    return [kind, this.#block.subarray(at, at + size)];
  }

  /** A tag's single whole number; 0 where there is none. */
  whole(tag: number): number {
    const [kind, data] = this.value(tag);
    if (![SHORT, LONG, SLONG].includes(kind) || data.length !== SIZES[kind]) return 0;
    return number(data, 0, data.length, this.#isLittle);
  }

  #number(at: number, size: number): number {
    return number(this.#block, at, size, this.#isLittle);
  }
}

/** Where up is by Apple's note, as in Said; null where it does not say so, or was not at rest. */
function gravityOf(note: Directory, orientation: number, isFront: boolean): Vector | null {
  const [kind, data] = note.value(8);
  if (kind !== SRATIONAL || data.length !== 24) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [x, y, z] = [0, 8, 16].map((at) => view.getInt32(at) / view.getInt32(at + 4));
  const size = Math.hypot(x, y, z);
  if (!(size >= AT_REST[0] && size <= AT_REST[1])) return null; // nor is it where a number was divided by 0
  const stored = isFront ? [y, -x] : [y, x];
  const [right, down] = UPRIGHT[orientation].map((row) => row[0] * stored[0] + row[1] * stored[1]);
  return [right / size + 0, down / size + 0, (isFront ? -z : z) / size + 0]; // 0: none is -0
}

/** A whole number without a sign; bytes beyond the end are not counted. */
function number(data: Uint8Array, at: number, size: number, isLittle = false): number {
  const bytes = [...data.subarray(at, at + size)];
  return (isLittle ? bytes.reverse() : bytes).reduce((whole, byte) => 256 * whole + byte, 0);
}

const within = (least: number, value: number, most: number): number | null =>
  value >= least && value <= most ? value : null;

const latin = (data: Uint8Array): string => String.fromCharCode(...data);

const begins = (data: Uint8Array, text: string): boolean => latin(data.subarray(0, text.length)) === text;
