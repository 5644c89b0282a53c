package import Core

extension VersionSketch {
    /// The sketch as the API shows it: counts, moments, quantiles, bins and frequent texts of each column.
    package var json: JSONValue {
        [
            "version": .int(version), "since_at": .integer(since.milliseconds),
            "newest_at": .integer(newest.milliseconds), "rows": .int(rows), "refused_rows": .int(refused),
            "quantile_relative_error": .number(QuantileSketch.relativeError),
            "distinct_standard_error": .number(DistinctEstimate.standardError),
            "features": .array(
                names.indices.compactMap { place in
                    switch feature(place) {
                    case .numbers(let sketch): sketch.json(name: names[place])
                    case .texts(let sketch): sketch.json(name: names[place])
                    case nil: nil
                    }
                }
            ),
        ]
    }
}

extension NumberSketch {
    private static let shares: [(name: String, share: Double)] = [
        ("p01", 0.01), ("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95), ("p99", 0.99),
    ]

    fileprivate func json(name: String) -> JSONValue {
        let isEmpty = moments.count == 0
        var object: JSONObject = [
            "name": .string(name), "kind": "number", "count": .int(count), "missing": .int(missing),
            "infinite": .int(infinite), "texts": .int(texts), "missing_ratio": .optional(missingShare),
            "min": .optional(isEmpty ? nil : Double(moments.least)),
            "max": .optional(isEmpty ? nil : Double(moments.greatest)),
            "mean": .optional(isEmpty ? nil : moments.mean), "variance": .optional(moments.variance),
        ]
        var values = JSONObject()
        for (share, value) in zip(Self.shares, quantiles.quantiles(Self.shares.map(\.share))) {
            // The middle of a part may lie outside what was seen; the extremes are exact.
            let bounded = value.map { min(max($0, Double(moments.least)), Double(moments.greatest)) }
            values[share.name] = .optional(bounded)
        }
        object["quantiles"] = .object(values)
        if let bins {
            object["histogram"] = [
                "edges": .array(bins.edges.map(JSONValue.number)),
                "below": .int(bins.counts.first ?? 0), "above": .int(bins.counts.last ?? 0),
                "counts": .array(bins.counts.dropFirst().dropLast().map { JSONValue.int($0) }),
            ]
        }
        return .object(object)
    }
}

extension TextSketch {
    fileprivate func json(name: String) -> JSONValue {
        [
            "name": .string(name), "kind": "text", "count": .int(count), "missing": .int(missing),
            "missing_ratio": .optional(missingShare), "distinct": .number(distinct.value.rounded()),
            "top": .array(
                frequent.top(MonitoringLimits.shownTexts).map { entry in
                    ["value": .string(entry.text), "count": .int(entry.count), "excess": .int(entry.excess)]
                }
            ),
        ]
    }
}
