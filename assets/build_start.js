// Where to start: a preset, found by name or family, or nothing but a kind of backbone.

class StartPanel {
  constructor(emit, close) {
    Object.assign(this, { emit, close, of: "" })
    this.node = make("div", "start")
    this.node.hidden = true
  }

  // Drawn when first opened, and again only where the presets are others.
  open(data) {
    const key = JSON.stringify([data.presets, data.kinds.backbone])
    if (this.of !== key) this.draw(data)
    this.of = key
    this.node.hidden = false
    this.find.value = ""
    this.filter("")
    this.find.focus()
  }

  draw(data) {
    this.find = Object.assign(make("input", "find"), { type: "search", placeholder: "Find a preset: dla60, OSA, CenterNet …" })
    this.find.setAttribute("aria-label", "Find a preset")
    this.find.addEventListener("input", () => this.filter(this.find.value))
    this.find.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close()
      const first = this.node.querySelector(".preset:not([hidden])")
      if (event.key === "Enter" && first) first.click()
    })
    const nothing = make("div", "group")
    nothing.append(make("h4", "", "From nothing"), make("p", "sentence", "Choose a kind of backbone; it begins with one of everything, and then you choose its head."))
    const kinds = make("div", "chips")
    for (const [kind, title] of data.kinds.backbone) {
      const button = make("button", "chip", title)
      button.type = "button"
      button.setAttribute("aria-label", `Start from nothing with ${title}`)
      button.addEventListener("click", () => { this.emit({ do: "begin", value: kind }); this.close() })
      kinds.append(button)
    }
    nothing.append(kinds)
    this.none = make("p", "sentence", "No preset is called so.")
    const groups = data.presets.map(([family, presets]) => {
      const group = make("div", "group family")
      const chips = make("div", "chips")
      for (const [name, note, words] of presets) {
        const button = make("button", "chip preset")
        button.type = "button"
        button.dataset.words = `${name} ${family} ${words}`.toLowerCase()
        button.append(make("span", "", name), make("small", "", note))
        button.setAttribute("aria-label", `Start from ${name}`)
        button.addEventListener("click", () => { this.emit({ do: "start", value: name }); this.close() })
        chips.append(button)
      }
      group.append(make("h4", "", family), chips)
      return group
    })
    this.node.replaceChildren(this.find, nothing, ...groups, this.none)
  }

  filter(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    let any = false
    for (const group of this.node.querySelectorAll(".family")) {
      let some = false
      for (const button of group.querySelectorAll(".preset")) {
        button.hidden = !words.every((word) => button.dataset.words.includes(word))
        some ||= !button.hidden
      }
      group.hidden = !some
      any ||= some
    }
    this.none.hidden = any
  }
}
