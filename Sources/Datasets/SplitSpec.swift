package import Core

/// How the rows of a dataset are divided, as declared under `split:`; the step that divides them reads this.
package struct SplitSpec: Sendable, Equatable {
    /// One part and its share of the rows.
    package struct Part: Sendable, Equatable {
        /// The part's name, such as `train`.
        package let name: String
        /// Its share, in (0, 1]; the shares add up to 1.
        package let fraction: Double

        /// Makes a part.
        package init(name: String, fraction: Double) {
            self.name = name
            self.fraction = fraction
        }
    }

    /// The parts in the order of the manifest.
    package let parts: [Part]
    /// The column whose values keep their shares in every part; nil for a plain random split.
    package let stratify: String?
    /// The column of whose rows those with equal values stay together; nil when each row is for itself.
    package let group: String?
    /// The column by which the rows are ordered, the first part getting the earliest; nil for a random split.
    package let time: String?
    /// The seed of the shuffle.
    package let seed: UInt64

    /// Makes a split.
    package init(
        parts: [Part],
        stratify: String? = nil,
        group: String? = nil,
        time: String? = nil,
        seed: UInt64 = 0
    ) {
        self.parts = parts
        self.stratify = stratify
        self.group = group
        self.time = time
        self.seed = seed
    }

    /// Reads `split: {<part>: <share>, …, stratify | group | time, seed}`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package static func parse(_ fields: JSONFields) throws(MartletError) -> SplitSpec {
        let names = fields.object.keys.filter { !["stratify", "group", "time", "seed"].contains($0) }
        guard (1...DatasetsLimits.splitParts).contains(names.count) else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' must name 1 to \(DatasetsLimits.splitParts) parts with their shares, such as train: 0.7."
            )
        }
        var parts: [Part] = []
        for name in names {
            guard isName(name) else {
                throw MartletError(
                    .invalidArgument,
                    "'\(fields.path(of: name))': a part's name has letters, digits, '_' and '-', at most \(DatasetsLimits.nameBytes)."
                )
            }
            let fraction = try fields.double(name)
            guard fraction > 0, fraction <= 1 else {
                throw fields.invalid(name, "must be above 0 and at most 1")
            }
            parts.append(Part(name: name, fraction: fraction))
        }
        let total = parts.reduce(0) { $0 + $1.fraction }
        guard abs(total - 1) < 1e-6 else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)': the shares add up to \(total); they must add up to 1."
            )
        }
        let seed = try fields.optionalInt("seed", in: 0 ... .max) ?? 0
        let stratify = try fields.optionalString("stratify")
        let group = try fields.optionalString("group")
        let time = try fields.optionalString("time")
        guard time == nil || stratify == nil && group == nil else {
            throw fields.invalid("time", "orders the rows, so that 'stratify' and 'group' have no place")
        }
        return SplitSpec(parts: parts, stratify: stratify, group: group, time: time, seed: UInt64(seed))
    }

    /// The section that reads back as this split.
    package var json: JSONValue {
        var object = JSONObject(parts.map { ($0.name, .number($0.fraction)) })
        if let stratify { object["stratify"] = .string(stratify) }
        if let group { object["group"] = .string(group) }
        if let time { object["time"] = .string(time) }
        object["seed"] = .int(seed)
        return .object(object)
    }

    static func isName(_ name: String) -> Bool {
        (1...DatasetsLimits.nameBytes).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                default: false
                }
            }
    }
}
