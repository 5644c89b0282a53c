package import Core

/// What a claim of a token must say.
package struct ClaimCondition: Sendable, Equatable {
    /// The claim; dots lead into objects, unless a claim has the whole name.
    package let claim: String
    /// The values, one of which it must have; `*` at the end stands for any ending.
    package let values: [String]

    /// Makes a condition.
    package init(claim: String, values: [String]) {
        self.claim = claim
        self.values = values
    }

    /// Whether the claims meet it; a list meets it when one of its elements does.
    package func isMet(by claims: JSONObject) -> Bool {
        let said = Self.texts(Self.value(claim, in: claims))
        return said.contains { text in values.contains { Self.matches(text, $0) } }
    }

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        pattern.hasSuffix("*") ? text.hasPrefix(pattern.dropLast()) : text == pattern
    }

    /// The value of a claim.
    static func value(_ name: String, in claims: JSONObject) -> JSONValue? {
        if let value = claims[name] { return value }
        var value = JSONValue.object(claims)
        for part in name.split(separator: ".", omittingEmptySubsequences: false) {
            guard let next = value.objectValue?[String(part)] else { return nil }
            value = next
        }
        return value
    }

    /// A text, number or truth value, or those in a list, as texts.
    static func texts(_ value: JSONValue?) -> [String] {
        switch value {
        case .string(let text)?: [text]
        case .integer(let number)?: [String(number)]
        case .bool(let isTrue)?: [isTrue ? "true" : "false"]
        case .array(let values)?: values.prefix(OIDCLimits.groups).flatMap { $0.arrayValue == nil ? texts($0) : [] }
        default: []
        }
    }
}

/// Groups that a token gets because of what its claims say: how machines come to roles.
package struct ClaimGroups: Sendable, Equatable {
    /// Conditions that must all be met.
    package let conditions: [ClaimCondition]
    /// The groups.
    package let groups: [String]

    /// Makes a rule.
    package init(conditions: [ClaimCondition], groups: [String]) {
        self.conditions = conditions
        self.groups = groups
    }
}
