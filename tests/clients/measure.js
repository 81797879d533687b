/** Measures what each line of the standard input says, and writes what came of it as a line: node measure.js MODULE */

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { Client, ClientError, KINDS } = await import(pathToFileURL(process.argv[2]).href);

for await (const line of createInterface({ input: process.stdin })) {
  const { settings, photos, options, abortAfter } = JSON.parse(line);
  const controller = new AbortController();
  if (abortAfter) setTimeout(() => controller.abort(), abortAfter);
  let told;
  try {
    const [front, side] = photos.map((photo) => (photo.startsWith("https:") ? photo : Buffer.from(photo, "base64")));
    told = { answer: await new Client(settings).measure(front, side, { ...options, signal: controller.signal }) };
  } catch (error) {
    const shown = `${error.stack} ${JSON.stringify(error)} ${error.cause ?? ""}`;
    const { name, message, code, view, problems, advice, kind, status, job } = error;
    const isClientError = error instanceof ClientError;
    told = { name, message, shown, code, view, problems, advice, kind, status, job, isClientError, kinds: KINDS };
  }
  console.log(JSON.stringify(told));
}
