// Signs: that something is being waited for, and, for those who hear the page, what has changed.

const PATIENCE = 200 // milliseconds after which waiting is shown
const GIVE_UP = 20000

class Signs {
  constructor(stage) {
    this.stage = stage
    this.bar = html("div", { class: "progress", hidden: "" })
    this.voice = html("div", { class: "voice", role: "status", "aria-live": "polite" })
  }

  wait() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.bar.hidden = false
      this.stage.setAttribute("aria-busy", true)
      this.timer = setTimeout(() => this.arrived(), GIVE_UP)
    }, PATIENCE)
  }

  arrived() {
    clearTimeout(this.timer)
    this.bar.hidden = true
    this.stage.removeAttribute("aria-busy")
  }

  say(text) {
    this.voice.textContent = text
  }
}
