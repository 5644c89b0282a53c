import Core

/// The codes of categories by value.
struct CategoryIndex: Sendable {
    private let column: String
    private var numbers: [Double: Double] = [:]
    private var texts: [String: Double] = [:]
    private let other: Double
    private let unseen: TransformStep.Unseen

    init(
        _ column: String,
        _ categories: [TransformValue],
        codes: [Double],
        other: Double?,
        unseen: TransformStep.Unseen
    ) {
        self.column = column
        self.other = other ?? .nan
        self.unseen = unseen
        for (category, code) in zip(categories, codes) {
            switch category {
            case .missing: break
            case .number(let number): numbers[number] = code
            case .text(let text): texts[text] = code
            }
        }
    }

    /// The code of a number; NaN where there is none.
    @inline(__always)
    func code(of number: Double) throws(MartletError) -> Double {
        if number.isNaN { return other }
        if let code = numbers[number] { return code }
        guard unseen == .ignore else { throw refused(TransformValue.text(of: number)) }
        return other
    }

    /// The code of a text; NaN where there is none.
    @inline(__always)
    func code(of text: String?) throws(MartletError) -> Double {
        guard let text else { return other }
        if let code = texts[text] { return code }
        guard unseen == .ignore else { throw refused(text) }
        return other
    }

    private func refused(_ value: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "The column '\(column.prefix(80))' has the value '\(value.prefix(80))', which the training rows do not have."
        )
    }
}
