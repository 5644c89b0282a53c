/// Blanks comments and string contents of Swift text, so that rules look at code alone.
///
/// A small scanner: line comments, nested block comments, strings with one or three quotes and any number of `#`.
/// Interpolations are blanked with their string. Line breaks and columns stay.
struct SwiftMask {
    private var input: [Character]
    private var output: [Character] = []
    private var position = 0

    private init(_ text: String) {
        input = Array(text)
        output.reserveCapacity(input.count)
    }

    /// The text with everything but code blanked.
    static func mask(_ text: String) -> String {
        var scanner = SwiftMask(text)
        while scanner.position < scanner.input.count { scanner.step() }
        return String(scanner.output)
    }

    private func at(_ offset: Int) -> Character? {
        let index = position + offset
        return input.indices.contains(index) ? input[index] : nil
    }

    private func starts(with text: String, offset: Int = 0) -> Bool {
        text.enumerated().allSatisfy { at(offset + $0.offset) == $0.element }
    }

    private mutating func keep(_ count: Int = 1) {
        for _ in 0..<count where position < input.count {
            output.append(input[position])
            position += 1
        }
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where position < input.count {
            output.append(input[position] == "\n" ? "\n" : " ")
            position += 1
        }
    }

    private mutating func step() {
        if starts(with: "//") {
            while let character = at(0), character != "\n" { blank() }
        } else if starts(with: "/*") {
            blockComment()
        } else if at(0) == "\"" {
            string(hashes: 0)
        } else if at(0) == "#" {
            var hashes = 1
            while at(hashes) == "#" { hashes += 1 }
            if at(hashes) == "\"" { string(hashes: hashes) } else { keep(hashes) }
        } else {
            keep()
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                blank(2)
            } else if starts(with: "*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && position < input.count
    }

    private mutating func string(hashes: Int) {
        let quotes = starts(with: "\"\"\"", offset: hashes) ? 3 : 1
        let fence = String(repeating: "#", count: hashes)
        let end = String(repeating: "\"", count: quotes) + fence
        keep(hashes + quotes)
        while position < input.count {
            if starts(with: end) {
                keep(end.count)
                return
            }
            if at(0) == "\n" && quotes == 1 { return }
            if starts(with: "\\" + fence + "(") {
                blank(1 + hashes)
                interpolation()
            } else if starts(with: "\\" + fence) {
                blank(2 + hashes)
            } else {
                blank()
            }
        }
    }

    /// Blanks `( … )` of an interpolation, strings inside it included.
    private mutating func interpolation() {
        var depth = 0
        repeat {
            let start = output.count
            let before = position
            if at(0) == "(" { depth += 1 }
            if at(0) == ")" { depth -= 1 }
            step()
            for index in start..<output.count where output[index] != "\n" { output[index] = " " }
            if position == before { return }
        } while depth > 0 && position < input.count
    }
}
