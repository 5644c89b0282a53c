package import Core
import HTTPSupport

/// The fields of a form as browsers send them (`application/x-www-form-urlencoded`).
package struct FormFields: Sendable {
    /// The name of the field that holds the form token.
    package static let tokenField = "csrf"
    private let values: [String: [String]]

    /// Fields with known values.
    package init(_ values: [String: [String]] = [:]) {
        self.values = values
    }

    /// Reads the body of a form.
    ///
    /// - Throws: `invalidArgument` for broken escapes and too many fields.
    package init(_ body: String) throws(MartletError) {
        var values: [String: [String]] = [:]
        let parts = body.split(separator: "&")
        guard parts.count <= SessionLimits.formFields else {
            throw MartletError(.invalidArgument, "The form has more than \(SessionLimits.formFields) fields.")
        }
        for part in parts {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(sides[0], plusIsSpace: true),
                let value = PercentEncoding.decode(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            else { throw MartletError(.invalidArgument, "The form has a broken percent escape.") }
            values[name, default: []].append(value)
        }
        self.values = values
    }

    /// The value of a field; nil when absent, empty, or only blanks.
    package subscript(_ name: String) -> String? {
        guard let value = values[name]?.last, value.contains(where: { !$0.isWhitespace }) else { return nil }
        return value
    }

    /// Every value of a field, such as of boxes that are ticked.
    package func all(_ name: String) -> [String] {
        values[name] ?? []
    }

    /// The value of a field that must be filled in.
    ///
    /// - Throws: `invalidArgument`, naming the field as the page does.
    package func required(_ name: String, called label: String) throws(MartletError) -> String {
        guard let value = self[name] else { throw MartletError(.invalidArgument, "\(label) must be filled in.") }
        guard !value.utf8.contains(0) else { throw MartletError(.invalidArgument, "\(label) has a NUL character.") }
        return value
    }
}
