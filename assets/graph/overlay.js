// Overlay: nodes in the colours of a quantity, the quantity written on them, and the scale that explains both.

// Viridis (van der Walt and Smith, CC0): even steps of lightness, safe for colour-blind readers and in print.
const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"]

class Overlay {
  constructor(explorer) {
    Object.assign(this, { explorer, drawing: explorer.drawing, canvas: explorer.canvas, painted: new Set() })
    this.scale = html("div", { class: "scale-box", hidden: "" })
  }

  // Large numbers stand out from the background: dark on paper, bright on slate.
  get stops() {
    return this.explorer.dark ? VIRIDIS : [...VIRIDIS].reverse()
  }

  show(overlay) {
    for (const item of this.painted) this.wash(item)
    this.painted.clear()
    this.data = overlay
    this.canvas.classList.toggle("overlaid", Boolean(overlay))
    this.scale.hidden = !overlay
    if (!overlay) return
    for (const item of this.drawing.items.values()) {
      const amount = overlay.nodes[item.data.id]
      if (amount && item.element.classList.contains("node")) this.paint(item, ...amount)
    }
    this.legend(overlay)
  }

  paint(item, position, text, share) {
    const { element, data } = item
    const colour = blend(this.stops, position)
    element.classList.add("valued")
    element.style.setProperty("--fill", `rgb(${colour.join(" ")})`)
    element.style.setProperty("--ink", luminance(colour) > 0.24 ? "#14161a" : "#fff")
    const bar = data.o !== "round"
    const title = element.querySelector(":scope > .title")
    title.setAttribute("y", data.h / 2 - (bar ? 8.5 : 7))
    title.after(write("subtitle amount", text, data.w / 2, data.h / 2 + (bar ? 6 : 8.5)))
    if (bar) {
      const room = data.w - 12
      element.append(svg("rect", { class: "bar", x: 6, y: data.h - 5.5, width: Math.max(room * share, 0.5), height: 3, rx: 1.5 }))
    }
    this.painted.add(item)
  }

  wash({ element, data }) {
    element.classList.remove("valued")
    for (const name of ["--fill", "--ink"]) element.style.removeProperty(name)
    element.querySelectorAll(":scope > .amount, :scope > .bar").forEach((each) => each.remove())
    element.querySelector(":scope > .title").setAttribute("y", data.s ? data.h / 2 - 7 : data.h / 2)
  }

  legend({ title, note, ticks }) {
    const strip = html("div", { class: "strip", role: "img", "aria-label": `${title}: ${ticks.map(([, text]) => text).join(", ")}` })
    strip.style.background = `linear-gradient(90deg, ${this.stops.join(", ")})`
    const marks = html("div", { class: "ticks", "aria-hidden": true }, ticks.map(([position, text]) => {
      const tick = words("tick", text)
      tick.style.left = `${100 * position}%`
      return tick
    }))
    this.scale.replaceChildren(words("scale-title", title), html("div", { class: "scale-bar" }, [strip, marks]), words("scale-note", note))
  }
}

// The colour at a position from 0 to 1, as [red, green, blue] from 0 to 255.
function blend(stops, position) {
  const at = Math.min(Math.max(position, 0), 1) * (stops.length - 1)
  const from = Math.min(Math.floor(at), stops.length - 2)
  const [a, b] = [stops[from], stops[from + 1]].map(channels)
  return a.map((value, index) => Math.round(value + (b[index] - value) * (at - from)))
}

function channels(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16))
}

// Relative luminance, WCAG 2.
function luminance(rgb) {
  const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
