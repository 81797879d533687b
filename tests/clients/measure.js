/**
 * Measures what each line of the standard input says, and writes what came of it as a line: node measure.js MODULE
 *
 * The line `abort` aborts what is being measured.
 */

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { Client, ClientError, KINDS } = await import(pathToFileURL(process.argv[2]).href);

let controller;

async function measured({ settings, photos, options }) {
  controller = new AbortController();
  try {
    const [front, side] = photos.map((photo) => Buffer.from(photo, "base64"));
    return { answer: await new Client(settings).measure(front, side, { ...options, signal: controller.signal }) };
  } catch (error) {
    const shown = `${error.stack} ${JSON.stringify(error)} ${error.cause ?? ""}`;
    const { name, message, code, view, problems, advice, kind, status, job } = error;
    const isClientError = error instanceof ClientError;
    return { name, message, shown, code, view, problems, advice, kind, status, job, isClientError, kinds: KINDS };
  }
}

createInterface({ input: process.stdin }).on("line", async (line) => {
  if (line === "abort") controller.abort();
  else console.log(JSON.stringify(await measured(JSON.parse(line))));
});
