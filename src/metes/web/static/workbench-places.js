// Where things stand on the workbench's map: the window it begins with, names, locks, bases, and the classes of a measure.

const CLASSES = 5;
const EDGE = 0.02; // the share of accounts left out at each side of the first window
const EMPTY = 0.2; // what a unit without accounts counts for in the middle of a territory

export const collection = (features) => ({ type: "FeatureCollection", features });

const pointAt = (longitude, latitude, properties = {}) => ({ type: "Feature", properties, geometry: { type: "Point", coordinates: [longitude, latitude] } });

/** Units as points with their numbers as ids. */
export function dotsOf({ ids, longitude, latitude }) {
  return ids.map((_, unit) => ({ ...pointAt(longitude[unit], latitude[unit], { unit }), id: unit }));
}

/** Upper edges of five classes with as many values each, of values above nothing. */
export function quantiles(values) {
  const sorted = Float64Array.from(values.filter((value) => value > 0)).sort();
  if (!sorted.length) return [0];
  const edge = (_, i) => sorted[Math.min(sorted.length - 1, Math.ceil(((i + 1) * sorted.length) / CLASSES) - 1)];
  return [...new Set(Array.from({ length: CLASSES }, edge))];
}

/** The box that nearly all accounts lie in, or else nearly all units: far islands do not make the map small. */
export function middleOf({ longitude, latitude, accounts }) {
  const all = accounts.reduce((sum, count) => sum + count, 0);
  const weight = (unit) => (all ? accounts[unit] : 1);
  const total = all || accounts.length;
  const between = (values) => {
    const order = values.map((_, unit) => unit).filter((unit) => weight(unit) > 0).sort((a, b) => values[a] - values[b]);
    let below = 0;
    const inside = order.filter((unit) => {
      below += weight(unit);
      return below >= EDGE * total && below <= (1 - EDGE) * total;
    });
    const [low, high] = inside.length ? [values[inside[0]], values[inside.at(-1)]] : [values[order[0]] ?? -10, values[order.at(-1)] ?? 10];
    const room = (high - low) * 0.06 || 0.2;
    return [low - room, high + room];
  };
  const [west, east] = between(longitude);
  const [south, north] = between(latitude);
  return [[Math.max(-180, west), Math.max(-85, south)], [Math.min(180, east), Math.min(85, north)]];
}

/** The box around some units. */
export function boxOf({ longitude, latitude }, units) {
  const box = [[Infinity, Infinity], [-Infinity, -Infinity]];
  for (const unit of units) {
    [longitude[unit], latitude[unit]].forEach((degrees, axis) => {
      box[0][axis] = Math.min(box[0][axis], degrees);
      box[1][axis] = Math.max(box[1][axis], degrees);
    });
  }
  return box;
}

/** A territory's name stands on the unit nearest to the middle of its accounts, so it is always inside. */
export function namesOf({ owner, territories, units: { longitude, latitude, accounts } }) {
  const sums = territories.map(() => [0, 0, 0]);
  owner.forEach((at, unit) => {
    if (at < 0) return;
    const weight = accounts[unit] + EMPTY;
    sums[at][0] += weight * longitude[unit];
    sums[at][1] += weight * latitude[unit];
    sums[at][2] += weight;
  });
  const best = territories.map(() => [Infinity, -1]);
  owner.forEach((at, unit) => {
    if (at < 0) return;
    const [x, y, n] = sums[at];
    const away = (longitude[unit] - x / n) ** 2 + (latitude[unit] - y / n) ** 2;
    if (away < best[at][0]) best[at] = [away, unit];
  });
  return territories.flatMap(({ name }, at) => {
    const unit = best[at][1];
    return unit < 0 ? [] : [pointAt(longitude[unit], latitude[unit], { name, size: sums[at][2] })];
  });
}

/** A point on each locked unit. */
export function locksOf({ locked, units: { longitude, latitude } }) {
  const features = [];
  locked.forEach((at, unit) => {
    if (at >= 0) features.push(pointAt(longitude[unit], latitude[unit]));
  });
  return features;
}

/** Where the seats have their bases. */
export const basesOf = ({ territories }) => territories.filter(({ base }) => base).map(({ name, base: [latitude, longitude] }) => pointAt(longitude, latitude, { name }));
