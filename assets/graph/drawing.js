// Drawing: the elements of nodes, frames and edges, kept by key. A new view changes only what differs from the old.

class Drawing {
  constructor() {
    this.layers = Object.fromEntries(["frames", "edges", "labels", "nodes"].map((name) => [name, svg("g", { class: name })]))
    this.world = svg("g", { class: "world" }, Object.values(this.layers))
    this.markers = svg("defs")
    this.items = new Map() // id of a node or frame → {data, element, face}
    this.edges = new Map() // "source → target" → {data, source, target, path, label}
  }

  // Returns the ids of items that were not there before.
  update(data) {
    const ids = data.nodes.map((node) => node.id)
    const fresh = new Set()
    this.markers.replaceChildren(...data.kinds.map(marker))
    const items = new Map()
    for (const [list, layer, draw] of [[data.frames, "frames", drawFrame], [data.nodes, "nodes", drawNode]]) {
      for (const entry of list) {
        const old = this.items.get(entry.id)
        // Frames are drawn to measure; a node keeps its face wherever it goes.
        const face = JSON.stringify(layer === "nodes" ? { ...entry, x: 0, y: 0 } : entry)
        const kept = old?.face === face && old.element.parentNode === this.layers[layer]
        const element = kept ? old.element : draw(entry, data)
        if (!kept || old.data.x !== entry.x || old.data.y !== entry.y) {
          element.setAttribute("transform", `translate(${entry.x} ${entry.y})`)
        }
        if (!old) fresh.add(entry.id)
        items.set(entry.id, { data: entry, element, face })
      }
    }
    const edges = new Map()
    for (const edge of data.edges) {
      const [source, target] = [ids[edge.i], ids[edge.j]]
      const key = `${source} → ${target}`
      const record = this.edges.get(key) ?? { path: svg("path"), label: null }
      if (record.data?.d !== edge.d) record.path.setAttribute("d", edge.d)
      if (record.data?.kind !== edge.kind || record.data?.dead !== edge.dead) {
        record.path.setAttribute("class", ["edge", edge.kind, edge.dead ? "dead" : ""].filter(Boolean).join(" "))
        record.path.setAttribute("marker-end", `url(#arrow-${edge.kind})`)
      }
      Object.assign(record, { data: edge, source, target })
      record.path.edge = record
      if (record.label) record.label.remove()
      record.label = null
      edges.set(key, record)
    }
    this.replace(this.layers.frames, data.frames.map((frame) => items.get(frame.id).element))
    this.replace(this.layers.nodes, data.nodes.map((node) => items.get(node.id).element))
    this.replace(this.layers.edges, [...edges.values()].map((edge) => edge.path))
    Object.assign(this, { items, edges })
    this.connect(ids)
    for (const edge of edges.values()) if (edge.data.clear) this.label(edge)
    return fresh
  }

  // Elements in their order; those that stay in place are not touched, which keeps the focus where it is.
  replace(layer, elements) {
    const wanted = new Set(elements)
    for (const child of [...layer.childNodes]) if (!wanted.has(child)) child.remove()
    let place = layer.firstChild
    for (const element of elements) {
      if (element === place) place = place.nextSibling
      else layer.insertBefore(element, place)
    }
  }

  connect(ids) {
    this.before = new Map(ids.map((id) => [id, []]))
    this.after = new Map(ids.map((id) => [id, []]))
    for (const edge of this.edges.values()) {
      this.after.get(edge.source).push(edge)
      this.before.get(edge.target).push(edge)
    }
  }

  // Where edges share lanes each draws only its part; one that is stressed is drawn along its whole way.
  whole(edge, wanted) {
    if (edge.data.way) edge.path.setAttribute("d", wanted ? edge.data.way : edge.data.d)
  }

  // Captions are made when they are first needed: thousands that nobody can read yet would only be slow.
  label(edge) {
    if (edge.label || !edge.data.l) return edge.label
    edge.label = write(edge.data.clear ? "label clear" : "label", edge.data.l, edge.data.x, edge.data.y)
    this.layers.labels.append(edge.label)
    return edge.label
  }

  labelAll() {
    for (const edge of this.edges.values()) this.label(edge)
  }
}

function drawNode(node) {
  const { w, h } = node
  const classes = ["node", node.o, node.kind, node.dead ? "dead" : "", node.open ? "openable" : "", node.quiet ? "quiet" : ""]
  const group = svg("g", { class: classes.filter(Boolean).join(" "), "data-id": node.id, role: "treeitem", tabindex: -1, "aria-selected": false })
  if (node.open) group.setAttribute("aria-expanded", false)
  group.style.setProperty("--role", node.colour)
  group.append(outline(node.o, w, h))
  group.append(write("title", node.t, w / 2, node.s ? h / 2 - 7 : h / 2))
  if (node.s) group.append(write("subtitle", node.s, w / 2, h / 2 + 9.5))
  if (node.open) group.append(toggle(node.id, `Open ${node.id}`, false, w - 1, 1))
  return group
}

function drawFrame(frame, data) {
  const { w, h } = frame
  const group = svg("g", { class: `frame ${frame.role || "plain"}`, "data-id": frame.id })
  group.style.setProperty("--role", frame.colour)
  const line = data.titles === "bottom" ? h - 10 : 11
  const heading = svg("g", { class: "heading", role: "treeitem", tabindex: -1, "aria-selected": false, "aria-expanded": true })
  heading.append(write("caption", frame.t, 22, line))
  group.append(svg("rect", { width: w, height: h, rx: 10 }), toggle(frame.id, `Close ${frame.id}`, true, 11, line), heading)
  return group
}

// What of an item takes the focus and speaks.
function speaker(item) {
  return item.element.querySelector(":scope > .heading") ?? item.element
}
