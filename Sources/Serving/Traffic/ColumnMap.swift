import Core

/// What lies between two versions of a model that do not take the same columns.
///
/// A request is read for the trusted version. A version that takes other columns gets those it knows, by name; a column
/// that the request was not read for is missing (NaN).
enum ColumnMap {
    /// Whether two models take the same columns in the same order.
    @inline(__always)
    static func agree(_ left: LoadedModel, _ right: LoadedModel) -> Bool {
        left === right || left.columnsHash == right.columnsHash && left.inputs.count == right.inputs.count
    }

    /// Rows that were read for one model as another takes them; nil when they are no rows of the first.
    ///
    /// - Parameters:
    ///   - rows: Row-major values.
    ///   - count: The number of rows.
    ///   - source: The model that they were read for.
    ///   - target: The model that shall answer.
    /// - Returns: row-major values of `target`.
    static func rows(_ rows: [Float], count: Int, from source: LoadedModel, to target: LoadedModel) -> [Float]? {
        let width = source.inputs.count
        let (expected, overflow) = width.multipliedReportingOverflow(by: count)
        guard count >= 0, !overflow, rows.count == expected else { return nil }
        let places = target.inputs.map { source.position[$0] }
        var values: [Float] = []
        values.reserveCapacity(places.count * count)
        for row in 0..<count {
            for place in places { values.append(place.map { rows[row * width + $0] } ?? .nan) }
        }
        return values
    }

    /// Checks that a candidate takes and gives what the trusted version does.
    ///
    /// With `isCompatible` a model that takes rows of numbers may take its columns in another order, may take fewer, and
    /// may take further ones that its signature marks as optional: until it is promoted those are missing in its rows.
    /// Classes and outputs must always agree.
    ///
    /// - Parameters:
    ///   - candidate: The version on trial.
    ///   - stable: The trusted version.
    ///   - isCompatible: Whether the rollout states that other columns are meant.
    /// - Throws: `failedPrecondition` naming what differs and what to do.
    static func checkFit(
        _ candidate: LoadedModel,
        with stable: LoadedModel,
        isCompatible: Bool
    ) throws(MartletError) {
        if candidate.inputs != stable.inputs {
            try checkColumns(candidate, with: stable, isCompatible: isCompatible)
        } else if candidate.signature.inputTensors.map(\.name) != stable.signature.inputTensors.map(\.name) {
            throw MartletError(.failedPrecondition, "Its signature differs: it takes other tensors; \(remedy)")
        }
        guard candidate.classes == stable.classes, candidate.outputWidth == stable.outputWidth else {
            throw MartletError(
                .failedPrecondition,
                "Its answers differ in kind: classes [\(candidate.classes.joined(separator: ", "))] instead of "
                    + "[\(stable.classes.joined(separator: ", "))]; deploy it under another name."
            )
        }
    }

    private static let remedy = "deploy it under another name."

    private static func checkColumns(
        _ candidate: LoadedModel,
        with stable: LoadedModel,
        isCompatible: Bool
    ) throws(MartletError) {
        let difference =
            "Its signature differs: it takes \(summary(candidate.inputs)), the serving version "
            + "\(summary(stable.inputs))"
        guard isCompatible else {
            throw MartletError(
                .failedPrecondition,
                "\(difference); deploy it under another name, or state 'rollout.compatible: true' when it may get the "
                    + "columns it knows."
            )
        }
        guard candidate.rows != nil, stable.rows != nil else {
            throw MartletError(
                .failedPrecondition,
                "\(difference); 'rollout.compatible' helps only models that take rows of numbers."
            )
        }
        let optional = Set(candidate.signature.inputs.filter { !$0.isRequired }.map(\.name))
        let unknown = candidate.inputs.filter { stable.position[$0] == nil && !optional.contains($0) }
        guard unknown.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "\(difference); requests do not have \(summary(unknown)), which it needs: with 'rollout.compatible' it may "
                    + "take fewer columns, or further ones that its signature marks as optional."
            )
        }
    }

    private static func summary(_ inputs: [String]) -> String {
        "\(inputs.count) inputs (\(inputs.prefix(3).joined(separator: ", "))\(inputs.count > 3 ? ", …" : ""))"
    }
}
