/** What photos say, and how often an endpoint is asked, when, and until when: by a clock of these tests. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Client, EndpointError, Refused, cameraOf, saidBy } from "./dist/posture.js";

const DONE = { status: "success", data: { front_view: {}, side_view: {} }, message: "done" };
const told = (status, more = {}) => reply(200, JSON.stringify({ id: "a/b", status, ...more }));
const reply = (status, text = "", retryAfter = null) => ({ status, text, retryAfter });
const busy = (retryAfter) => reply(429, "", retryAfter);
const QUEUED = told("IN_QUEUE");
const COMPLETED = told("COMPLETED", { output: DONE });
const TIMEOUT = told("FAILED", { error: "late", output: { code: "timeout", view: null, message: "Send it again." } });
const PHOTO = new TextEncoder().encode("a photo");

/** Ways to an endpoint that answers in turn, the last for ever, each time after so many milliseconds. */
class Scripted {
  clock = 0;
  asked = [];
  pauses = [];

  constructor(answers, takes = 0, interrupts = () => undefined) {
    Object.assign(this, { answers, takes, interrupts });
  }

  async send(ask) {
    this.asked.push(ask);
    this.clock += Math.min(this.takes, ask.patience);
    if (this.takes > ask.patience) throw new Error("late");
    const answer = this.answers[Math.min(this.asked.length, this.answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async sleep(milliseconds, signal) {
    this.interrupts();
    signal?.throwIfAborted();
    this.pauses.push(milliseconds);
    this.clock += milliseconds;
  }

  now() {
    return this.clock;
  }

  measured(timeout = 300_000, patience = {}, options = {}) {
    const settings = { endpointId: "ab12", baseUrl: "https://example.org", timeout, patience };
    return new Client(settings, this).measure(PHOTO, PHOTO, options);
  }

  get paths() {
    return this.asked.map(({ method, url }) => `${method} ${url.replace("https://example.org/ab12/", "")}`);
  }
}

const kind = (name) => (error) => error instanceof EndpointError && error.kind === name;

for (const { name, file, expected } of JSON.parse(readFileSync("../../tests/vectors/camera.json", "utf8")).cases) {
  test(`what a photo says of its camera: ${name}`, () => {
    const said = saidBy(Buffer.from(file, "base64"));
    const { orientation, focal_35mm: focal35mm, front_camera: frontCamera, up } = expected;
    assert.deepEqual(said, { orientation, focal35mm, frontCamera, up: up && said.up });
    up?.forEach((part, at) => assert.ok(Math.abs(part - said.up[at]) <= 0.0001, `${said.up}`));
  });
}

test("what no bytes and any cut say is nothing, and no error", () => {
  const { cases } = JSON.parse(readFileSync("../../tests/vectors/camera.json", "utf8"));
  const whole = Buffer.from(cases.find(({ name }) => name === "upright and level").file, "base64");
  assert.equal(saidBy(whole).focal35mm, 26);
  for (let length = 0; length < whole.indexOf("Exif"); length++) {
    assert.deepEqual(saidBy(whole.subarray(0, length)), saidBy(new Uint8Array()));
  }
  for (let length = 0; length < whole.length; length++) saidBy(whole.subarray(0, length));
});

test("a tilt is told in degrees, of a front camera without its roll until somebody says what is mirrored", () => {
  const [right, down, away] = [Math.sin(0.1), -Math.cos(0.1), 0];
  const said = { orientation: 6, up: [right, down, away], focal35mm: 26, frontCamera: false };
  const degrees = (0.1 * 180) / Math.PI;
  assert.ok(Math.abs(cameraOf(said).roll - degrees) < 1e-9);
  assert.ok(Math.abs(cameraOf(said, true).roll + degrees) < 1e-9);
  assert.deepEqual(cameraOf({ ...said, frontCamera: true }), { roll: 0, pitch: 0, focal_35mm: 26 });
  assert.ok(Math.abs(cameraOf({ ...said, frontCamera: true }, false).roll - degrees) < 1e-9);
  assert.ok(Math.abs(cameraOf({ ...said, orientation: 2 }, true).roll - degrees) < 1e-9);
  assert.deepEqual(cameraOf({ ...said, up: null, focal35mm: null }), {});
});

test("the time that it is asked to wait is waited", async () => {
  const ways = new Scripted([busy("7"), COMPLETED]);
  assert.deepEqual(await ways.measured(), DONE);
  assert.deepEqual(ways.pauses, [7_000]);
});

test("so is a date", async () => {
  const ways = new Scripted([reply(503, "", new Date(Date.now() + 240_000).toUTCString()), COMPLETED]);
  await ways.measured();
  assert.ok(ways.pauses[0] > 60_000 && ways.pauses[0] <= 240_000);
  const past = new Scripted([busy("Wed, 21 Oct 2015 07:28:00 GMT"), COMPLETED]);
  await past.measured();
  assert.deepEqual(past.pauses, [0]);
});

for (const hint of ["soon", "-1", "1.5", "9999999", "2030-01-01", ""]) {
  test(`a hint that is none is passed over: ${hint}`, async () => {
    const ways = new Scripted([busy(hint), COMPLETED]);
    await ways.measured(300_000, { pause: 2_000 });
    assert.ok(ways.pauses[0] >= 1_000 && ways.pauses[0] <= 2_000);
  });
}

test("a wait beyond the time left is told at once", async () => {
  const ways = new Scripted([busy("60")]);
  await assert.rejects(ways.measured(30_000), { kind: "rate_limited", retryAfter: 60_000, status: 429 });
  assert.deepEqual([ways.pauses, ways.asked.length], [[], 1]);
});

test("pauses double up to the longest and are partly left to chance", async () => {
  const refused = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
  const ways = new Scripted([refused]);
  await assert.rejects(ways.measured(300_000, { tries: 7, pause: 1_000 }), /\(cause ECONNREFUSED\)$/);
  const most = [1_000, 2_000, 4_000, 8_000, 8_000, 8_000];
  assert.equal(ways.pauses.length, most.length);
  ways.pauses.forEach((pause, at) => assert.ok(pause >= most[at] / 2 && pause <= most[at], `${pause}`));
  assert.ok(new Set(ways.pauses.map((pause, at) => (pause / most[at]).toFixed(6))).size > 1);
});

test("looks at a job become rarer", async () => {
  const ways = new Scripted([...Array(7).fill(QUEUED), COMPLETED]);
  assert.deepEqual(await ways.measured(300_000, { look: 1_000, longest: 4_000 }), DONE);
  assert.deepEqual(ways.pauses, [1_000, 1_500, 2_250, 3_375, 4_000, 4_000, 4_000]);
  assert.deepEqual(ways.paths, ["POST runsync", ...Array(7).fill("GET status/a%2Fb")]);
});

for (const answer of [QUEUED, told("IN_PROGRESS"), told("RUNNING")]) {
  for (const takes of [0, 400, 2_000]) {
    test(`one deadline holds for everything and the job is cancelled: ${answer.text}, ${takes} ms`, async () => {
      const ways = new Scripted([answer], takes);
      await assert.rejects(ways.measured(30_000), { kind: "timed_out", job: "a/b" });
      assert.equal(ways.paths.filter((path) => path === "POST cancel/a%2Fb").length, 1);
      assert.equal(ways.paths.at(-1), "POST cancel/a%2Fb");
      const spent = ways.clock - takes; // what the cancelling takes comes after it
      assert.ok(spent > 28_000 && spent <= 30_000 + 1e-6, `${spent}`);
    });
  }
}

test("a request without an answer ends with the time", async () => {
  const ways = new Scripted([COMPLETED], 1_000_000);
  await assert.rejects(ways.measured(20_000), kind("timed_out"));
  assert.deepEqual([ways.clock, ways.asked.length], [20_000, 1]);
});

for (const [timeout, path, ttl] of [
  [300_000, "runsync", 300_000],
  [101_000, "runsync", 101_000],
  [100_000, "runsync?wait=90000", 100_000],
  [20_000, "runsync?wait=15000", 20_000],
  [1_000, "runsync?wait=1000", 10_000],
]) {
  test(`a short time is told to the platform: ${timeout}`, async () => {
    const ways = new Scripted([COMPLETED]);
    await ways.measured(timeout);
    assert.deepEqual(ways.paths, [`POST ${path}`]);
    const input = { front: btoa("a photo"), side: btoa("a photo") };
    assert.deepEqual(JSON.parse(ways.asked[0].body), { input, policy: { ttl } });
  });
}

test("a job for which the worker had no time is sent once more", async () => {
  const ways = new Scripted([TIMEOUT, COMPLETED]);
  assert.deepEqual(await ways.measured(), DONE);
  assert.deepEqual([ways.paths, ways.pauses], [Array(2).fill("POST runsync"), [8_000]]);
  const gone = new Scripted([TIMEOUT, reply(404)]);
  await assert.rejects(gone.measured(), (error) => kind("not_found")(error) && error.job === undefined);
  const twice = new Scripted([TIMEOUT]);
  await assert.rejects(twice.measured(), (error) => {
    assert.ok(error instanceof Refused);
    assert.deepEqual([error.code, error.message, error.advice], ["timeout", "late", "Send it again."]);
    return true;
  });
  assert.equal(twice.asked.length, 2);
});

for (const cancelling of [told("CANCELLED"), reply(500), new Error("gone")]) {
  test(`what ends a measurement is told, and its job cancelled: ${cancelling.text ?? cancelling}`, async () => {
    const controller = new AbortController();
    const reason = new Error("the page was left");
    const ways = new Scripted([QUEUED, cancelling], 0, () => controller.abort(reason));
    await assert.rejects(ways.measured(300_000, {}, { signal: controller.signal }), reason);
    assert.deepEqual(ways.paths, ["POST runsync", "POST cancel/a%2Fb"]);
  });
}

test("a job that is over is not cancelled", async () => {
  const ways = new Scripted([told("FAILED")]);
  await assert.rejects(ways.measured(), kind("failed"));
  assert.deepEqual(ways.paths, ["POST runsync"]);
});

test("a time that is over, and a signal that has ended it, before it begins ask nothing", async () => {
  const ways = new Scripted([COMPLETED]);
  await assert.rejects(ways.measured(0), kind("timed_out"));
  await assert.rejects(ways.measured(9_000, {}, { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.deepEqual(ways.asked, []);
});

test("what JSON does not know is told, and nothing is sent", async () => {
  const ways = new Scripted([COMPLETED]);
  for (const camera of [{ front: { roll: NaN } }, { front: { roll: 1n } }, { front: () => 1 }]) {
    await assert.rejects(ways.measured(9_000, {}, { camera }), TypeError);
  }
  assert.deepEqual(ways.asked, []);
});

test("photos are bytes, blobs, buffers and addresses, and nothing else", async () => {
  const ways = new Scripted([COMPLETED]);
  const client = new Client({ endpointId: "ab12", baseUrl: "https://example.org" }, ways);
  const sent = () => JSON.parse(ways.asked.at(-1).body).input;
  const bytes = Buffer.from("--a photo--").subarray(2, 9);
  await client.measure(new Blob([PHOTO]), PHOTO.buffer);
  assert.deepEqual(sent(), { front: btoa("a photo"), side: btoa("a photo") });
  await client.measure(bytes, "https://example.org/side.jpg", { mode: "fast" });
  assert.deepEqual(sent(), { front: btoa("a photo"), side: "https://example.org/side.jpg", mode: "fast" });
  for (const photo of ["front.jpg", "http://example.org/side.jpg", 7, null]) {
    await assert.rejects(client.measure(photo, PHOTO), TypeError);
  }
  assert.equal(ways.asked.length, 2);
});

test("a photo of any length is sent as base64", async () => {
  for (const length of [0, 1, 2, 0x5fff, 0x6000, 0x6001, 100_000]) {
    const ways = new Scripted([COMPLETED]);
    const photo = Uint8Array.from({ length }, (_, at) => (at * 7919) >> 4);
    await new Client({ endpointId: "ab12" }, ways).measure(photo, photo);
    assert.equal(JSON.parse(ways.asked[0].body).input.front, Buffer.from(photo).toString("base64"));
  }
});

test("without a canvas photos are sent as they are while both fit into a request", async () => {
  const ways = new Scripted([COMPLETED]);
  const client = new Client({ endpointId: "ab12" }, ways);
  await client.measure(new Uint8Array(6_500_000), new Uint8Array(900_000));
  assert.ok(ways.asked[0].body.length > 9_800_000 && ways.asked[0].body.length < 9_950_000);
  await assert.rejects(client.measure(new Uint8Array(6_500_000), new Uint8Array(900_001)), (error) => {
    assert.ok(error instanceof Refused);
    assert.deepEqual([error.code, error.view, error.problems.length], ["image_too_large", "front", 1]);
    assert.match(error.message, /^The front photo cannot be sent: its file has 6,500,000 bytes, and there is no /);
    assert.match(error.advice, /1080x1440 pixels/);
    return true;
  });
  const heic = Buffer.from("\0\0\0\x18ftypheic");
  await assert.rejects(client.measure(new Uint8Array(8_000_000), heic), (error) => {
    const problems = error.problems.map(({ code, view }) => [code, view]);
    assert.deepEqual(problems, [["image_too_large", "front"], ["unsupported_format", "side"]]);
    return true;
  });
  assert.equal(ways.asked.length, 1);
});

for (const [settings, said] of [
  [{}, "ENDPOINT_ID"],
  [{ endpointId: "../other" }, "ENDPOINT_ID"],
  [{ endpointId: "ab12\n" }, "ENDPOINT_ID"],
  [{ endpointId: "ab12", baseUrl: "http://api.runpod.ai/v2" }, "https://"],
  [{ endpointId: "ab12", baseUrl: "http://127.0.0.1.example.org/v2" }, "https://"],
  [{ endpointId: "ab12", baseUrl: "api.runpod.ai/v2" }, "https://"],
  [{ endpointId: "ab12", baseUrl: "/v2" }, "https://"], // but in a page
  [{ endpointId: "ab12", apiKey: "rpa_SECRET\n" }, "RUNPOD_API_KEY"],
]) {
  test(`a client that cannot work is not made: ${JSON.stringify(settings)}`, () => {
    assert.throws(() => new Client(settings), (error) => {
      assert.ok(error instanceof TypeError && error.message.includes(said) && !error.message.includes("SECRET"));
      return true;
    });
  });
}

test("where nothing is said it calls RunPod, and any server on this machine by http", async () => {
  const ways = new Scripted([COMPLETED]);
  await new Client({ endpointId: "ab12" }, ways).measure(PHOTO, PHOTO);
  for (const host of ["localhost:8000", "127.0.0.1", "[::1]:8000"]) {
    await new Client({ endpointId: "local", baseUrl: `http://${host}/v2/` }, ways).measure(PHOTO, PHOTO);
  }
  assert.deepEqual(
    ways.asked.map(({ url }) => url),
    ["https://api.runpod.ai/v2/ab12/runsync"].concat(
      ["localhost:8000", "127.0.0.1", "[::1]:8000"].map((host) => `http://${host}/v2/local/runsync`),
    ),
  );
  assert.deepEqual(ways.asked[0].headers, { "Content-Type": "application/json" });
});
