// Where units lie on the square of web maps, from 0 to 1 with the north at 0: the rings of those with a shape, the point of each.

const FARTHEST_NORTH = 85.0511;

const across = (longitude) => longitude / 360 + 0.5;
function down(latitude) {
  const degrees = Math.max(-FARTHEST_NORTH, Math.min(FARTHEST_NORTH, latitude));
  return 0.5 - Math.asinh(Math.tan((degrees * Math.PI) / 180)) / (2 * Math.PI);
}

/** The points of units, and their rings once there is a topology to read them from. */
export class Outlines {
  #arcs = []; // of the topology: whole numbers, each the step from the one before
  #transform;
  #isStepped = false;
  #read = []; // arcs as they were asked for
  #rings = new Map();

  constructor({ longitude, latitude }) {
    this.x = Float64Array.from(longitude, across);
    this.y = Float64Array.from(latitude, down);
  }

  /** Takes the shapes of units from a topology. */
  take(topology, unitOf) {
    this.#arcs = topology.arcs;
    this.#transform = topology.transform ?? { scale: [1, 1], translate: [0, 0] };
    this.#isStepped = Boolean(topology.transform);
    for (const { type, arcs, properties } of topology.objects.zones.geometries) {
      const unit = unitOf.get(properties.id);
      if (unit !== undefined && arcs) this.#rings.set(unit, type === "Polygon" ? arcs : arcs.flat());
    }
  }

  /** The rings of a unit as lists of arcs, one's complement where an arc is walked backwards; undefined for a point. */
  rings(unit) { return this.#rings.get(unit); }

  /** The places of an arc, x and y in turn. */
  places(arc) {
    this.#read[arc] ??= this.#places(this.#arcs[arc]);
    return this.#read[arc];
  }

  #places(steps) {
    const { scale, translate } = this.#transform;
    const places = new Float64Array(steps.length * 2);
    let [x, y] = [0, 0];
    steps.forEach(([dx, dy], at) => {
      [x, y] = this.#isStepped ? [x + dx, y + dy] : [dx, dy];
      places[at * 2] = across(x * scale[0] + translate[0]);
      places[at * 2 + 1] = down(y * scale[1] + translate[1]);
    });
    return places;
  }
}
