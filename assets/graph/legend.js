// Legend: what colours, outlines and lines stand for. Resting on an entry lights what it explains.

function legendEntries({ roles, kinds }, flow) {
  return [
    ...roles.map((role) => entry(roleSwatch(role), { ...role, name: role.frame ? "" : "role" }, () => flow.nodes((item) => item.role === role.role), flow)),
    ...kinds.map((kind) => entry(kindSwatch(kind), kind, () => flow.edgesOf(kind.kind), flow)),
  ]
}

function entry(picture, { label, meaning, name = "" }, mark, flow) {
  const item = html("span", { class: `entry ${name}`, title: meaning }, [picture, words("", label)])
  item.onpointerenter = mark
  item.onpointerleave = () => flow.clear()
  return item
}

function roleSwatch(role) {
  const round = role.o === "round" && !role.frame
  const picture = svg("svg", { width: 22, height: 16, class: `swatch ${role.frame ? "frame" : "node"} ${role.o}`, "aria-hidden": true })
  picture.style.setProperty("--role", role.colour)
  const shape = role.frame ? svg("rect", { width: 20, height: 14, rx: 4 }) : outline(role.o, round ? 14 : 20, 14)
  shape.setAttribute("transform", round ? "translate(4 1)" : "translate(1 1)")
  picture.append(shape)
  return picture
}

function kindSwatch({ kind }) {
  const picture = svg("svg", { width: 28, height: 16, class: "swatch", "aria-hidden": true })
  picture.append(svg("path", { class: `edge ${kind}`, d: "M2 8H25", "marker-end": `url(#arrow-${kind})` }))
  return picture
}
