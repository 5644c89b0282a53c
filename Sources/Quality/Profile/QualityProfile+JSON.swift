package import Core

extension QualityProfile {
    /// The profile as JSON; shares and figures that do not exist are null.
    package var json: JSONValue {
        [
            "row_count": .int(rowCount), "column_count": .int(columns.count), "missing_values": .int(missing),
            "infinite_values": .int(infinities), "duplicated_rows": .int(duplicatedRows),
            "empty_rows": .int(emptyRows), "duplicated_columns": .int(duplicatedColumns),
            "duplicated_column_pairs": .array(duplicatedColumnPairs.map { .array($0.map(JSONValue.string)) }),
            "constant_columns": .int(constantColumns), "almost_constant_columns": .int(almostConstantColumns),
            "empty_columns": .int(emptyColumns), "columns": .array(columns.map(\.json)),
            "correlations": .array(correlations.map(\.json)),
        ]
    }
}

extension ColumnProfile {
    /// The column's figures as JSON.
    package var json: JSONValue {
        var object: JSONObject = [
            "name": .string(name), "type": .string(type.rawValue), "rows": .int(rows), "missing": .int(missing),
            "missing_share": .optional(missingShare), "nan": .int(nan),
            "positive_infinities": .int(positiveInfinities), "negative_infinities": .int(negativeInfinities),
            "distinct": .int(distinct), "distinct_share": .optional(distinctShare),
            "most_common": common.first.map(\.label.json) ?? .null,
            "most_common_share": .optional(mostCommonShare), "constant": .bool(isConstant),
            "almost_constant": .bool(isAlmostConstant),
        ]
        if let numbers {
            object["min"] = .number(numbers.minimum)
            object["max"] = .number(numbers.maximum)
            object["mean"] = .number(numbers.mean)
            object["std"] = .optional(numbers.deviation)
            object["sum"] = numbers.sum.isFinite ? .number(numbers.sum) : .null
            object["zeros"] = .int(numbers.zeros)
            object["negatives"] = .int(numbers.negatives)
            object["whole"] = .bool(numbers.isWhole)
            object["quantiles"] = .object(
                JSONObject(
                    zip(NumberSummary.quantileShares, numbers.quantiles).map { (String(describing: $0), .number($1)) }
                )
            )
        }
        if let texts {
            object["min_length"] = .int(texts.minimumLength)
            object["max_length"] = .int(texts.maximumLength)
            object["mean_length"] = .number(texts.meanLength)
            object["numeric_texts"] = .int(texts.numeric)
        }
        if distinct <= QualityLimits.listedValues || texts != nil {
            object["common"] = .array(common.map { ["value": infinityAsText($0.label), "count": .int($0.count)] })
        }
        return .object(object)
    }

    /// JSON has no infinities, so they are texts.
    private func infinityAsText(_ label: QualityLabel) -> JSONValue {
        if case .number(let value) = label, !value.isFinite { return .string(value > 0 ? "inf" : "-inf") }
        return label.json
    }
}
