package import Core

extension FittedTransform {
    /// The transform as it is kept beside a model; reads back as the same, to the last bit.
    package var json: JSONValue {
        [
            "format": 1, "inputs": .array(inputs.map(\.json)), "outputs": .array(outputs.map(\.json)),
            "steps": .array(steps.map(\.json)),
        ]
    }

    /// Reads what `json` wrote.
    ///
    /// - Throws: `invalidArgument` naming the field that is wrong.
    package init(json: JSONValue) throws(MartletError) {
        let fields = try JSONFields(json, path: "transform")
        try fields.rejectUnknown(["format", "inputs", "outputs", "steps"])
        guard try fields.int("format") == 1 else { throw fields.invalid("format", "must be 1") }
        let inputs = try Self.columns(fields, "inputs")
        let elements = try fields.array("steps")
        guard elements.count <= TransformsLimits.columns * 4 else {
            throw MartletError(.invalidArgument, "'transform.steps' has too many steps (\(elements.count)).")
        }
        var steps: [FittedStep] = []
        for (position, element) in elements.enumerated() {
            steps.append(try FittedStep.parse(try JSONFields(element, path: "transform.steps[\(position)]")))
        }
        try self.init(inputs: inputs, steps: steps)
        guard try outputs == Self.columns(fields, "outputs") else {
            throw MartletError(
                .invalidArgument,
                "'transform.outputs' names other columns than the steps make; fit the transform anew."
            )
        }
    }

    private static func columns(_ fields: JSONFields, _ key: String) throws(MartletError) -> [TransformColumn] {
        let elements = try fields.array(key)
        guard elements.count <= TransformsLimits.columns else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: key))' has \(elements.count) columns; at most \(TransformsLimits.columns) are accepted."
            )
        }
        var columns: [TransformColumn] = []
        for (position, element) in elements.enumerated() {
            columns.append(try TransformColumn.parse(element, path: "\(fields.path(of: key))[\(position)]"))
        }
        return columns
    }
}
