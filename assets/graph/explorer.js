// Explorer: draw a laid-out graph and let a reader walk it: zoom, pan, highlight and select without Python.
// Reported are the picked node, groups to open or close, searches, and folded hits to open.

const MOVES_ANIMATED = 250 // nodes up to which a change of layout is animated
const ICONS = {
  full: "M1.5 5V1.5H5M9 1.5H12.5V5M12.5 9V12.5H9M5 12.5H1.5V9",
  camera: "M1.5 4.5H4L5 3H9L10 4.5H12.5V11.5H1.5ZM7 5.9A2 2 0 1 1 6.99 5.9",
  link: "M6 8.2A2.4 2.4 0 0 1 6 4.9L8 2.9A2.4 2.4 0 0 1 11.3 6.2L10 7.5M8 5.8A2.4 2.4 0 0 1 8 9.1L6 11.1A2.4 2.4 0 0 1 2.7 7.8L4 6.5",
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const host = parentElement.querySelector(".graph")
  host.explorer ??= new Explorer(host)
  host.explorer.report = {
    // Two drawings share one choice: there it is an event, because what one of them shows may come from the other.
    pick: (id) => (host.explorer.pair.data ? setTriggerValue("chosen", id ?? "") : setStateValue("picked", id)),
    query: (text) => setStateValue("query", text),
    toggle: (id) => setTriggerValue("toggled", id),
    reveal: (id) => setTriggerValue("revealed", id),
  }
  host.explorer.show(data)
  return () => host.explorer.leave()
}

class Explorer {
  constructor(host) {
    this.host = host
    this.drawing = new Drawing()
    this.canvas = svg("svg", { class: "canvas", tabindex: 0, role: "tree", "aria-roledescription": "graph" }, [
      this.drawing.markers, this.drawing.world,
    ])
    this.tip = html("div", { class: "tip", role: "tooltip", hidden: "" })
    // Lies over the nodes during a drag: they are then neither hit nor restyled.
    this.shield = html("div", { class: "shield", hidden: "" })
    this.motion = new Motion()
    this.stage = html("div", { class: "stage" }, [this.canvas, this.motion.paper, this.shield, this.tip])
    this.signs = new Signs(this.stage)
    this.stage.append(this.signs.bar)
    this.camera = new Camera(this.canvas, this.drawing.world, this.motion, () => this.moved())
    this.flow = new Flow(this)
    this.overlay = new Overlay(this)
    this.find = new Find(this)
    this.pair = new Pair(this)
    this.keyboard = new Keyboard(this, this.canvas)
    this.pointer = new Pointer(this, this.stage)
    this.legend = html("div", { class: "legend" })
    host.replaceChildren(this.toolbar(), this.stage, this.overlay.scale, this.legend, this.signs.voice)
    host.addEventListener("keydown", (event) => { if (event.key === "/" && !event.target.matches("input")) this.keyboard.key(event) })
    new ResizeObserver(() => this.resized()).observe(this.canvas)
    this.onMarks = () => this.mark()
    board().addEventListener("marks", this.onMarks)
    this.onPrint = (event) => this.print(event.type === "beforeprint")
    for (const name of ["beforeprint", "afterprint"]) addEventListener(name, this.onPrint)
  }

  leave() {
    if (this.host.isConnected) return
    board().removeEventListener("marks", this.onMarks)
    this.pair.leave()
    for (const name of ["beforeprint", "afterprint"]) removeEventListener(name, this.onPrint)
  }

  toolbar() {
    this.zoom = button("Fit to the window (f)", () => this.camera.fit())
    this.zoom.className = "zoom"
    const group = (label, ...buttons) => html("div", { class: "group", role: "group", "aria-label": label }, buttons)
    this.share = button("Copy a link to this view", () => this.copyLink(), { icon: ICONS.link })
    return html("div", { class: "bar" }, [
      this.find.element,
      html("div", { class: "tools" }, [
        group("Zoom", button("Zoom out (−)", () => this.camera.zoomBy(1 / ZOOM.step), { text: "−" }), this.zoom,
          button("Zoom in (+)", () => this.camera.zoomBy(ZOOM.step), { text: "+" }),
          button("Full screen", () => this.fullscreen(), { icon: ICONS.full })),
        group("Share", button("Save a picture of this view (PNG)", () => this.picture(), { icon: ICONS.camera }), this.share),
      ]),
    ])
  }

  // Called on every run of the page; draws only what is new.
  show(data) {
    if (this.digest !== data.digest) {
      const first = this.home !== data.home
      const opened = this.home === undefined
      const before = this.data && !first ? this.places() : null
      Object.assign(this, { data, digest: data.digest, home: data.home })
      this.host.classList.toggle("bare", data.bare === true) // small drawings beside a text need no search and no link
      this.flow.clear()
      this.overlay.show(null)
      const fresh = this.drawing.update(data)
      this.keyboard.update(data)
      this.canvas.setAttribute("aria-label", data.say)
      this.legend.replaceChildren(...legendEntries(data, this.flow))
      this.camera.measure(data)
      this.canvas.classList.toggle("heavy", this.camera.heavy)
      this.height(first)
      if (first) this.start(opened)
      else this.keep(before, fresh)
      this.select(this.drawing.items.has(this.picked) ? this.picked : null)
      this.signs.arrived()
      if (!opened) this.signs.say(data.say)
    }
    this.mark()
  }

  // What is laid over the drawing: it comes by a message of its own, so that a click does not send the drawing again.
  mark() {
    const marks = board().latest?.get(this.home)
    if (!this.data || !marks) return
    const dark = channelsOf(getComputedStyle(this.host).backgroundColor).reduce((sum, value) => sum + value) < 384
    const key = JSON.stringify([this.digest, dark])
    const news = (name) => {
      const text = key + JSON.stringify(name === "motion" ? marks.overlay : (marks[name] ?? null))
      const changed = this[`${name}Shown`] !== text
      this[`${name}Shown`] = text
      return changed
    }
    this.dark = dark
    if (news("overlay")) this.overlay.show(marks.overlay)
    if (news("route")) this.flow.route(marks.route)
    if (news("find")) this.find.show(marks.find)
    if (news("pair")) this.pair.show(marks.pair ?? null)
    if (this.camera.heavy && news("motion")) this.motion.prepare(this.drawing, this.host)
    const request = marks.select
    if (request && request[1] !== this.request) {
      this.request = request[1]
      this.select(request[0])
      this.reveal(request[0])
      if (this.drawing.items.has(request[0])) this.keyboard.activate(request[0])
    }
  }

  // --- what the reader looks at

  // A flat graph needs no tall window, but the window never shrinks under the reader's eyes.
  height(first) {
    const [width] = this.camera.size
    const scale = Math.max(Math.min((width - 2 * MARGIN) / this.data.width, 1.25), this.camera.readable)
    const wanted = Math.min(Math.max(this.data.height * scale + 3 * MARGIN, 300), 640)
    const present = parseFloat(this.stage.style.height) || 0
    if (first || wanted > present) this.stage.style.height = `${Math.round(wanted)}px`
  }

  start(opened) {
    this.camera.start(this.data.nodes[0]) // the network's input: start where the reader starts
    if (opened && this.data.at) this.camera.place = this.data.at
    this.camera.rest()
  }

  places() {
    const seen = new Map()
    for (const [id, { data }] of this.drawing.items) seen.set(id, this.camera.onScreen(data))
    return seen
  }

  // After a group was opened or closed: what was toggled stays where the reader saw it.
  keep(before, fresh) {
    const { camera, anchor } = this
    const now = anchor && this.drawing.items.get(anchor.id)
    this.anchor = null
    if (now) {
      const { x, y, h } = now.data
      camera.x = x - anchor.at[0] / camera.k
      camera.y = y + h / 2 - anchor.at[1] / camera.k
      if (anchor.focus) {
        this.keyboard.activate(anchor.id)
        speaker(now).focus({ preventScroll: true })
      }
    }
    camera.rest()
    if (anchor) this.animate(before, fresh)
  }

  // Nodes that were on screen glide from their old place; new ones and edges fade in.
  animate(before, fresh) {
    if (this.data.nodes.length > MOVES_ANIMATED || this.camera.heavy || still()) return
    const timing = { duration: 220, easing: "cubic-bezier(0.2, 0, 0, 1)" }
    const { x, y, k } = this.camera
    for (const [id, { data, element }] of this.drawing.items) {
      const old = before.get(id)
      if (fresh.has(id) || !old) element.animate([{ opacity: 0 }, { opacity: 1 }], timing)
      else if (element.classList.contains("node")) {
        const from = `translate(${old[0] / k + x}px, ${old[1] / k + y}px)`
        element.animate([{ transform: from }, { transform: `translate(${data.x}px, ${data.y}px)` }], timing)
      }
    }
    for (const name of ["edges", "labels"]) {
      this.drawing.layers[name].animate([{ opacity: 0 }, { opacity: 1 }], { ...timing, delay: 60, fill: "backwards" })
    }
  }

  moved() {
    this.zoom.textContent = `${Math.round(this.camera.k * 100)} %`
    if (this.canvas.dataset.level === "5") this.drawing.labelAll()
    this.pair.moved()
  }

  reveal(id) {
    const item = this.drawing.items.get(id)
    if (item) this.camera.reveal(item.data)
  }

  revealEdge(key) {
    const edge = this.drawing.edges.get(key)
    if (!edge) return
    this.flow.edge(edge)
    this.camera.reveal({ x: edge.data.x - 40, y: edge.data.y - 20, w: 80, h: 40 })
  }

  resized() {
    const width = this.canvas.clientWidth
    if (this.data && !this.width && width) this.start(true)
    this.width = width
  }

  fullscreen() {
    if (document.fullscreenElement) document.exitFullscreen()
    else this.host.requestFullscreen?.().then(() => requestAnimationFrame(() => this.camera.fit()))
  }

  // On paper all of the graph is seen, whatever part of it is on the screen.
  print(begins) {
    if (begins) this.canvas.setAttribute("viewBox", `${-MARGIN} ${-MARGIN} ${this.data.width + 2 * MARGIN} ${this.data.height + 2 * MARGIN}`)
    else this.canvas.removeAttribute("viewBox")
  }

  // --- what the reader does

  idAt(target) {
    return target?.closest?.("[data-id]")?.dataset.id ?? null
  }

  toggle(id) {
    const item = this.drawing.items.get(id)
    const frame = item?.element.classList.contains("frame")
    if (!item || !(frame || item.data.open)) return
    const [width, height] = this.camera.size
    const at = this.camera.onScreen({ x: item.data.x, y: item.data.y + item.data.h / 2 })
    // A large group's edge may be out of sight: then it closes at the margin.
    at[0] = Math.min(Math.max(at[0], MARGIN), width - 4 * MARGIN)
    at[1] = Math.min(Math.max(at[1], 2 * MARGIN), height - 2 * MARGIN)
    this.anchor = { id, at, focus: item.element.contains(this.host.getRootNode().activeElement) }
    this.report.toggle(id)
    this.signs.wait()
  }

  pick(id) {
    this.select(id)
    if (id) this.keyboard.activate(id)
    this.report.pick(id)
  }

  select(id) {
    const { items, edges, before, after } = this.drawing
    for (const element of this.near ?? []) element.classList.remove("near", "picked")
    if (items.has(this.picked)) speaker(items.get(this.picked)).setAttribute("aria-selected", false)
    this.picked = id
    this.near = []
    if (!items.has(id)) return
    const { element } = items.get(id)
    speaker(items.get(id)).setAttribute("aria-selected", true)
    element.classList.add("picked")
    this.near = [element, ...[...(before.get(id) ?? []), ...(after.get(id) ?? [])].map((edge) => edge.path)]
    for (const path of this.near.slice(1)) path.classList.add("near")
  }

  hover(target) {
    if (this.pointer?.dragging || this.camera.moving) target = null
    const id = this.idAt(target)
    if (!id && target?.edge) {
      this.hovered = null
      this.flow.edge(target.edge)
    } else if (id !== this.hovered) {
      this.hovered = id
      this.flow.clear()
      if (this.drawing.before?.has(id)) this.flow.around(id)
    }
    this.pair.hover(this.hovered)
    this.describe(id)
  }

  describe(id) {
    const item = id && this.drawing.items.get(id)
    const amount = item && (this.overlay.data?.nodes[id]?.[3] ?? this.overlay.data?.frames[id])
    const more = [...(amount ? [amount] : []), ...this.pair.words(id)]
    this.tip.hidden = !item || !(item.data.tip || more.length)
    if (this.tip.hidden) return
    const lines = [...(item.data.tip ?? [item.data.id]), ...more]
    this.tip.replaceChildren(...lines.map((line) => html("div", {}, [line])))
    // In the corner that the node is not in: beside the node it would hide what the node is linked to.
    const [width, height] = this.camera.size
    const [left, top] = this.camera.onScreen({ x: item.data.x + item.data.w / 2, y: item.data.y + item.data.h / 2 })
    this.tip.classList.toggle("aside", left < width / 2 && top > height / 2)
  }

  async picture() {
    this.signs.wait()
    await snapshot(this)
    this.signs.arrived()
    this.signs.say("The picture is saved.")
  }

  async copyLink() {
    await copyText(permalink(this.camera), this.host)
    this.share.classList.add("done")
    setTimeout(() => this.share.classList.remove("done"), 1600)
    this.signs.say("The link is copied.")
  }
}

// Where the page's second component leaves what is laid over the graph: see marks.js.
function board() {
  return (globalThis.architectureGraph ??= new EventTarget())
}

function channelsOf(colour) {
  return (colour.match(/\d+(\.\d+)?/g) ?? ["255", "255", "255"]).slice(0, 3).map(Number)
}
