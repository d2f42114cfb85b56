// Find: the search field and its hits. Python reads the search; here its hits are listed, lit and stepped through.

const PAUSE = 180 // milliseconds without a key until a search is sent
const LISTED = 60
const EXAMPLES = ["root", "64×64", "conv k=3", "concat > 3 inputs", "params > 1M", "stride 2"]

class Find {
  constructor(explorer) {
    Object.assign(this, { explorer, hits: [], at: -1, sent: "", lit: new Set() })
    this.input = html("input", {
      type: "search", placeholder: "Find  /", "aria-label": "Find in the network", role: "combobox", "aria-expanded": false,
      "aria-autocomplete": "list", "aria-controls": "graph-hits", maxlength: 200, spellcheck: false, autocomplete: "off",
    })
    this.count = html("span", { class: "found", role: "status" })
    this.previous = button("Previous hit (Shift+Enter)", () => this.step(-1), { icon: "M3 9L7 5L11 9" })
    this.next = button("Next hit (Enter)", () => this.step(1), { icon: "M3 5L7 9L11 5" })
    this.list = html("div", { class: "hits", id: "graph-hits", role: "listbox", "aria-label": "Hits", hidden: "" })
    this.steps = html("div", { class: "group", role: "group", "aria-label": "Hits", hidden: "" }, [this.previous, this.next])
    this.element = html("div", { class: "find" }, [this.input, this.steps, this.count, this.list])
    this.input.oninput = () => this.typed()
    this.input.onkeydown = (event) => this.key(event)
    this.input.onfocus = () => this.open(true)
    this.element.addEventListener("focusout", (event) => { if (!this.element.contains(event.relatedTarget)) this.open(false) })
    // A press on an entry must not take the focus out of the field before the click arrives.
    this.list.onpointerdown = (event) => event.preventDefault()
    this.list.onclick = (event) => this.choose(event.target.closest("[role=option]"))
  }

  focus() {
    this.input.focus()
    this.input.select()
  }

  typed() {
    clearTimeout(this.pause)
    this.pause = setTimeout(() => this.send(), PAUSE)
  }

  send() {
    clearTimeout(this.pause)
    const text = this.input.value.trim()
    if (text === this.sent) return
    this.sent = text
    this.explorer.report.query(text)
    if (text) this.explorer.signs.wait()
  }

  // What Python answered, on every run of the page.
  show(found) {
    const fresh = found.query !== this.query
    if (fresh && found.query !== this.sent && !this.focused) this.input.value = this.sent = found.query
    if (found.query === this.sent) this.explorer.signs.arrived()
    Object.assign(this, { query: found.query, hits: found.hits, total: found.total })
    if (fresh) this.at = -1
    this.light()
    this.write(found.error)
    this.fill()
    const first = this.hits.find((hit) => hit.shown)
    if (fresh && this.focused && first) this.explorer.reveal(first.shown)
  }

  get focused() {
    return this.element.getRootNode().activeElement === this.input
  }

  write(error) {
    const hidden = this.hits.filter((hit) => hit.folded).length
    const counted = `${this.total} found${hidden ? `, ${hidden} folded` : ""}`
    this.count.textContent = error || (!this.query ? "" : this.total ? (this.at < 0 ? counted : `${this.at + 1} of ${this.total}`) : "nothing found")
    this.count.classList.toggle("wrong", Boolean(error))
    this.steps.hidden = this.hits.length === 0
  }

  light() {
    for (const element of this.lit) element.classList.remove("hit", "holds")
    this.lit.clear()
    const { items, edges } = this.explorer.drawing
    const mark = (element, name) => {
      if (!element) return
      element.classList.add(name)
      this.lit.add(element)
    }
    for (const hit of this.hits) {
      mark(items.get(hit.shown)?.element, hit.folded ? "holds" : "hit")
      for (const edge of hit.edges) mark(edges.get(edge)?.path, "hit")
    }
    this.explorer.canvas.classList.toggle("searching", this.lit.size > 0)
  }

  fill() {
    const entries = this.query
      ? this.hits.slice(0, LISTED).map((hit, place) => this.entry(hit.label, where(hit), { "data-place": place }))
      : EXAMPLES.map((text) => this.entry(text, "", { "data-example": text }))
    const head = words("hint", this.query ? "" : "Names, sizes and comparisons, such as")
    const more = this.total > LISTED && this.query ? [words("hint", `and ${this.total - LISTED} more`)] : []
    this.list.replaceChildren(...(this.query ? [] : [head]), ...entries, ...more)
    this.current()
    this.open(this.focused)
  }

  entry(label, aside, attributes) {
    const place = attributes["data-place"] ?? attributes["data-example"]
    return html("div", { role: "option", id: `graph-hit-${place}`, class: "option", ...attributes }, [words("name", label), words("aside", aside)])
  }

  open(wanted) {
    const shown = wanted && this.list.querySelector("[role=option]") !== null
    this.list.hidden = !shown
    this.input.setAttribute("aria-expanded", shown)
  }

  current() {
    const place = String(this.at)
    for (const option of this.list.querySelectorAll("[role=option]")) {
      const chosen = option.dataset.place === place
      option.setAttribute("aria-selected", chosen)
      if (chosen) option.scrollIntoView({ block: "nearest" })
    }
    if (this.at >= 0) this.input.setAttribute("aria-activedescendant", `graph-hit-${place}`)
    else this.input.removeAttribute("aria-activedescendant")
  }

  choose(option) {
    if (!option) return
    if (option.dataset.example) {
      this.input.value = option.dataset.example
      this.send()
    } else {
      this.at = Number(option.dataset.place)
      this.go()
    }
  }

  key(event) {
    event.stopPropagation()
    const acts = {
      Enter: () => this.step(event.shiftKey ? -1 : 1), ArrowDown: () => this.step(1), ArrowUp: () => this.step(-1),
      Escape: () => this.escape(),
    }
    if (!acts[event.key]) return
    event.preventDefault()
    if (event.key !== "Escape" && this.input.value.trim() !== this.sent) this.send()
    else acts[event.key]()
  }

  escape() {
    if (this.input.value) {
      this.input.value = ""
      this.send()
    } else {
      this.open(false)
      this.explorer.canvas.focus({ preventScroll: true })
    }
  }

  step(by) {
    if (!this.hits.length) return
    const start = this.at < 0 && by < 0 ? 0 : this.at
    this.at = (start + by + this.hits.length) % this.hits.length
    this.go()
  }

  // To the hit: picked where it is in sight; a folded one is opened by Python, one drawn into an edge is shown there.
  go() {
    const hit = this.hits[this.at]
    const { explorer } = this
    this.write("")
    this.current()
    if (hit.folded) {
      explorer.report.reveal(hit.node)
      explorer.signs.wait()
    } else if (hit.shown) {
      explorer.reveal(hit.shown)
      explorer.pick(hit.shown)
    } else if (hit.edges.length) explorer.revealEdge(hit.edges[0])
    explorer.signs.say(`${this.at + 1} of ${this.total}: ${hit.label}${where(hit) ? `, ${where(hit)}` : ""}`)
  }
}

function where(hit) {
  if (hit.folded) return `in ${hit.shown}`
  if (hit.shown) return ""
  return hit.edges.length ? "drawn into an edge" : "not in this view"
}
