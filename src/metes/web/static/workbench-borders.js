// The borders between zones of a design: each once, so that those between territories are known by comparing two owners.

/** Zones of a topology as GeoJSON with the number of the unit as id; zones of no unit are left out. */
export function zonesOf(topojson, topology, unitOf) {
  const all = topology.objects.zones.geometries;
  const features = [];
  const points = [];
  all.forEach((geometry) => {
    const unit = unitOf.get(geometry.properties.id);
    if (unit === undefined) return;
    const feature = topojson.feature(topology, geometry);
    (geometry.type === "Point" ? points : features).push({ type: "Feature", id: unit, properties: { unit }, geometry: feature.geometry });
  });
  return { features, points };
}

/** Borders as lines with the two units beside each: {features, first, second, of}, `of` the numbers of a unit's borders. */
export function bordersOf(topojson, topology, unitOf, count) {
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
  const arcsOfPair = new Map();
  sides.forEach((units, arc) => {
    if (units.length !== 2 || units[0] === units[1]) return;
    const pair = Math.min(...units) * count + Math.max(...units);
    if (!arcsOfPair.has(pair)) arcsOfPair.set(pair, []);
    arcsOfPair.get(pair).push([arc]);
  });
  const first = [];
  const second = [];
  const of = Array.from({ length: count }, () => []);
  const features = [...arcsOfPair].map(([pair, arcs], id) => {
    first.push(Math.floor(pair / count));
    second.push(pair % count);
    of[first[id]].push(id);
    of[second[id]].push(id);
    const geometry = topojson.feature(topology, { type: "MultiLineString", arcs }).geometry;
    return { type: "Feature", id, properties: {}, geometry };
  });
  return { features, first, second, of };
}
