/// Whether every tag that opens also closes, in order, and no text holds a bare `<` or `&`.
func isWellFormed(_ bytes: [UInt8]) -> Bool {
    var open: [Substring] = []
    var rest = String(decoding: bytes, as: UTF8.self)[...]
    while let start = rest.firstIndex(of: "<") {
        let text = rest[..<start]
        guard !text.contains(">"), text.replacing(/&(amp|lt|gt|quot);/, with: "").contains("&") == false,
            let end = rest[start...].firstIndex(of: ">")
        else { return false }
        let tag = rest[rest.index(after: start)..<end]
        let name = tag.drop { $0 == "/" }.prefix { $0.isLetter }
        if tag.hasPrefix("/") {
            guard open.popLast() == name else { return false }
        } else if !tag.hasSuffix("/") {
            open.append(name)
        }
        rest = rest[rest.index(after: end)...]
    }
    return open.isEmpty
}

/// Whether a place or a size is not a finite number in plain digits.
func hasBrokenNumber(_ svg: String) -> Bool {
    svg.firstMatch(of: /\s(x|y|x1|x2|y1|y2|cx|cy|r|width|height|points)="[^"%]*(nan|inf|e)[^"]*"/) != nil
}
