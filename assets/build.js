// The workbench's left side: start, undo, form and YAML. What is typed goes to the server at once, one message at a
// time; the server answers with both sides of the configuration, and a control is only written where it differs.

class Workbench {
  constructor(root) {
    this.root = root
    this.number = 0
    this.pending = []
    this.waiting = 0
    this.tab = "form"
    this.controls = new Map()
    this.start = new StartPanel((edit) => this.emit(edit), () => this.toggleStart(false))
    this.text = new TextEditor((value) => this.emit({ do: "type", value }), () => this.settle())
    this.form = make("div", "form")
    this.bar = make("div", "toolbar")
    this.tabs = make("div", "tabs")
    this.drawBar()
    this.drawTabs()
    root.replaceChildren(this.bar, this.start.node, this.tabs, this.said, this.form, this.text.node)
    this.show("form")
  }

  // Edits

  emit(edit) {
    const same = this.pending.findIndex((other) => other.do === edit.do && JSON.stringify(other.place) === JSON.stringify(edit.place) && edit.do !== "undo" && edit.do !== "redo")
    // Of two unsent values of one field the later counts; those on their way stay, the server passes over doubles.
    if (same >= 0 && same === this.pending.length - 1 && this.pending[same].n > this.sent) this.pending.splice(same, 1)
    this.pending.push({ ...edit, n: ++this.number })
    this.flush()
  }

  settle() { this.emit({ do: "settle" }) }

  flush() {
    const now = performance.now()
    if (!this.pending.length || (this.waiting && now - this.waiting < 4000)) return
    this.waiting = now
    this.sent = this.number
    this.report("edits", this.pending.map((edit) => ({ ...edit })))
  }

  // Called with every answer of the server.
  receive(data, report) {
    this.data = data
    this.report = report
    if (data.ack > this.number) this.number = data.ack
    const before = this.pending.length
    this.pending = this.pending.filter((edit) => edit.n > data.ack)
    if (this.pending.length < before || !this.pending.length) this.waiting = 0
    this.flush()
    const current = !this.pending.length
    this.drawForm(current)
    if (current) this.text.write(data.text)
    this.text.mark(data.problem)
    this.drawProblem()
    for (const [name, on] of [["undo", data.past], ["redo", data.future], ["reset", data.changed]]) this.buttons[name].disabled = !on
    this.buttons.reset.querySelector("span").textContent = `Reset to ${data.base}`
    this.tabs.querySelector("[data-tab=text]").classList.toggle("bad", data.behind)
    this.root.dataset.ack = data.ack
  }

  // The row of commands

  drawBar() {
    const command = (bar, icon, label, run, title) => {
      const button = make("button", "command")
      button.type = "button"
      button.append(drawn(icon), make("span", "", label))
      button.title = title
      button.addEventListener("click", run)
      bar.append(button)
      return button
    }
    this.buttons = {
      start: command(this.bar, "M4 5h16M4 12h10M4 19h7", "Start from", () => this.toggleStart(this.start.node.hidden), "Start from a preset, or from nothing"),
      undo: command(this.bar, "M9 6 4 11l5 5M4 11h10a6 6 0 0 1 0 9h-3", "Undo", () => this.emit({ do: "undo" }), "Undo the last change"),
      redo: command(this.bar, "m15 6 5 5-5 5M20 11H10a6 6 0 0 0 0 9h3", "Redo", () => this.emit({ do: "redo" }), "Redo what was undone"),
      reset: command(this.bar, "M5 12a7 7 0 1 1 2 5M5 17v-5h5", "Reset", () => this.emit({ do: "reset" }), "Back to the preset; Undo returns"),
    }
    this.buttons.start.setAttribute("aria-expanded", "false")
    this.files = make("div", "toolbar files")
    this.file = Object.assign(make("input"), { type: "file", accept: ".yaml,.yml,text/yaml", hidden: true })
    this.file.addEventListener("change", () => this.upload(this.file.files[0]))
    this.files.append(this.file)
    command(this.files, "M12 19V6M6 12l6-6 6 6M5 21h14", "Upload YAML", () => this.file.click(), "Read a configuration from a YAML file")
    command(this.files, "M12 4v12M6 11l6 6 6-6M5 21h14", "Download YAML", () => this.download(), "Save the configuration as a YAML file")
    command(this.files, "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1", "Copy link", () => this.copy(), "Copy an address that leads to this very configuration")
    this.said = make("div", "said")
    this.said.setAttribute("role", "status")
  }

  say(text) {
    this.said.textContent = text
    clearTimeout(this.saying)
    this.saying = setTimeout(() => { this.said.textContent = "" }, 6000)
  }

  toggleStart(open) {
    if (open) this.start.open(this.data)
    else this.start.node.hidden = true
    this.buttons.start.setAttribute("aria-expanded", String(open))
  }

  async upload(file) {
    this.file.value = ""
    if (!file) return
    if (file.size > 80000) { this.say(`${file.name} has ${file.size.toLocaleString("en")} bytes, but a configuration has at most 20,000 characters.`); return }
    const text = await file.text()
    if (text.length > 20000) { this.say(`${file.name} has ${text.length.toLocaleString("en")} characters, but at most 20,000 are read.`); return }
    this.emit({ do: "type", value: text })
    this.settle()
    this.show("text")
    this.text.write(text)
    this.say(`${file.name} was read. Undo returns to what was there.`)
  }

  download() {
    const link = make("a")
    link.href = URL.createObjectURL(new Blob([this.text.area.value], { type: "text/yaml" }))
    link.download = this.data.file
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1000)
  }

  async copy() {
    const url = new URL(this.data.link, window.location.origin).href
    try {
      await navigator.clipboard.writeText(url)
      this.say("Copied: the address carries the whole configuration.")
    } catch {
      // Without permission, or over plain http: the address is shown to be copied by hand.
      const box = Object.assign(make("input", "link"), { readOnly: true, value: url })
      box.setAttribute("aria-label", "Address of this configuration")
      this.said.replaceChildren(box)
      box.select()
      clearTimeout(this.saying)
    }
  }

  // Form and YAML

  drawTabs() {
    const list = make("div", "tablist")
    list.setAttribute("role", "tablist")
    for (const [name, label] of [["form", "Form"], ["text", "YAML"]]) {
      const tab = make("button", "tab", label)
      tab.type = "button"
      tab.dataset.tab = name
      tab.setAttribute("role", "tab")
      tab.addEventListener("click", () => this.show(name))
      list.append(tab)
    }
    this.tabs.append(list, this.files)
  }

  show(name) {
    this.tab = name
    this.form.hidden = name !== "form"
    this.text.node.hidden = name !== "text"
    for (const tab of this.tabs.querySelectorAll(".tab")) tab.setAttribute("aria-selected", String(tab.dataset.tab === name))
    if (name === "text") this.text.number()
  }

  drawForm(current) {
    const { schema, kinds, fields, behind } = this.data
    const of = JSON.stringify([fields.backbone.kind, fields.head.kind, kinds])
    if (this.of !== of) {
      this.of = of
      this.controls.clear()
      this.behind = make("div", "behind", "The YAML is broken: the form shows the last valid configuration and waits. Undo returns to it.")
      this.name = Object.assign(make("input", "name"), { type: "text", maxLength: 64, placeholder: "unnamed" })
      this.name.setAttribute("aria-label", "Name")
      this.name.addEventListener("input", () => this.emit({ do: "set", place: ["name"], value: this.name.value }))
      this.name.addEventListener("change", () => this.settle())
      const title = make("label", "naming")
      title.append(make("span", "label", "Name"), this.name)
      this.form.replaceChildren(this.behind, title, this.part("backbone", "Backbone", schema.backbone, kinds), this.part("head", "Head", schema.head, kinds))
    }
    this.behind.hidden = !behind
    this.form.toggleAttribute("inert", behind)
    if (!current) return
    if (this.name.value !== (fields.name ?? "")) this.name.value = fields.name ?? ""
    for (const [place, control] of this.controls) {
      const [part, name] = place.split(".")
      control.write(fields[part][name])
    }
  }

  part(part, title, schema, kinds) {
    const node = make("section", "part")
    const head = make("div", "kinds")
    head.append(make("h3", "", title))
    const chips = make("div", "chips")
    chips.setAttribute("role", "radiogroup")
    chips.setAttribute("aria-label", title)
    for (const [kind, label, reason] of kinds[part]) {
      const button = make("button", "chip", label)
      button.type = "button"
      button.setAttribute("role", "radio")
      button.setAttribute("aria-checked", String(kind === this.data.fields[part].kind))
      if (reason) { button.disabled = true; button.title = `Not offered: ${reason}.` }
      button.addEventListener("click", () => this.emit({ do: part, value: kind }))
      chips.append(button)
    }
    head.append(chips)
    node.append(head, sentence("sentence about", this.data.about[part]))
    const refusals = kinds[part].filter(([, , reason]) => reason)
    if (refusals.length) {
      const notes = make("details", "reasons")
      notes.append(make("summary", "", `Why ${refusals.map(([, label]) => label).join(", ")} ${refusals.length > 1 ? "are" : "is"} not offered`))
      for (const [, label, reason] of refusals) notes.append(make("p", "sentence", `${label}: ${reason}.`))
      node.append(notes)
    }
    const groups = new Map()
    for (const field of schema) {
      if (!groups.has(field.group)) groups.set(field.group, [])
      groups.get(field.group).push(field)
    }
    for (const [name, fields] of groups) {
      const group = make("fieldset", "group")
      group.append(make("legend", "", name))
      const grid = make("div", "grid")
      for (const field of fields) {
        const control = fieldNode(field, (value) => this.emit({ do: "set", place: [part, field.name], value }), () => this.settle())
        this.controls.set(`${part}.${field.name}`, control)
        grid.append(control.node)
      }
      group.append(grid)
      node.append(group)
    }
    return node
  }

  // What is refused, at its field
  drawProblem() {
    const { problem, behind } = this.data
    for (const [place, control] of this.controls) {
      const hit = problem && !behind && problem.place.slice(0, 2).join(".") === place
      control.node.classList.toggle("bad", Boolean(hit))
      control.node.querySelectorAll(".cell").forEach((cell) => cell.classList.toggle("bad", Boolean(hit && String(problem.place[2]) === cell.dataset.entry)))
      if (!hit) { control.refused.replaceChildren(); continue }
      control.refused.replaceChildren(make("span", "", problem.say))
      if (problem.nearest !== null && (problem.place.length > 2) === Array.isArray(this.data.fields[problem.place[0]][problem.place[1]])) {
        const fix = make("button", "quiet", `Use ${problem.nearest}`)
        fix.type = "button"
        fix.addEventListener("click", () => {
          const [part, name, index] = problem.place
          const old = this.data.fields[part][name]
          const value = index === undefined ? problem.nearest : old.map((entry, place) => (place === index ? problem.nearest : entry))
          this.emit({ do: "set", place: [part, name], value })
          this.settle()
        })
        control.refused.append(fix)
      }
    }
  }
}

function drawn(path) {
  const space = "http://www.w3.org/2000/svg"
  const icon = document.createElementNS(space, "svg")
  icon.setAttribute("viewBox", "0 0 24 24")
  icon.setAttribute("class", "icon")
  icon.setAttribute("aria-hidden", "true")
  const line = document.createElementNS(space, "path")
  line.setAttribute("d", path)
  icon.append(line)
  return icon
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".workbench")
  root.bench ??= new Workbench(root)
  root.bench.receive(data, setStateValue)
}
