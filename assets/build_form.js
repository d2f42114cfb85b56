// The controls of a form, one for each field that the server describes. A control is { node, write, disable }:
// `write` puts a value into it without reporting anything.

function make(name, className, text) {
  const node = document.createElement(name)
  if (className) node.className = className
  if (text !== undefined) node.textContent = text // never innerHTML: names and sentences are data
  return node
}

// A sentence in which `words` in backticks are code.
function sentence(className, text) {
  const node = make("p", className)
  text.split("`").forEach((part, index) => node.append(index % 2 ? make("code", "", part) : part))
  return node
}

// What stands in a number's box: null where it is empty.
const numberIn = (box) => (box.value.trim() === "" ? null : Number(box.value))

function numberBox(field, label, report, settle) {
  const box = make("input", "number")
  box.type = "number"
  box.inputMode = field.whole ? "numeric" : "decimal"
  // Without a minimum the arrows step in multiples: from 64 channels to 72. The server knows the true bounds.
  box.step = field.whole ? (field.wide && field.high > 512 ? 8 : 1) : 0.05
  box.setAttribute("aria-label", label)
  box.addEventListener("input", () => { if (!box.validity.badInput) report(numberIn(box)) })
  box.addEventListener("change", settle)
  return box
}

// A box is only written where it says something else: "0.50" stays as it was typed.
function writeBox(box, value) {
  if (numberIn(box) !== value || box.validity.badInput) box.value = value ?? ""
}

function numberControl(field, report, settle) {
  const node = make("div", "pair")
  const box = numberBox(field, field.label, report, settle)
  node.append(box)
  const ranged = !field.whole || field.high <= 64 || field.name === "growth_rate" || field.name === "cardinality"
  let range = null
  if (ranged) {
    range = make("input", "range")
    Object.assign(range, { type: "range", min: field.low, max: Math.min(field.high, 128), step: field.whole ? 1 : 0.05 })
    range.setAttribute("aria-label", `${field.label}, slider`)
    range.tabIndex = -1
    range.addEventListener("input", () => { box.value = range.value; report(Number(range.value)) })
    range.addEventListener("change", settle)
    box.addEventListener("input", () => { if (numberIn(box) !== null) range.value = box.value })
    node.prepend(range)
  }
  return {
    node,
    write(value) {
      writeBox(box, value)
      if (range && typeof value === "number") range.value = value
    },
  }
}

// One number per stage, each under its own name, with a bar that shows how they compare.
function listControl(field, report, settle) {
  const node = make("div", "list")
  const cells = make("div", "cells")
  const ends = make("div", "ends")
  node.append(cells)
  let values = []
  const draw = () => {
    cells.replaceChildren(...values.map((_, index) => cell(index)))
    measure()
  }
  const measure = () => {
    const most = Math.max(1, ...values.filter((value) => typeof value === "number"))
    cells.querySelectorAll(".bar").forEach((bar, index) => {
      const value = typeof values[index] === "number" ? Math.max(0, values[index]) : 0
      bar.style.setProperty("--share", Math.min(1, value / most))
    })
  }
  const cell = (index) => {
    const name = field.entry.replace("{n}", index + field.first)
    const whole = make("label", "cell")
    whole.dataset.entry = index
    const box = numberBox(field, `${field.label}, ${name}`, (value) => {
      values[index] = value
      measure()
      report([...values])
    }, settle)
    box.value = values[index] ?? ""
    whole.append(make("span", "bar"), box, make("span", "entry", name))
    return whole
  }
  const grow = make("button", "small", "+")
  const shrink = make("button", "small", "−")
  if (field.least !== field.most) {
    for (const [button, label] of [[shrink, `Remove the last entry of ${field.label}`], [grow, `Add an entry to ${field.label}`]]) {
      button.type = "button"
      button.title = label
      button.setAttribute("aria-label", label)
    }
    shrink.addEventListener("click", () => { values = values.slice(0, -1); draw(); report([...values]); settle() })
    grow.addEventListener("click", () => { values = [...values, values.at(-1) ?? Math.max(1, field.low)]; draw(); report([...values]); settle() })
    ends.append(shrink, grow)
    node.append(ends)
  }
  return {
    node,
    write(sent) {
      const next = Array.isArray(sent) ? sent : []
      const boxes = [...cells.querySelectorAll("input")]
      values = [...next]
      if (boxes.length !== next.length) draw()
      else boxes.forEach((box, index) => writeBox(box, next[index]))
      measure()
      shrink.disabled = next.length <= field.least
      grow.disabled = next.length >= field.most
    },
  }
}

function choiceControl(field, report, settle) {
  const node = make("div", "choices")
  node.setAttribute("role", "radiogroup")
  node.setAttribute("aria-label", field.label)
  const buttons = field.options.map((option) => {
    const button = make("button", "", String(option))
    button.type = "button"
    button.setAttribute("role", "radio")
    button.addEventListener("click", () => { mark(option); report(option); settle() })
    return button
  })
  const mark = (value) => buttons.forEach((button, index) => button.setAttribute("aria-checked", String(field.options[index] === value)))
  node.append(...buttons)
  return { node, write: mark }
}

function switchControl(field, report, settle) {
  const node = make("label", "switch")
  const box = Object.assign(make("input"), { type: "checkbox" })
  box.setAttribute("role", "switch")
  box.setAttribute("aria-label", field.label)
  const word = make("span", "", "no")
  box.addEventListener("change", () => { word.textContent = box.checked ? "yes" : "no"; report(box.checked); settle() })
  node.append(box, word)
  return { node, write(value) { box.checked = value === true; word.textContent = box.checked ? "yes" : "no" } }
}

// Names and numbers: the output maps of a detector.
function mappingControl(field, report, settle) {
  const node = make("div", "mapping")
  let rows = []
  const send = () => report(Object.fromEntries(rows))
  const draw = () => {
    node.replaceChildren(...rows.map(([name, value], index) => {
      const row = make("div", "row")
      const key = Object.assign(make("input", "key"), { type: "text", value: name, maxLength: 32 })
      key.setAttribute("aria-label", `Name of output map ${index + 1}`)
      key.addEventListener("input", () => { rows[index][0] = key.value; send() })
      key.addEventListener("change", settle)
      const box = numberBox(field, `Channels of output map ${name}`, (number) => { rows[index][1] = number; send() }, settle)
      box.value = value ?? ""
      const remove = make("button", "small", "−")
      remove.type = "button"
      remove.disabled = rows.length <= field.least
      remove.setAttribute("aria-label", `Remove output map ${name}`)
      remove.addEventListener("click", () => { rows.splice(index, 1); draw(); send(); settle() })
      row.append(key, box, remove)
      return row
    }))
    const add = make("button", "quiet", "Add an output map")
    add.type = "button"
    add.disabled = rows.length >= field.most
    add.addEventListener("click", () => {
      const taken = new Set(rows.map(([name]) => name))
      let number = 1
      while (taken.has(`map${number}`)) number++
      rows.push([`map${number}`, 1])
      draw()
      send()
      settle()
    })
    node.append(add)
  }
  return {
    node,
    write(sent) {
      const next = Object.entries(sent ?? {})
      if (JSON.stringify(next) === JSON.stringify(rows) && node.childElementCount) return
      rows = next.map((pair) => [...pair])
      draw()
    },
  }
}

const CONTROLS = { number: numberControl, list: listControl, choice: choiceControl, switch: switchControl, mapping: mappingControl }

// A field with its name, symbol, control and sentence.
function fieldNode(field, report, settle) {
  const control = CONTROLS[field.control](field, report, settle)
  const node = make("div", `field of-${field.control}`)
  node.dataset.field = field.name
  const head = make("div", "head")
  head.append(make("span", "label", field.label))
  if (field.symbol) head.append(make("span", "symbol", field.symbol))
  const refused = make("div", "refused")
  refused.setAttribute("role", "alert")
  node.append(head, control.node, refused, sentence("sentence", field.sentence))
  return { node, refused, write: control.write }
}
