// The YAML editor: a text area beside its line numbers, the refused line marked.

class TextEditor {
  constructor(report, settle) {
    this.node = make("div", "yaml")
    this.lines = make("div", "lines")
    this.lines.setAttribute("aria-hidden", "true")
    this.area = Object.assign(make("textarea"), { spellcheck: false, maxLength: 20000, wrap: "off" })
    this.area.setAttribute("aria-label", "YAML")
    this.area.setAttribute("autocapitalize", "off")
    this.refused = make("div", "refused")
    this.refused.setAttribute("role", "alert")
    const frame = make("div", "editor")
    frame.append(this.lines, this.area)
    this.node.append(frame, this.refused)
    this.bad = null
    this.area.addEventListener("input", () => { this.number(); report(this.area.value) })
    this.area.addEventListener("change", settle)
    this.area.addEventListener("scroll", () => { this.lines.scrollTop = this.area.scrollTop })
    this.area.addEventListener("keydown", (event) => this.indent(event, report))
    this.area.addEventListener("dragover", (event) => event.preventDefault())
  }

  // Tab indents while Escape has not just been pressed: the keyboard can still leave.
  indent(event, report) {
    if (event.key === "Escape") { this.leaving = true; return }
    if (event.key === "Tab" && !event.shiftKey && !this.leaving) {
      event.preventDefault()
      this.area.setRangeText("  ", this.area.selectionStart, this.area.selectionEnd, "end")
      this.number()
      report(this.area.value)
    }
    this.leaving = false
  }

  write(text) {
    if (this.area.value !== text) this.area.value = text
    this.number()
  }

  mark(problem) {
    this.bad = problem?.line ?? null
    this.refused.textContent = problem?.say ?? ""
    this.number()
  }

  number() {
    const count = this.area.value.split("\n").length
    if (this.lines.childElementCount !== count) {
      this.lines.replaceChildren(...Array.from({ length: count }, (_, index) => make("div", "", String(index + 1))))
      this.area.rows = Math.max(16, Math.min(44, count + 1))
    }
    ;[...this.lines.children].forEach((line, index) => line.classList.toggle("bad", index + 1 === this.bad))
    this.lines.scrollTop = this.area.scrollTop
  }
}
