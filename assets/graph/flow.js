// Flow: what feeds the node under the pointer and what it feeds; the legend's entries; the paths asked for.

const NEAR = ["centre", "feeds", "fed", "upstream", "downstream"]

class Flow {
  constructor(explorer) {
    Object.assign(this, { explorer, drawing: explorer.drawing, canvas: explorer.canvas, touched: new Set() })
  }

  clear() {
    this.canvas.classList.remove("marked", "edges-only")
    for (const element of this.touched) {
      element.classList.remove(...NEAR, "strong", "part")
      if (element.edge) this.drawing.whole(element.edge, element.matches(".route, .near"))
    }
    this.touched.clear()
  }

  mark(element, ...names) {
    element.classList.add(...names)
    this.touched.add(element)
  }

  strengthen(edge) {
    this.mark(edge.path, "strong")
    this.drawing.whole(edge, true)
    const label = this.drawing.label(edge)
    if (label) this.mark(label, "strong")
  }

  around(id) {
    this.clear()
    const { before, after, items, edges } = this.drawing
    this.mark(items.get(id).element, "centre")
    for (const edge of before.get(id)) this.mark(items.get(edge.source).element, "feeds")
    for (const edge of after.get(id)) this.mark(items.get(edge.target).element, "fed")
    // Dimming thousands of parts takes longer than a glance: there only the neighbours are stressed.
    if (this.explorer.camera.heavy) return [...before.get(id), ...after.get(id)].forEach((edge) => this.strengthen(edge))
    const upstream = this.reach(id, before, "source")
    const downstream = this.reach(id, after, "target")
    for (const [reached, name] of [[upstream, "upstream"], [downstream, "downstream"]]) {
      for (const other of reached) this.mark(items.get(other).element, name)
    }
    for (const edge of edges.values()) {
      const direct = edge.source === id || edge.target === id
      if (direct) this.strengthen(edge)
      else if ((upstream.has(edge.source) && upstream.has(edge.target)) || (downstream.has(edge.source) && downstream.has(edge.target))) {
        this.mark(edge.path, "part")
      }
    }
    this.canvas.classList.add("marked")
  }

  reach(id, neighbours, end) {
    const seen = new Set()
    const waiting = [id]
    while (waiting.length) {
      for (const edge of neighbours.get(waiting.pop())) {
        if (!seen.has(edge[end])) {
          seen.add(edge[end])
          waiting.push(edge[end])
        }
      }
    }
    return seen
  }

  edge(edge) {
    this.clear()
    this.strengthen(edge)
  }

  nodes(chosen) {
    this.clear()
    for (const { data, element } of this.drawing.items.values()) if (chosen(data)) this.mark(element, "centre")
    this.canvas.classList.add("marked")
  }

  edgesOf(kind) {
    this.clear()
    for (const edge of this.drawing.edges.values()) if (edge.data.kind === kind) this.mark(edge.path, "strong")
    this.canvas.classList.add("marked", "edges-only")
  }

  // The paths that Python found: edges by their ids, and the nodes at their ends.
  route(route) {
    const { edges, items } = this.drawing
    const lit = new Set(route?.edges ?? [])
    const on = new Set()
    for (const [key, edge] of edges) {
      edge.path.classList.toggle("route", lit.has(key))
      this.drawing.whole(edge, lit.has(key))
      if (lit.has(key)) on.add(edge.source).add(edge.target)
    }
    for (const [id, { element }] of items) element.classList.toggle("route", on.has(id))
    this.canvas.classList.toggle("routed", lit.size > 0)
    this.canvas.dataset.route = route?.kind ?? ""
  }
}
