/// Splits texts into terms as scikit-learn's vectorizers do.
enum TextTokens {
    /// The lower-case words of at least two letters, digits or underscores, without English stop words.
    static func terms(of text: String) -> [String] {
        var terms: [String] = []
        var word = String.UnicodeScalarView()
        func close() {
            defer { word.removeAll(keepingCapacity: true) }
            guard word.count > 1 else { return }
            let term = String(word)
            if !EnglishStopWords.all.contains(term) { terms.append(term) }
        }
        for scalar in text.lowercased().unicodeScalars {
            if isWordScalar(scalar) { word.append(scalar) } else { close() }
        }
        close()
        return terms
    }

    private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            return switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": true
            default: false
            }
        }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        default: false
        }
    }
}
