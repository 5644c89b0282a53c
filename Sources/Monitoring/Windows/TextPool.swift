/// The texts of a window, each kept once under a code.
struct TextPool: Sendable, Equatable {
    private var codes: [String: UInt32] = [:]
    private(set) var texts: [String] = []

    /// Whether no further text finds room.
    var isFull: Bool { texts.count >= MonitoringLimits.pooledTexts }

    /// The code of a text, which is cut at `MonitoringLimits.textBytes`; nil when there is no room for a new one.
    mutating func code(of text: String) -> UInt32? {
        if let known = codes[text] { return known }
        let kept = Self.cut(text)
        if let known = codes[kept] { return known }
        guard !isFull else { return nil }
        texts.append(kept)
        let code = UInt32(texts.count)
        codes[kept] = code
        return code
    }

    /// The text of a code; nil for one that was never given.
    subscript(_ code: UInt32) -> String? {
        code > 0 && Int(code) <= texts.count ? texts[Int(code) - 1] : nil
    }

    /// A text of at most `MonitoringLimits.textBytes`, cut between characters.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > MonitoringLimits.textBytes else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: MonitoringLimits.textBytes)
        while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return String(text[..<end])
    }
}
