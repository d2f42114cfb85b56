// Elements: how HTML and SVG are made. Text is always set as text: a label is data, never markup.

const SVG = "http://www.w3.org/2000/svg"

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

function write(name, text, x, y) {
  const made = svg("text", { class: name, x, y })
  made.textContent = text
  return made
}

function words(name, text, attributes = {}) {
  const made = html("span", { class: name, ...attributes })
  made.textContent = text
  return made
}

// A button of the toolbar: an icon, drawn by one path in a box of 14, or text.
function button(title, act, { icon, text } = {}) {
  const made = html("button", { type: "button", title, "aria-label": title })
  if (text !== undefined) made.textContent = text
  if (icon) made.append(svg("svg", { viewBox: "0 0 14 14", class: "icon", "aria-hidden": true }, [svg("path", { d: icon })]))
  made.onclick = act
  return made
}

function outline(kind, w, h) {
  if (kind === "round") return svg("circle", { cx: w / 2, cy: h / 2, r: h / 2 })
  return svg("rect", { width: w, height: h, rx: kind === "pill" ? h / 2 : 5 })
}

function marker({ kind }) {
  const arrow = svg("marker", {
    id: `arrow-${kind}`, class: `arrow ${kind}`, viewBox: "0 0 8 8", refX: 7.4, refY: 4,
    markerWidth: 7.5, markerHeight: 7.5, markerUnits: "userSpaceOnUse", orient: "auto",
  })
  arrow.append(svg("path", { d: "M0 0.6 L8 4 L0 7.4 L1.8 4 Z" }))
  return arrow
}

// The small plus or minus that opens or closes a group. Keys do the same from the node itself: it is no tab stop.
function toggle(id, label, open, x, y) {
  const made = svg("g", { class: "toggle", transform: `translate(${x} ${y})`, role: "button", tabindex: -1, "aria-label": label })
  made.append(svg("circle", { class: "reach", r: 11 }), svg("circle", { r: 6.5 }))
  made.append(svg("path", { d: open ? "M-3.2 0H3.2" : "M-3.2 0H3.2M0 -3.2V3.2" }))
  return made
}

function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches
}
