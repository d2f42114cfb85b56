// Heatmaps of connections: a path for each colour, one area to point at, arrow keys from cell to cell.
const SVG = "http://www.w3.org/2000/svg"
const SHADES = 96
const WIDEST = 300 // pixels of a heatmap's cells, so that four blocks stand side by side; two where there is less room
const CELL = { least: 5, most: 34 }

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".heatmaps")
  const state = (root.state ??= { width: 0 })
  state.data = data
  state.send = setTriggerValue
  if (state.digest !== data.digest) {
    state.digest = data.digest
    draw(root, state)
  }
  choose(root, data.chosen)
  if (!state.observer) {
    state.observer = new ResizeObserver(() => {
      if (Math.abs(root.clientWidth - state.width) < 8) return
      draw(root, state)
      choose(root, state.data.chosen)
    })
    state.observer.observe(root)
  }
  return () => {
    state.observer?.disconnect()
    state.observer = null
  }
}

function draw(root, state) {
  const { data } = state
  state.width = root.clientWidth
  const tip = element("div", { class: "tip", role: "status", "aria-live": "polite" })
  const networks = data.networks.map((network, at) => {
    const section = element("section", { class: "network" })
    if (network.title) section.append(header(network))
    const panels = element("div", { class: "panels" })
    const sizes = fitted(network.panels, data.beside ? state.width / 2 : state.width)
    network.panels.forEach((panel, i) => panels.append(figure(panel, sizes[i], at, data, tip, root, state)))
    section.append(panels)
    return section
  })
  const rows = element("div", { class: data.beside ? "beside" : "" })
  rows.append(...networks)
  root.replaceChildren(legend(data), rows, tip)
}

function header({ title, about, random }) {
  const line = element("header", {})
  line.append(element("b", {}, title))
  if (random) line.append(element("span", { class: "random" }, "random weights"))
  line.append(element("span", {}, about))
  return line
}

function legend({ legend, palette }) {
  const line = element("div", { class: "legend" })
  const bar = element("span", { class: "bar" })
  const ramp = element("i", {})
  ramp.style.background = `linear-gradient(to right, ${palette.join(", ")})`
  bar.append(legend.low, ramp, legend.high)
  const none = element("span", { class: "bar none" })
  none.append(element("i", {}), "no connection")
  line.append(bar, none)
  if (legend.last) {
    const last = element("span", { class: "bar last" })
    last.append(element("i", {}), legend.last)
    line.append(last)
  }
  return line
}

// Side of a cell for each panel: as large as it may be, and smaller together where one row would just hold them all.
function fitted(panels, width) {
  const widest = width > 760 ? WIDEST : width > 480 ? width / 2 - 62 : width - 62
  const natural = panels.map(({ rows, columns, gathered }) => {
    const count = Math.max(rows.length, columns.length)
    return gathered ? Math.max(26, Math.min(38, 900 / columns.length)) : Math.max(CELL.least, Math.min(CELL.most, widest / count))
  })
  const total = panels.reduce((sum, panel, i) => sum + natural[i] * panel.columns.length + margin(panel).left + 30, 0)
  const fixed = panels.reduce((sum, panel) => sum + margin(panel).left + 30, 0)
  const factor = (width - fixed) / (total - fixed)
  return natural.map((side) => (factor < 1 && factor > 0.68 && panels.length > 1 ? side * factor : side))
}

function margin(panel) {
  if (!panel.gathered) return { left: 40, top: 22, right: 6, bottom: 22 }
  const longest = Math.max(...panel.columns.map(([label]) => label.length))
  const widest = Math.max(...panel.rows.map(([label]) => label.length))
  return { left: 12 + widest * 6, top: 12 + longest * 6.1 * 0.62, right: Math.max(8, longest * 6.1 * 0.8 - 20), bottom: 8 }
}

function figure(panel, cell, at, data, tip, root, state) {
  const { rows, columns, framed, cells, gathered } = panel
  const { left, top, right, bottom } = margin(panel)
  const wide = columns.length * cell, high = rows.length * cell
  const holder = element("figure", {})
  const caption = element("figcaption", {}, panel.title)
  if (panel.remark) caption.append(element("span", {}, ` ${panel.remark}`))
  const svg = node("svg", {
    width: left + wide + right, height: top + high + bottom, viewBox: `${-left} ${-top} ${left + wide + right} ${top + high + bottom}`,
    tabindex: 0, role: "application", "aria-label": `${panel.title}: ${rows.length} sources down, ${columns.length} targets across. Arrow keys move, Enter opens a connection.`,
  })
  const gap = cell > 12 ? 1 : cell > 7 ? 0.6 : 0
  const inks = new Map()
  const places = new Map()
  cells.forEach((entry) => {
    const [row, column, unit] = entry
    places.set(row * columns.length + column, entry)
    const shade = Math.round(Math.min(1, unit) * (SHADES - 1))
    const side = (cell - gap).toFixed(2)
    inks.set(shade, `${inks.get(shade) ?? ""}M${(column * cell + gap / 2).toFixed(2)} ${(row * cell + gap / 2).toFixed(2)}h${side}v${side}h-${side}z`)
  })
  svg.append(node("rect", { class: "ground", x: 0, y: 0, width: wide, height: high }))
  for (const [shade, d] of inks) svg.append(node("path", { d, fill: colour(shade / (SHADES - 1), data.palette) }))
  if (cell >= 30) cells.forEach(([row, column, unit, [value, , short]]) => text(svg, (column + 0.5) * cell, (row + 0.5) * cell + 4, short, { "text-anchor": "middle", class: unit > 0.62 ? "dark" : "light" }))
  for (const column of framed) svg.append(node("rect", { class: "frame", x: column * cell - 0.5, y: -0.5, width: cell + 1, height: high + 1 }))
  const labels = axes(svg, panel, cell, wide, high)
  const bands = [node("rect", { class: "band", visibility: "hidden" }), node("rect", { class: "band", visibility: "hidden" })]
  const here = node("rect", { class: "here", width: cell, height: cell, visibility: "hidden" })
  const chosen = node("rect", { class: "chosen", width: cell, height: cell, visibility: "hidden" })
  const area = node("rect", { class: "area", x: 0, y: 0, width: wide, height: high })
  svg.append(...bands, chosen, here, area)

  let place = null
  const found = (row, column) => places.get(row * columns.length + column)
  const show = (entry) => {
    place = entry
    for (const label of [...labels.rows, ...labels.columns]) label?.classList.remove("lit")
    for (const mark of [here, ...bands]) mark.setAttribute("visibility", entry ? "visible" : "hidden")
    if (!entry) return tip.classList.remove("shown")
    const [row, column] = entry
    set(here, { x: column * cell, y: row * cell })
    set(bands[0], { x: 0, y: row * cell, width: column * cell, height: cell })
    set(bands[1], gathered ? { x: column * cell, y: 0, width: cell, height: row * cell } : { x: column * cell, y: (row + 1) * cell, width: cell, height: high - (row + 1) * cell })
    labels.rows[row]?.classList.add("lit")
    labels.columns[column]?.classList.add("lit")
    say(tip, panel, entry)
    locate(tip, root, svg, left + column * cell + cell, top + row * cell)
  }
  const pointed = (event) => {
    const box = area.getBoundingClientRect()
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows.length)
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns.length)
    return found(row, column) ?? null
  }
  const pick = (entry) => {
    if (entry) state.send("picked", [at, entry[4], entry[5], entry[6]])
  }
  area.onpointermove = (event) => show(pointed(event))
  area.onpointerleave = () => show(null)
  area.onclick = (event) => pick(pointed(event))
  svg.onblur = () => show(null)
  svg.onfocus = () => {
    if (svg.matches(":focus-visible") && !place) show(cells[0] ?? null)
  }
  svg.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      return pick(place)
    }
    if (event.key === "Escape") return show(null)
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    if (!step) return
    event.preventDefault()
    if (!place) return show(cells[0] ?? null)
    for (let row = place[0] + step[0], column = place[1] + step[1]; row >= 0 && column >= 0 && row < rows.length && column < columns.length; row += step[0], column += step[1]) {
      const next = found(row, column)
      if (next) return show(next)
    }
  }
  svg.mark = (id) => {
    const entry = id && id[0] === at ? cells.find((each) => each[4] === id[1] && each[5] === id[2] && each[6] === id[3]) : null
    chosen.setAttribute("visibility", entry ? "visible" : "hidden")
    if (entry) set(chosen, { x: entry[1] * cell, y: entry[0] * cell })
  }
  holder.append(caption, svg)
  return holder
}

// Labels of both axes, thinned out where cells are small; the names of framed columns always stand.
function axes(svg, { rows, columns, framed, gathered }, cell, wide, high) {
  const every = gathered || cell >= 13 ? 1 : cell >= 8 ? 4 : 8
  const last = new Set(framed)
  const made = { rows: [], columns: [] }
  rows.forEach(([label], i) => {
    if (i % every) return
    made.rows[i] = text(svg, -6, (i + 0.5) * cell + 4, label, { "text-anchor": "end" })
  })
  columns.forEach(([label], i) => {
    const stands = last.has(i)
    const number = Number(label)
    if (!stands && every > 1 && number % every) return
    if (!stands && every > 1 && framed.some((f) => f > i && f - i < 2)) return
    const x = (i + 0.5) * cell
    made.columns[i] = gathered && label.length > 3
      ? text(svg, 0, 0, label, { transform: `translate(${x - 2} -7) rotate(-38)` })
      : text(svg, x, -6, label, { "text-anchor": "middle", class: stands ? "framed" : "" })
  })
  if (!gathered) {
    text(svg, wide / 2, high + 15, "target layer ℓ", { "text-anchor": "middle", class: "axis" })
    text(svg, 0, 0, "source layer s", { "text-anchor": "middle", class: "axis", transform: `translate(-27 ${high / 2}) rotate(-90)` })
  }
  return made
}

function say(tip, panel, [row, column, , text]) {
  const [value, scaled] = text
  const numbers = element("b", {}, value)
  const head = element("div", {})
  head.append(numbers, ` ${panel.unit}${scaled ? ` · ${scaled}` : ""}`)
  tip.replaceChildren(head, element("div", {}, `from ${label(panel.rows[row])}`), element("div", {}, `into ${label(panel.columns[column])}`))
  tip.classList.add("shown")
}

function label([short, about]) {
  return about.startsWith(short) ? about : `${short}: ${about}`
}

function locate(tip, root, svg, x, y) {
  const outer = root.getBoundingClientRect(), inner = svg.getBoundingClientRect()
  const left = inner.left - outer.left + x + 12
  const room = outer.width - tip.offsetWidth - 4
  tip.style.left = `${Math.max(0, left > room ? Math.min(room, left - tip.offsetWidth - 60) : left)}px`
  tip.style.top = `${inner.top - outer.top + y - tip.offsetHeight - 8}px`
}

function choose(root, id) {
  for (const svg of root.querySelectorAll("figure svg")) svg.mark(id)
}

function colour(unit, palette) {
  const place = unit * (palette.length - 1)
  const low = Math.min(Math.floor(place), palette.length - 2)
  const mix = (channel) => {
    const [a, b] = [palette[low], palette[low + 1]].map((hex) => parseInt(hex.slice(1 + 2 * channel, 3 + 2 * channel), 16))
    return Math.round(a + (b - a) * (place - low))
  }
  return `rgb(${mix(0)} ${mix(1)} ${mix(2)})`
}

function text(svg, x, y, words, attributes) {
  const made = node("text", { x, y, ...attributes })
  made.textContent = words
  svg.append(made)
  return made
}

function node(tag, attributes) {
  return set(document.createElementNS(SVG, tag), attributes)
}

function element(tag, attributes, words) {
  const made = set(document.createElement(tag), attributes)
  if (words !== undefined) made.textContent = words
  return made
}

function set(made, attributes) {
  for (const [name, value] of Object.entries(attributes)) if (value !== "") made.setAttribute(name, value)
  return made
}
