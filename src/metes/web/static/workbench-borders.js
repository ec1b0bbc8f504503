// Zones and the borders between them, from a topology: each border stands in it once, so that those between territories are known by
// comparing two owners, and after a move only the borders of the moved units are looked at.

/** Zones of a topology as GeoJSON with the unit's number as id; zones of no unit are left out, those without a shape are points. */
export function zonesOf(topojson, topology, unitOf) {
  const features = [];
  const points = [];
  for (const geometry of topology.objects.zones.geometries) {
    const unit = unitOf.get(geometry.properties.id);
    if (unit === undefined) continue;
    const { geometry: shape } = topojson.feature(topology, geometry);
    (geometry.type === "Point" ? points : features).push({ type: "Feature", id: unit, properties: { unit }, geometry: shape });
  }
  return { features, points };
}

/** The borders between units, and which of them show. */
export class Borders {
  #topojson;
  #topology;
  #first = [];
  #second = [];
  #arcs = [];
  #of = new Map();
  #shown = new Set();

  constructor(topojson, topology, unitOf) {
    this.#topojson = topojson;
    this.#topology = topology;
    const pairs = new Map();
    sidesOf(topology, unitOf).forEach(([one, other], arc) => {
      if (other === undefined || one === other) return;
      const [low, high] = one < other ? [one, other] : [other, one];
      const pair = `${low},${high}`;
      let at = pairs.get(pair);
      if (at === undefined) {
        at = pairs.size;
        pairs.set(pair, at);
        this.#first.push(low);
        this.#second.push(high);
        this.#arcs.push([]);
        for (const unit of [low, high]) {
          if (!this.#of.has(unit)) this.#of.set(unit, []);
          this.#of.get(unit).push(at);
        }
      }
      this.#arcs[at].push([arc]);
    });
  }

  /** The arcs of the borders beside units whose two sides are apart. */
  beside(units, isApart) {
    const found = new Set();
    for (const unit of units) {
      for (const at of this.#of.get(unit) ?? []) if (isApart(this.#first[at], this.#second[at])) found.add(at);
    }
    return [...found].flatMap((at) => this.#arcs[at].flat());
  }

  /** What changes of the borders that show, now that some units have other owners: {add: features, remove: ids}. */
  change(owner, units) {
    const add = [];
    const remove = [];
    const seen = new Set();
    for (const unit of units) {
      for (const at of this.#of.get(unit) ?? []) {
        if (seen.has(at)) continue;
        seen.add(at);
        const shows = owner[this.#first[at]] !== owner[this.#second[at]];
        if (shows === this.#shown.has(at)) continue;
        if (shows) {
          this.#shown.add(at);
          add.push(this.#feature(at));
        } else {
          this.#shown.delete(at);
          remove.push(at);
        }
      }
    }
    return { add, remove };
  }

  #feature(at) {
    const lines = this.#topojson.feature(this.#topology, { type: "MultiLineString", arcs: this.#arcs[at] });
    return { type: "Feature", id: at, properties: {}, geometry: lines.geometry };
  }
}

/** The units beside each arc. */
function sidesOf(topology, unitOf) {
  const sides = topology.arcs.map(() => []);
  const note = (arcs, unit) => {
    for (const arc of arcs) {
      if (Array.isArray(arc)) note(arc, unit);
      else sides[arc < 0 ? ~arc : arc].push(unit);
    }
  };
  for (const geometry of topology.objects.zones.geometries) {
    const unit = unitOf.get(geometry.properties.id);
    if (unit !== undefined && geometry.arcs) note(geometry.arcs, unit);
  }
  return sides;
}
