// Points that were moved by hand, read by the formulas of posture/angles.py, to which tests hold these. All else of the
// measures comes from its table, as measures.json.
//
// A point is [x, y], to the right and downwards: in pixels of the upright photo as it was sent, or of the level picture
// that `homography` leads to, in which left and right are righted.

const UP = [0, -1];
// The least that is divided by, as in posture/camera.py: beyond lies the horizon.
const NEAREST = 0.05;

const degrees = (radians) => (radians * 180) / Math.PI;
const minus = ([x, y], [otherX, otherY]) => [x - otherX, y - otherY];
const length = ([x, y]) => Math.hypot(x, y);

const horizontalTilt = ([[startX, startY], [endX, endY]], direction) =>
  degrees(Math.atan2(startY - endY, direction * (endX - startX)));

const verticalTilt = ([[startX, startY], [endX, endY]], direction) =>
  degrees(Math.atan2(direction * (endX - startX), startY - endY));

const bend = ([first, middle, last], direction) =>
  verticalTilt([first, middle], direction) - verticalTilt([middle, last], direction);

const offset = ([base, point], direction, size) => (100 * direction * (point[0] - base[0])) / size;

// By the kind's name: its value, and the direction of the line that it is compared with; both in the level picture.
const KINDS = {
  "horizontal tilt": { formula: horizontalTilt, towards: (_points, direction) => [direction, 0] },
  "vertical tilt": { formula: verticalTilt, towards: () => UP },
  bend: { formula: bend, towards: ([first, middle]) => minus(middle, first) },
  offset: { formula: offset, towards: () => UP },
};

/** Where a homography, three rows of three, takes a point. */
export function apply(homography, [x, y]) {
  const [right, down, away] = homography.map(([a, b, c]) => a * x + b * y + c);
  const divisor = Math.max(away, NEAREST);
  return [right / divisor, down / divisor];
}

/** The homography that leads back. */
export function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ].map((row) => row.map((cofactor) => cofactor / determinant));
}

/** The row of measures.json for a reading of an answer: by its view ("front"), name, and what it was read from. */
export const measureOf = (measures, view, name, { source = "" }) =>
  measures.find((row) => row.view === view && row.name === name && row.source === source);

/**
 * What the formulas need to know of a photo: {homography, direction, size}.
 *
 * `details`: the answer's details of the view before a point was moved; `measures`: the rows of measures.json.
 * `direction`: which way counts as positive in the level picture, 1 right or -1 left. `size`: from nose to ankles there,
 * in pixels; without landmarks what fits the offsets best, as inexact as these are rounded; null where none tell it.
 */
export function contextOf(details, measures, view) {
  const { homography } = details.camera;
  const readings = Object.entries({ ...details.angles, ...details.measures }).map(([name, reading]) => ({
    reading,
    measure: measureOf(measures, view, name, reading),
  }));
  const direction = directionOf(details, homography, readings);
  const size = details.landmarks ? sizeOf(details.landmarks, homography) : sizeBy(readings, homography, direction);
  return { homography, direction, size };
}

function directionOf(details, homography, readings) {
  // Whoever faces the right of the level picture shows the camera the right side.
  if (details.near_side) return details.near_side === "right" ? 1 : -1;
  const { reading } = readings.find(({ measure }) => measure.kind === "horizontal tilt");
  const [start, end] = reading.reference.map((point) => apply(homography, point));
  return end[0] > start[0] ? 1 : -1;
}

function sizeOf(landmarks, homography) {
  const [nose, left, right] = ["nose", "left_ankle", "right_ankle"].map((wanted) => {
    const { x, y } = landmarks.find(({ name }) => name === wanted);
    return apply(homography, [x, y]);
  });
  return length([nose[0] - (left[0] + right[0]) / 2, nose[1] - (left[1] + right[1]) / 2]);
}

function sizeBy(readings, homography, direction) {
  // Least squares: value = across / size for all of them.
  let [squares, products] = [0, 0];
  for (const { measure, reading } of readings.filter(({ measure }) => measure.kind === "offset")) {
    const across = value(measure, reading.line, { homography, direction, size: 1 });
    squares += across * across;
    products += across * reading.value;
  }
  return products > 0 ? squares / products : null;
}

/**
 * The value of a measure, a row of measures.json, in its unit and not rounded.
 *
 * `points`: of the reading's `line`, wherever they were moved. An offset is null where the body's size is not known.
 */
export function value(measure, points, { homography, direction, size }) {
  if (measure.kind === "offset" && size === null) return null;
  const level = points.map((point) => apply(homography, point));
  return measure.sign * KINDS[measure.kind].formula(level, direction, size);
}

/** The line that it is compared with: two points, from the first of its own, and levelled as long as it. */
export function reference(measure, points, { homography, direction }) {
  const level = points.map((point) => apply(homography, point));
  const towards = KINDS[measure.kind].towards(level, direction);
  const reach = level.slice(1).reduce((sum, point, index) => sum + length(minus(point, level[index])), 0);
  const scale = length(towards) ? reach / length(towards) : 0;
  const [[x, y]] = level;
  return [points[0], apply(inverse(homography), [x + scale * towards[0], y + scale * towards[1]])];
}
