package import Core
package import Transforms

/// A dataset as the manifest declares it under `data:`.
package struct DatasetSpec: Sendable, Equatable {
    /// The name, unique in the server.
    package let name: String
    /// Where the rows come from; nil for a dataset made from rows by another feature.
    package let source: DatasetSource?
    /// The columns in order; empty when the file's header names them.
    package let columns: [DatasetColumn]
    /// The column to predict; nil when there is none.
    package let target: DatasetTarget?
    /// What `data.check` checks, beside the types and that there are rows.
    package let checks: [DatasetCheck]
    /// How the rows are divided; nil when they are not.
    package let split: SplitSpec?
    /// The columns by whose values a row is known, empty when rows have no key.
    ///
    /// Of rows with equal ones the newest is kept.
    package let key: [String]
    /// What happens when the source's columns change.
    package let drift: DriftPolicy
    /// What is done to the rows before a model sees them; nil for nothing.
    package let transform: TransformSpec?
    /// The section as it was written, for storing and comparing.
    package let document: JSONValue

    /// Reads the whole `data:` section of a manifest.
    ///
    /// - Throws: `invalidArgument` naming dataset and field.
    package static func parseSection(_ section: JSONValue) throws(MartletError) -> [DatasetSpec] {
        let fields = try JSONFields(section, path: "data")
        guard fields.object.count <= DatasetsLimits.datasets else {
            throw MartletError(
                .invalidArgument,
                "'data' declares \(fields.object.count) datasets; at most \(DatasetsLimits.datasets) are accepted."
            )
        }
        var specs: [DatasetSpec] = []
        for (name, value) in fields.object.pairs {
            specs.append(try parse(name: name, value))
        }
        return specs
    }

    /// Reads the declaration of one dataset.
    ///
    /// - Throws: `invalidArgument` naming dataset and field.
    package static func parse(name: String, _ value: JSONValue) throws(MartletError) -> DatasetSpec {
        let spec = try parseStored(name: name, value)
        guard spec.source != nil else {
            throw MartletError(.invalidArgument, "'data.\(name).source' is missing.")
        }
        return spec
    }

    /// Reads a declaration that need not have a source: what the store keeps for datasets made from rows.
    static func parseStored(name: String, _ value: JSONValue) throws(MartletError) -> DatasetSpec {
        let fields = try JSONFields(value, path: "data.\(name)")
        guard SplitSpec.isName(name) else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)': a dataset's name has letters, digits, '_' and '-', at most \(DatasetsLimits.nameBytes)."
            )
        }
        try fields.rejectUnknown([
            "source", "columns", "target", "checks", "split", "key", "drift", "transform",
        ])
        let columns = try parseColumns(fields)
        var source: DatasetSource?
        if let section = try fields.optionalFields("source") {
            source = try DatasetSource.parse(section, hasColumns: !columns.isEmpty)
        }
        let target = try fields.optionalFields("target").map { section throws(MartletError) in
            try DatasetTarget.parse(section)
        }
        let split = try fields.optionalFields("split").map { section throws(MartletError) in
            try SplitSpec.parse(section)
        }
        let key = try parseKey(fields)
        guard key.isEmpty || source != nil else {
            throw MartletError(.invalidArgument, "'\(fields.path(of: "key"))' needs a 'source'.")
        }
        let transform = try fields.optionalArray("transform").map { steps throws(MartletError) in
            try TransformSpec.parse(steps: steps, path: fields.path(of: "transform"))
        }
        let spec = DatasetSpec(
            name: name,
            source: source,
            columns: columns,
            target: target,
            checks: try parseChecks(fields),
            split: split,
            key: key,
            drift: try DriftPolicy.parse(fields),
            transform: transform,
            document: value
        )
        if !columns.isEmpty {
            try spec.requireKnownColumns(Set(columns.map(\.name)), path: fields.path)
        }
        return spec
    }

    /// Whether both keep the same rows: under another declaration the next ingestion starts from the beginning.
    package func readsLike(_ other: DatasetSpec) -> Bool {
        let isSameSource =
            switch (source, other.source) {
            case (let left?, let right?): left.readsLike(right)
            case (nil, nil): true
            default: false
            }
        return isSameSource && columns == other.columns && target == other.target && key == other.key
    }

    private static func parseColumns(_ fields: JSONFields) throws(MartletError) -> [DatasetColumn] {
        let elements = try fields.optionalArray("columns") ?? []
        guard elements.count <= DatasetsLimits.columns else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "columns"))' has \(elements.count) columns; at most \(DatasetsLimits.columns) are accepted."
            )
        }
        var columns: [DatasetColumn] = []
        var names: Set<String> = []
        for (position, element) in elements.enumerated() {
            let path = "\(fields.path(of: "columns"))[\(position)]"
            let column = try DatasetColumn.parse(element, path: path)
            guard names.insert(column.name).inserted else {
                throw MartletError(
                    .invalidArgument,
                    "'\(path)' names the column '\(column.name)' a second time."
                )
            }
            columns.append(column)
        }
        return columns
    }

    private static func parseKey(_ fields: JSONFields) throws(MartletError) -> [String] {
        let key = try fields.strings("key")
        guard key.count <= DatasetsLimits.keyColumns, Set(key).count == key.count else {
            throw fields.invalid(
                "key",
                "must name at most \(DatasetsLimits.keyColumns) columns, none twice"
            )
        }
        return key
    }

    private static func parseChecks(_ fields: JSONFields) throws(MartletError) -> [DatasetCheck] {
        let elements = try fields.optionalArray("checks") ?? []
        guard elements.count <= DatasetsLimits.checks else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "checks"))' has \(elements.count) checks; at most \(DatasetsLimits.checks) are accepted."
            )
        }
        var checks: [DatasetCheck] = []
        for (position, element) in elements.enumerated() {
            let check = try JSONFields(element, path: "\(fields.path(of: "checks"))[\(position)]")
            checks.append(try DatasetCheck.parse(check))
        }
        return checks
    }

    /// Throws when target, checks or split name a column that is not among `known`.
    func requireKnownColumns(_ known: Set<String>, path: String) throws(MartletError) {
        var named: [(field: String, column: String)] = []
        if let target { named.append(("target.column", target.column)) }
        for (position, check) in checks.enumerated() {
            if let column = check.column { named.append(("checks[\(position)].column", column)) }
        }
        if let stratify = split?.stratify { named.append(("split.stratify", stratify)) }
        if let group = split?.group { named.append(("split.group", group)) }
        if let time = split?.time { named.append(("split.time", time)) }
        for (position, column) in key.enumerated() { named.append(("key[\(position)]", column)) }
        for (field, column) in named where !known.contains(column) {
            throw MartletError(
                .invalidArgument,
                "'\(path).\(field)' names the column '\(column)', which the dataset does not have."
            )
        }
        if target?.classes.isEmpty ?? true,
            checks.contains(where: { if case .classBalance = $0 { true } else { false } })
        {
            throw MartletError(
                .invalidArgument,
                "'\(path).checks' has a class_balance check, so 'target.classes' must name the classes."
            )
        }
    }
}
