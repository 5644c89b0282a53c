package import Core

/// What is done to a table before a model sees it, step by step, as a manifest asks for it.
package struct TransformSpec: Sendable, Equatable {
    /// The steps in order.
    package let steps: [TransformStep]

    /// Makes a specification.
    package init(steps: [TransformStep]) {
        self.steps = steps
    }

    /// Reads `{steps: [{select: …}, {impute: …}, …]}`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package static func parse(_ fields: JSONFields) throws(MartletError) -> TransformSpec {
        try fields.rejectUnknown(["steps"])
        return try parse(steps: try fields.array("steps"), path: fields.path(of: "steps"))
    }

    /// Reads a list of steps, as it stands under `transform:` of a dataset.
    ///
    /// - Throws: `invalidArgument` naming the step and the field.
    package static func parse(steps: [JSONValue], path: String) throws(MartletError) -> TransformSpec {
        guard steps.count <= TransformsLimits.steps else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' has \(steps.count) steps; at most \(TransformsLimits.steps) are accepted."
            )
        }
        var parsed: [TransformStep] = []
        for (position, step) in steps.enumerated() {
            parsed += try TransformStep.parse(try JSONFields(step, path: "\(path)[\(position)]"))
        }
        guard parsed.count <= TransformsLimits.columns else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' asks for \(parsed.count) changes; at most \(TransformsLimits.columns) are accepted."
            )
        }
        return TransformSpec(steps: parsed)
    }

    /// The steps as they read back.
    package var json: JSONValue { ["steps": .array(steps.map(\.json))] }
}
