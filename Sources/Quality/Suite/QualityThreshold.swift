package import Core

/// What a figure is compared with: a number, text, a number with a tolerance, or the reference's figure.
package struct QualityThreshold: Sendable, Equatable {
    /// Where the value comes from.
    package enum Source: Sendable, Equatable {
        case number(Double)
        case text(String)
        /// The same figure of the reference.
        case reference
    }

    /// Where the value comes from.
    package let source: Source
    /// How far off a figure may be, as a share of the value; nil for the default.
    package let relative: Double?
    /// How far off a figure may be; nil for the default.
    package let absolute: Double?
    /// Whether there is a tolerance at all; a plain number is compared exactly.
    package let isApproximate: Bool

    /// The tolerances of an approximate threshold that names none; Evidently's.
    package static let (defaultRelative, defaultAbsolute) = (1e-6, 1e-12)

    /// A plain number or text.
    package init(_ source: Source) {
        self.init(source, relative: nil, absolute: nil, isApproximate: source == .reference)
    }

    /// A value with a tolerance.
    package static func approximate(
        _ source: Source,
        relative: Double? = nil,
        absolute: Double? = nil
    ) -> QualityThreshold {
        QualityThreshold(source, relative: relative, absolute: absolute, isApproximate: true)
    }

    private init(_ source: Source, relative: Double?, absolute: Double?, isApproximate: Bool) {
        self.source = source
        self.relative = relative
        self.absolute = absolute
        self.isApproximate = isApproximate
    }

    /// Reads a number, text, `{value, relative, absolute}` or `{reference: true, relative, absolute}`.
    init(_ fields: JSONFields, _ key: String) throws(MartletError) {
        guard let value = fields.value(key) else { throw fields.invalid(key, "is missing") }
        switch value {
        case .integer(let number): self.init(.number(Double(number)))
        case .number(let number) where number.isFinite: self.init(.number(number))
        case .string(let text) where text.utf8.count <= QualityLimits.textBytes: self.init(.text(text))
        case .object(let object): self = try Self.approximate(JSONFields(object, path: fields.path(of: key)))
        default:
            throw fields.invalid(key, "must be a number, text, {value, relative} or {reference: true, relative}")
        }
    }

    private static func approximate(_ fields: JSONFields) throws(MartletError) -> QualityThreshold {
        try fields.rejectUnknown(["value", "reference", "relative", "absolute"])
        let relative = try fields.optionalDouble("relative", in: 0 ... .greatestFiniteMagnitude)
        if relative == 0 { throw fields.invalid("relative", "must be above 0") }
        let absolute = try fields.optionalDouble("absolute", in: 0 ... .greatestFiniteMagnitude)
        let number = try fields.optionalDouble("value", in: -.greatestFiniteMagnitude ... .greatestFiniteMagnitude)
        let isReference = try fields.optionalBool("reference")
        switch (number, isReference) {
        case (let number?, nil), (let number?, false?):
            return .approximate(.number(number), relative: relative, absolute: absolute)
        case (nil, true?): return .approximate(.reference, relative: relative, absolute: absolute)
        // Evidently writes a comparison with the reference as its tolerance alone.
        case (nil, nil) where relative != nil || absolute != nil:
            return .approximate(.reference, relative: relative, absolute: absolute)
        default:
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' needs either 'value' or 'reference: true', and may have 'relative' and 'absolute'."
            )
        }
    }

    /// How far a figure may be from `value`.
    package func tolerance(of value: Double) -> Double {
        guard isApproximate else { return 0 }
        return max(abs(value) * (relative ?? Self.defaultRelative), absolute ?? Self.defaultAbsolute)
    }

    /// The threshold as a suite has it.
    package var json: JSONValue {
        var object = JSONObject()
        switch source {
        case .number(let number):
            if !isApproximate { return .number(number) }
            object["value"] = .number(number)
        case .text(let text): return .string(text)
        case .reference: object["reference"] = true
        }
        if let relative { object["relative"] = .number(relative) }
        if let absolute { object["absolute"] = .number(absolute) }
        return .object(object)
    }
}
