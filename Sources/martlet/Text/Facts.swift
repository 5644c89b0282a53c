/// Names and values under each other, for one thing that is shown.
struct Facts {
    private var pairs: [(name: String, value: String)] = []

    /// Adds a pair; a nil value is left out.
    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        pairs.append((name, DisplayText.safe(value)))
    }

    /// Writes the pairs with their values aligned.
    func write(to terminal: Terminal) {
        let width = pairs.reduce(0) { max($0, DisplayText.width($1.name)) }
        for (name, value) in pairs {
            let space = String(repeating: " ", count: width - DisplayText.width(name) + 2)
            let text = terminal.width.map { DisplayText.fitted(value, to: max(1, $0 - width - 2)) } ?? value
            terminal.line(
                terminal.paint(name, .dim) + space + (Words.colour(text).map { terminal.paint(text, $0) } ?? text)
            )
        }
    }
}
