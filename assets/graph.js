// Draw a laid-out graph and let a reader walk it: zoom, pan, search, highlight and select without Python.
// Only two things are reported: the picked node, and the group whose opening or closing is asked for.

const SVG = "http://www.w3.org/2000/svg"
const ZOOM = { least: 0.04, most: 4, step: 1.25 }
const READABLE = { wide: 0.44, narrow: 0.65, below: 900 } // a first look starts no smaller, by width of the window
const MARGIN = 24
const MOVES_ANIMATED = 250 // nodes up to which a change of layout is animated
const LEVELS = [0.2, 0.4, 0.7, 1.2, 1.9] // zooms from which more text is shown: see graph.css

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const host = parentElement.querySelector(".graph")
  host.explorer ??= new Explorer(host)
  host.explorer.report = { pick: (id) => setStateValue("picked", id), toggle: (id) => setTriggerValue("toggled", id) }
  host.explorer.show(data)
}

class Explorer {
  constructor(host) {
    this.host = host
    this.view = { x: 0, y: 0, k: 1 }
    this.hits = []
    this.build()
    this.listen()
  }

  // Parts of the page that stay while graphs come and go.
  build() {
    this.search = html("input", { type: "search", placeholder: "Search  /", "aria-label": "Search nodes" })
    this.found = html("span", { class: "found", role: "status" })
    this.scale = html("button", { class: "scale", title: "Fit to the window (f)", "aria-label": "Fit to the window" })
    const button = (text, title, act) => {
      const made = html("button", { title, "aria-label": title })
      made.textContent = text
      made.onclick = act
      return made
    }
    const full = button("", "Full screen", () => this.fullscreen())
    full.append(svg("svg", { width: 13, height: 13, "aria-hidden": true }, [
      svg("path", { d: "M1 4.5V1H4.5M8.5 1H12V4.5M12 8.5V12H8.5M4.5 12H1V8.5", class: "icon" }),
    ]))
    const zoom = html("div", { class: "group", role: "group", "aria-label": "Zoom" }, [
      button("−", "Zoom out (−)", () => this.zoomBy(1 / ZOOM.step)),
      this.scale,
      button("+", "Zoom in (+)", () => this.zoomBy(ZOOM.step)),
      full,
    ])
    this.scale.onclick = () => this.fit()
    this.world = svg("g", { class: "world" })
    this.markers = svg("defs")
    this.canvas = svg("svg", { class: "canvas", tabindex: 0, role: "group", "aria-roledescription": "graph" }, [
      this.markers, this.world,
    ])
    this.tip = html("div", { class: "tip", role: "tooltip", hidden: "" })
    this.stage = html("div", { class: "stage" }, [this.canvas, this.tip])
    this.legend = html("div", { class: "legend" })
    const bar = html("div", { class: "bar" }, [html("div", { class: "find" }, [this.search, this.found]), zoom])
    this.host.replaceChildren(bar, this.stage, this.legend)
  }

  listen() {
    const { canvas, search } = this
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false })
    canvas.onpointerdown = (event) => this.grab(event)
    canvas.onpointerover = (event) => this.hover(this.itemAt(event.target), event)
    canvas.onpointerleave = () => this.hover(null)
    canvas.onclick = (event) => this.click(event)
    canvas.ondblclick = (event) => this.doubleClick(event)
    canvas.addEventListener("focusin", (event) => this.focused(event))
    canvas.addEventListener("focusout", () => this.hover(null))
    search.oninput = () => this.find(search.value)
    this.host.onkeydown = (event) => this.key(event)
    new ResizeObserver(() => this.resized()).observe(canvas)
  }

  // Called on every run of the page; draws only what is new.
  show(data) {
    if (this.digest !== data.digest) {
      const first = this.home !== data.home
      const before = this.data && !first ? this.places() : null
      Object.assign(this, { data, digest: data.digest, home: data.home })
      this.draw()
      this.draw_legend()
      this.height(first)
      if (first) this.start()
      else this.keep(before)
      if (this.search.value) this.find(this.search.value, true)
      this.select(this.items.has(this.picked) ? this.picked : null)
    }
    const request = data.select
    if (request && request[1] !== this.request) {
      this.request = request[1]
      this.select(request[0])
      this.reveal(request[0])
    }
  }

  draw() {
    const { data } = this
    const index = data.nodes.map((node) => node.id)
    this.items = new Map()
    this.before = new Map(index.map((id) => [id, []]))
    this.after = new Map(index.map((id) => [id, []]))
    this.edges = []
    const layers = ["frames", "edges", "labels", "nodes"].map((name) => svg("g", { class: name }))
    const [frames, edges, labels, nodes] = layers
    this.markers.replaceChildren(...data.kinds.map(marker))
    for (const frame of data.frames) frames.append(this.drawFrame(frame))
    for (const edge of data.edges) {
      const [source, target] = [index[edge.i], index[edge.j]]
      const drawn = drawEdge(edge)
      const record = { source, target, ...drawn }
      edges.append(drawn.path)
      labels.append(drawn.label)
      this.edges.push(record)
      this.after.get(source).push(record)
      this.before.get(target).push(record)
    }
    for (const node of data.nodes) nodes.append(this.drawNode(node))
    this.world.replaceChildren(...layers)
    this.canvas.setAttribute("aria-label", data.say)
  }

  drawNode(node) {
    const { x, y, w, h } = node
    const classes = ["node", node.o, node.kind, node.dead ? "dead" : "", node.open ? "openable" : "", node.quiet ? "quiet" : ""]
    const group = svg("g", {
      class: classes.filter(Boolean).join(" "), "data-id": node.id, transform: `translate(${x} ${y})`,
      tabindex: 0, role: "button", "aria-pressed": false, "aria-label": node.say,
    })
    group.style.setProperty("--role", node.colour)
    group.append(outline(node.o, w, h))
    group.append(write("title", node.t, w / 2, node.s ? h / 2 - 7 : h / 2))
    if (node.s) group.append(write("subtitle", node.s, w / 2, h / 2 + 9.5))
    if (node.open) group.append(toggle(node.id, `Open ${node.id}`, false, w - 1, 1))
    this.items.set(node.id, { data: node, element: group })
    return group
  }

  drawFrame(frame) {
    const { x, y, w, h } = frame
    const group = svg("g", { class: `frame ${frame.role || "plain"}`, "data-id": frame.id, transform: `translate(${x} ${y})` })
    group.style.setProperty("--role", frame.colour)
    const line = this.data.titles === "bottom" ? h - 10 : 11
    const title = svg("g", { class: "heading", tabindex: 0, role: "button", "aria-pressed": false, "aria-label": frame.say })
    title.append(write("caption", frame.t, 22, line))
    group.append(svg("rect", { width: w, height: h, rx: 10 }), toggle(frame.id, `Close ${frame.id}`, true, 11, line), title)
    this.items.set(frame.id, { data: frame, element: group })
    return group
  }

  draw_legend() {
    const { roles, kinds } = this.data
    const entry = (drawing, label, title, mark) => {
      const item = html("span", { class: "entry", title })
      const text = html("span")
      text.textContent = label
      item.append(drawing, text)
      item.onpointerenter = mark
      item.onpointerleave = () => this.unmark()
      return item
    }
    this.legend.replaceChildren(
      ...roles.map((role) => {
        const picture = svg("svg", { width: 22, height: 16, class: `swatch ${role.frame ? "frame" : "node"} ${role.o}` })
        picture.style.setProperty("--role", role.colour)
        const shape = role.frame ? svg("rect", { width: 20, height: 14, rx: 4 }) : outline(role.o, role.o === "round" ? 14 : 20, 14)
        shape.setAttribute("transform", role.o === "round" && !role.frame ? "translate(4 1)" : "translate(1 1)")
        picture.append(shape)
        return entry(picture, role.label, role.meaning, () => this.markNodes((item) => item.role === role.role))
      }),
      ...kinds.map((kind) => {
        const picture = svg("svg", { width: 28, height: 16, class: "swatch" })
        picture.append(svg("path", { class: `edge ${kind.kind}`, d: "M2 8H25", "marker-end": `url(#arrow-${kind.kind})` }))
        return entry(picture, kind.label, kind.meaning, () => this.markEdges((edge) => edge.kind === kind.kind))
      }),
    )
  }

  // --- what the reader looks at

  get size() {
    return [this.canvas.clientWidth || 900, this.canvas.clientHeight || 480]
  }

  get readable() {
    return this.size[0] < READABLE.below ? READABLE.narrow : READABLE.wide
  }

  // A flat graph needs no tall window, but the window never shrinks under the reader's eyes.
  height(first) {
    const width = this.size[0]
    const scale = Math.max(Math.min((width - 2 * MARGIN) / this.data.width, 1.25), this.readable)
    const wanted = Math.min(Math.max(this.data.height * scale + 3 * MARGIN, 300), 640)
    const present = parseFloat(this.stage.style.height) || 0
    if (first || wanted > present) this.stage.style.height = `${Math.round(wanted)}px`
  }

  start() {
    this.fit()
    const [width, height] = this.size
    if (this.view.k < this.readable) {
      const k = this.readable
      const y = Math.min(0, (this.data.height - height / k) / 2)
      const entry = this.data.nodes[0] // the network's input: start where the reader starts
      const top = this.data.height * k > height ? entry.y + entry.h / 2 - height / k / 2 : y
      this.view = { k, x: Math.max(width / k - this.data.width, 0) / -2 - MARGIN / k, y: top }
    }
    this.apply()
  }

  fit() {
    const [width, height] = this.size
    const k = Math.min((width - 2 * MARGIN) / this.data.width, (height - 2 * MARGIN) / this.data.height, 1.25)
    this.view = { k, x: (this.data.width - width / k) / 2, y: (this.data.height - height / k) / 2 }
    this.apply()
  }

  // After a group was opened or closed: what was toggled stays where the reader saw it.
  keep(before) {
    const anchor = this.anchor
    const now = anchor && this.items.get(anchor.id)
    this.anchor = null
    if (now) {
      const { x, y, h } = now.data
      this.view.x = x - anchor.at[0] / this.view.k
      this.view.y = y + h / 2 - anchor.at[1] / this.view.k
      if (anchor.focus) (now.element.querySelector(".heading") ?? now.element).focus({ preventScroll: true })
    }
    this.apply()
    if (anchor && before) this.animate(before)
  }

  places() {
    const { x, y, k } = this.view
    const seen = new Map()
    for (const [id, { data }] of this.items) seen.set(id, [(data.x - x) * k, (data.y - y) * k])
    return seen
  }

  // Nodes that were on screen glide from their old place; new ones and edges fade in.
  animate(before) {
    if (this.data.nodes.length > MOVES_ANIMATED || matchMedia("(prefers-reduced-motion: reduce)").matches) return
    const timing = { duration: 220, easing: "cubic-bezier(0.2, 0, 0, 1)" }
    const { x, y, k } = this.view
    for (const [id, { data, element }] of this.items) {
      const old = before.get(id)
      if (old && element.classList.contains("node")) {
        const from = `translate(${old[0] / k + x}px, ${old[1] / k + y}px)`
        element.animate([{ transform: from }, { transform: `translate(${data.x}px, ${data.y}px)` }], timing)
      } else if (!old) {
        element.animate([{ opacity: 0 }, { opacity: 1 }], timing)
      }
    }
    for (const layer of this.world.querySelectorAll(":scope > .edges, :scope > .labels")) {
      layer.animate([{ opacity: 0 }, { opacity: 1 }], { ...timing, delay: 60, fill: "backwards" })
    }
  }

  apply() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null
      this.hold()
      const { x, y, k } = this.view
      this.world.setAttribute("transform", `scale(${k}) translate(${-x} ${-y})`)
      const level = LEVELS.filter((from) => k >= from).length
      if (this.canvas.dataset.level !== String(level)) this.canvas.dataset.level = level
      this.scale.textContent = `${Math.round(k * 100)} %`
    })
  }

  // However far a reader goes, part of the graph stays in sight.
  hold() {
    const { view, data } = this
    const [width, height] = this.size.map((side) => side / view.k)
    view.x = Math.min(Math.max(view.x, -0.75 * width), data.width - 0.25 * width)
    view.y = Math.min(Math.max(view.y, -0.75 * height), data.height - 0.25 * height)
  }

  zoomBy(factor, at = this.size.map((side) => side / 2)) {
    const k = Math.min(Math.max(this.view.k * factor, ZOOM.least), ZOOM.most)
    this.view.x += at[0] / this.view.k - at[0] / k
    this.view.y += at[1] / this.view.k - at[1] / k
    this.view.k = k
    this.apply()
  }

  wheel(event) {
    event.preventDefault()
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.panBy((event.deltaX || event.deltaY), 0)
    } else {
      this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), this.position(event))
    }
  }

  panBy(dx, dy) {
    this.view.x += dx / this.view.k
    this.view.y += dy / this.view.k
    this.apply()
  }

  grab(event) {
    if (event.button !== 0) return
    this.dragged = false
    let [x, y] = [event.clientX, event.clientY]
    let travelled = 0
    const move = (next) => {
      travelled += Math.abs(next.clientX - x) + Math.abs(next.clientY - y)
      // Captured only once it is clearly a drag: a captured pointer would lose its click.
      if (travelled > 4 && !this.dragged) {
        this.dragged = true
        this.canvas.setPointerCapture(event.pointerId)
        this.canvas.classList.add("dragging")
        this.hover(null)
      }
      if (this.dragged) this.panBy(x - next.clientX, y - next.clientY)
      ;[x, y] = [next.clientX, next.clientY]
    }
    const end = () => {
      this.canvas.classList.remove("dragging")
      this.canvas.removeEventListener("pointermove", move)
    }
    this.canvas.addEventListener("pointermove", move)
    this.canvas.addEventListener("pointerup", end, { once: true })
    this.canvas.addEventListener("pointercancel", end, { once: true })
  }

  position(event) {
    const box = this.canvas.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  // Bring an item into the middle if it is not wholly in sight.
  reveal(id) {
    const item = this.items.get(id)
    if (!item) return
    const { x, y, w, h } = item.data
    const [width, height] = this.size
    const k = Math.max(this.view.k, this.readable * 1.4)
    const [left, top] = [(x - this.view.x) * this.view.k, (y - this.view.y) * this.view.k]
    const seen = left > 8 && top > 8 && left + w * this.view.k < width - 8 && top + h * this.view.k < height - 8
    if (seen && this.view.k >= this.readable * 0.7) return
    this.view = { k, x: x + w / 2 - width / k / 2, y: y + h / 2 - height / k / 2 }
    this.apply()
  }

  resized() {
    if (this.data && !this.width) this.start()
    this.width = this.canvas.clientWidth
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen()
    else this.host.requestFullscreen?.().then(() => requestAnimationFrame(() => this.fit()))
  }

  // --- what the reader does

  itemAt(target) {
    return target.closest?.("[data-id]")?.dataset.id ?? null
  }

  click(event) {
    if (this.dragged) return
    const id = this.itemAt(event.target)
    if (event.target.closest(".toggle")) this.toggle(id)
    else if (event.target.closest(".node, .heading")) this.pick(id)
  }

  doubleClick(event) {
    const id = this.itemAt(event.target)
    if (id && !event.target.closest(".toggle")) this.toggle(id)
  }

  toggle(id) {
    const item = this.items.get(id)
    const frame = item?.element.classList.contains("frame")
    if (!item || !(frame || item.data.open)) return
    const [width, height] = this.size
    const { x, y, h } = item.data
    const at = [(x - this.view.x) * this.view.k, (y + h / 2 - this.view.y) * this.view.k]
    // A large group's edge may be out of sight: then it closes at the margin.
    at[0] = Math.min(Math.max(at[0], MARGIN), width - 4 * MARGIN)
    at[1] = Math.min(Math.max(at[1], 2 * MARGIN), height - 2 * MARGIN)
    this.anchor = { id, at, focus: item.element.contains(this.host.getRootNode().activeElement) }
    this.report.toggle(id)
  }

  pick(id) {
    this.select(id)
    this.report.pick(id)
  }

  select(id) {
    this.picked = id
    for (const [key, { element }] of this.items) {
      const button = element.querySelector(".heading") ?? element
      button.setAttribute("aria-pressed", key === id)
      element.classList.toggle("picked", key === id)
    }
    for (const edge of this.edges) edge.path.classList.toggle("near", edge.source === id || edge.target === id)
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    if (event.target === this.search) return this.searchKey(event)
    const pan = { ArrowLeft: [-60, 0], ArrowRight: [60, 0], ArrowUp: [0, -60], ArrowDown: [0, 60] }[event.key]
    const acts = {
      "+": () => this.zoomBy(ZOOM.step), "=": () => this.zoomBy(ZOOM.step), "-": () => this.zoomBy(1 / ZOOM.step),
      f: () => this.fit(), 0: () => this.fit(), "/": () => this.search.focus(), n: () => this.step(1),
      o: () => this.toggle(this.itemAt(event.target)), Enter: () => this.press(event), " ": () => this.press(event),
      Escape: () => this.pick(null),
    }
    const act = pan ? () => this.panBy(...pan) : acts[event.key]
    const onCanvas = this.canvas.contains(event.target)
    if (!act || (!onCanvas && ["Enter", " "].includes(event.key))) return
    event.preventDefault()
    act()
  }

  press(event) {
    const id = this.itemAt(event.target)
    if (event.target.closest(".toggle")) this.toggle(id)
    else if (id) this.pick(id)
  }

  searchKey(event) {
    if (event.key === "Enter") {
      event.preventDefault()
      this.step(event.shiftKey ? -1 : 1)
    } else if (event.key === "Escape") {
      this.search.value = ""
      this.find("")
      this.canvas.focus()
    }
  }

  find(text, quiet = false) {
    const wanted = text.trim().toLowerCase()
    this.hits = wanted ? [...this.items].filter(([, { data }]) => data.find.includes(wanted)).map(([id]) => id) : []
    this.at = -1
    const hits = new Set(this.hits)
    for (const [id, { element }] of this.items) element.classList.toggle("hit", hits.has(id))
    this.canvas.classList.toggle("searching", hits.size > 0)
    this.found.textContent = wanted ? (hits.size ? `${hits.size} found` : "nothing found") : ""
    if (hits.size && !quiet) this.reveal(this.hits[0])
  }

  // One hit further: brought into sight and picked.
  step(by) {
    if (!this.hits.length) return
    this.at = (this.at + by + this.hits.length) % this.hits.length
    const id = this.hits[this.at]
    this.found.textContent = `${this.at + 1} of ${this.hits.length}`
    this.reveal(id)
    this.pick(id)
  }

  focused(event) {
    const id = this.itemAt(event.target)
    if (!id || !event.target.matches(":focus-visible")) return
    this.reveal(id)
    this.hover(id)
  }

  // --- what feeds a node, and what it feeds

  hover(id, event) {
    if (this.canvas.classList.contains("dragging")) id = null
    if (event?.target.closest?.(".edge") && !id) return this.hoverEdge(event.target)
    if (id !== this.hovered) {
      this.unmark()
      this.hovered = id
      if (id && this.before.has(id)) this.markFlow(id)
    }
    this.describe(id)
  }

  hoverEdge(path) {
    this.unmark()
    this.hovered = null
    const edge = this.edges.find((each) => each.path === path)
    edge.path.classList.add("strong")
    edge.label.classList.add("strong")
  }

  markFlow(id) {
    const upstream = this.reach(id, this.before, "source")
    const downstream = this.reach(id, this.after, "target")
    const near = new Map()
    for (const edge of this.before.get(id)) near.set(edge.source, "feeds")
    for (const edge of this.after.get(id)) near.set(edge.target, "fed")
    for (const [key, { element }] of this.items) {
      if (!this.before.has(key)) continue
      if (key === id) element.classList.add("centre")
      else if (near.has(key)) element.classList.add(near.get(key))
      else if (upstream.has(key)) element.classList.add("upstream")
      else if (downstream.has(key)) element.classList.add("downstream")
    }
    for (const edge of this.edges) {
      const direct = edge.source === id || edge.target === id
      const part = direct || (upstream.has(edge.source) && (upstream.has(edge.target) || edge.target === id))
        || (downstream.has(edge.target) && (downstream.has(edge.source) || edge.source === id))
      edge.path.classList.toggle("strong", direct)
      edge.label.classList.toggle("strong", direct)
      edge.path.classList.toggle("part", part && !direct)
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

  markNodes(chosen) {
    this.unmark()
    for (const { data, element } of this.items.values()) if (chosen(data)) element.classList.add("centre")
    this.canvas.classList.add("marked")
  }

  markEdges(chosen) {
    this.unmark()
    this.data.edges.forEach((edge, index) => { if (chosen(edge)) this.edges[index].path.classList.add("strong") })
    this.canvas.classList.add("marked", "edges-only")
  }

  unmark() {
    this.hovered = null
    this.canvas.classList.remove("marked", "edges-only")
    const names = ["centre", "feeds", "fed", "upstream", "downstream"]
    for (const { element } of this.items?.values() ?? []) element.classList.remove(...names)
    for (const { path, label } of this.edges ?? []) {
      path.classList.remove("strong", "part")
      label.classList.remove("strong")
    }
  }

  describe(id) {
    const item = id && this.items.get(id)
    this.tip.hidden = !item?.data.tip || !item.element.classList.contains("node")
    if (this.tip.hidden) return
    this.tip.replaceChildren(...item.data.tip.map((line) => {
      const row = html("div")
      row.textContent = line
      return row
    }))
    // In the corner that the node is not in: beside the node it would hide what the node is linked to.
    const { x, y, w, h } = item.data
    const [width, height] = this.size
    const [left, top] = [(x + w / 2 - this.view.x) * this.view.k, (y + h / 2 - this.view.y) * this.view.k]
    this.tip.classList.toggle("aside", left < width / 2 && top > height / 2)
  }
}

// --- elements

function outline(kind, w, h) {
  if (kind === "round") return svg("circle", { cx: w / 2, cy: h / 2, r: h / 2 })
  return svg("rect", { width: w, height: h, rx: kind === "pill" ? h / 2 : 5 })
}

function drawEdge(edge) {
  const classes = ["edge", edge.kind, edge.dead ? "dead" : ""].filter(Boolean).join(" ")
  const path = svg("path", { class: classes, d: edge.d, "marker-end": `url(#arrow-${edge.kind})` })
  const label = write(edge.clear ? "label clear" : "label", edge.l, edge.x, edge.y)
  return { path, label }
}

function marker({ kind }) {
  const arrow = svg("marker", {
    id: `arrow-${kind}`, class: `arrow ${kind}`, viewBox: "0 0 8 8", refX: 7.4, refY: 4,
    markerWidth: 7.5, markerHeight: 7.5, markerUnits: "userSpaceOnUse", orient: "auto",
  })
  arrow.append(svg("path", { d: "M0 0.6 L8 4 L0 7.4 L1.8 4 Z" }))
  return arrow
}

function toggle(id, label, open, x, y) {
  const made = svg("g", {
    class: "toggle", transform: `translate(${x} ${y})`, tabindex: 0, role: "button", "aria-expanded": open, "aria-label": label,
  })
  made.append(svg("circle", { class: "reach", r: 11 }), svg("circle", { r: 6.5 }))
  made.append(svg("path", { d: open ? "M-3.2 0H3.2" : "M-3.2 0H3.2M0 -3.2V3.2" }))
  return made
}

// Text is always set as text: a label is data, never markup.
function write(name, text, x, y) {
  const made = svg("text", { class: name, x, y })
  made.textContent = text
  return made
}

function svg(name, attributes = {}, children = []) {
  return fill(document.createElementNS(SVG, name), attributes, children)
}

function html(name, attributes = {}, children = []) {
  return fill(document.createElement(name), attributes, children)
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}
