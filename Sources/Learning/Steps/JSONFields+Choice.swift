import Core

extension JSONFields {
    /// One of an enumeration's words, or nil when absent.
    func choice<Word: RawRepresentable & CaseIterable>(
        _ key: String,
        _: Word.Type
    ) throws(MartletError) -> Word? where Word.RawValue == String {
        guard let text = try optionalString(key) else { return nil }
        guard let word = Word(rawValue: text) else {
            throw invalid(key, "must be \(Word.allCases.map(\.rawValue).joined(separator: " or "))")
        }
        return word
    }
}
