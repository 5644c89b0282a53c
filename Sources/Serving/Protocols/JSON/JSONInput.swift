import Core
import Runtimes

/// Rows and columns of JSON, as V1 and MLflow send them, for models that do not take rows of numbers.
///
/// The signature decides the types; a model without one gets a table for objects and one array for lists.
struct JSONInput {
    /// A model's input, and how many rows it has.
    typealias Meaning = (input: ModelInput, count: Int)

    private let model: LoadedModel
    private let fields: [ModelSignature.Field]
    private let specs: [TensorSpec]
    /// Whether columns that the model does not have are left out, as MLflow does, instead of refused.
    private let dropsUnknown: Bool

    /// Reads for `model`.
    init(_ model: LoadedModel, dropsUnknown: Bool) {
        self.model = model
        self.dropsUnknown = dropsUnknown
        fields = model.signature.inputs
        let declared = model.signature.inputTensors
        specs = !declared.isEmpty ? declared : fields.isEmpty ? model.runtime.inputs : []
    }

    // MARK: Row after row

    /// One element for each row: objects, arrays or single values.
    ///
    /// - Throws: `invalidArgument` naming what was expected and received.
    func rows(_ value: JSONValue, _ what: String) throws(MartletError) -> Meaning {
        guard let elements = value.arrayValue else {
            throw MartletError(.invalidArgument, "'\(what)' must be an array with one element for each row.")
        }
        guard elements.count <= ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
        let objects = elements.compactMap(\.objectValue)
        if !objects.isEmpty {
            guard objects.count == elements.count else {
                throw MartletError(.invalidArgument, "'\(what)' mixes objects with other values.")
            }
            return specs.isEmpty ? try records(objects) : try stacked(objects, what)
        }
        if !fields.isEmpty { return try positional(elements, what) }
        return try array(value, what)
    }

    /// Objects with one member for each column.
    func records(_ objects: [JSONObject]) throws(MartletError) -> Meaning {
        var names: [String] = []
        var seen: Set<String> = []
        for object in objects {
            for key in object.keys where seen.insert(key).inserted {
                guard names.count < CoreLimits.tableColumns else { throw JSONReader.tooManyValues() }
                names.append(key)
            }
        }
        var table: [String: [JSONValue]] = [:]
        for name in names {
            if objects.allSatisfy({ $0[name] == nil || $0[name] == .null }), isOptional(name) { continue }
            table[name] = objects.map { $0[name] ?? .null }
        }
        return try columns(names.filter { table[$0] != nil }, table)
    }

    private func isOptional(_ name: String) -> Bool {
        fields.first { $0.name == name }.map { !$0.isRequired } ?? false
    }

    /// Objects with one member for each tensor, laid upon each other.
    private func stacked(_ objects: [JSONObject], _ what: String) throws(MartletError) -> Meaning {
        var tensors: [NamedTensor] = []
        for name in objects[0].keys {
            guard let spec = specs.first(where: { $0.name == name }) else {
                if dropsUnknown { continue }
                throw SignatureCheck.unknown(name, specs.map(\.name))
            }
            let values = JSONValue.array(objects.map { $0[name] ?? .null })
            tensors.append(NamedTensor(name, try NestedArray(values, name: name).tensor(spec.dataType)))
        }
        return try SignatureCheck.input(tensors, contentType: nil, model: model)
    }

    /// Arrays with one value for each column, in the model's order.
    private func positional(_ elements: [JSONValue], _ what: String) throws(MartletError) -> Meaning {
        try matrix(elements, columns: fields.map(\.name), what)
    }

    private func matrix(_ rows: [JSONValue], columns names: [String], _ what: String) throws(MartletError) -> Meaning {
        var table = [[JSONValue]](repeating: [], count: names.count)
        for (row, element) in rows.enumerated() {
            let cells = element.arrayValue ?? [element]
            guard cells.count == names.count else {
                throw MartletError(
                    .invalidArgument,
                    "Row \(row) of '\(what)' has \(cells.count) values; expected \(names.count)."
                )
            }
            for (position, cell) in cells.enumerated() { table[position].append(cell) }
        }
        var byName: [String: [JSONValue]] = [:]
        for (name, values) in zip(names, table) {
            guard byName.updateValue(values, forKey: name) == nil else {
                throw MartletError(.invalidArgument, "The column '\(name.prefix(100))' is given twice.")
            }
        }
        return try columns(names, byName)
    }

    // MARK: Column after column

    /// Columns by name in the order of `names`.
    private func columns(_ names: [String], _ table: [String: [JSONValue]]) throws(MartletError) -> Meaning {
        guard !fields.isEmpty else {
            var tensors: [NamedTensor] = []
            for name in names {
                tensors.append(NamedTensor(name, try TypedColumn.tensor(table[name] ?? [], inferredFor: name)))
            }
            return (.tensors(tensors, .columns), tensors.first?.tensor.count ?? 0)
        }
        var given: [String: Tensor] = [:]
        for name in names {
            guard let field = fields.first(where: { $0.name == name }) else {
                if dropsUnknown { continue }
                throw SignatureCheck.unknown(name, fields.map(\.name))
            }
            given[name] = try TypedColumn.tensor(table[name] ?? [], field)
        }
        return try SignatureCheck.table(given, fields)
    }

    /// `{"name": [column], …}` for a table, `{"name": array, …}` for tensors.
    func named(_ object: JSONObject, _ what: String) throws(MartletError) -> Meaning {
        if specs.isEmpty {
            let table = Dictionary(object.pairs.map { ($0.key, $0.value.arrayValue ?? [$0.value]) }) { first, _ in first
            }
            let lengths = Set(table.values.map(\.count))
            guard lengths.count <= 1 else {
                throw MartletError(.invalidArgument, "The columns of '\(what)' have different lengths.")
            }
            return try columns(object.keys, table)
        }
        var tensors: [NamedTensor] = []
        for (name, value) in object.pairs {
            guard let spec = specs.first(where: { $0.name == name }) else {
                if dropsUnknown { continue }
                throw SignatureCheck.unknown(name, specs.map(\.name))
            }
            tensors.append(NamedTensor(name, try NestedArray(value, name: name).tensor(spec.dataType)))
        }
        return try SignatureCheck.input(tensors, contentType: nil, model: model)
    }

    /// One array for the model's only tensor.
    func array(_ value: JSONValue, _ what: String) throws(MartletError) -> Meaning {
        let array = try NestedArray(value, name: what)
        guard specs.count <= 1 else {
            let names = specs.map { "'\($0.name)'" }.joined(separator: ", ")
            throw MartletError(.invalidArgument, "'\(what)' must name the model's inputs: \(names).")
        }
        let tensor = try array.tensor(specs.first?.dataType)
        return try SignatureCheck.input([NamedTensor(specs.first?.name ?? "", tensor)], contentType: nil, model: model)
    }

    /// `{"columns": [names], "index": …, "data": [[…]]}`.
    func split(_ object: JSONObject) throws(MartletError) -> Meaning {
        for key in object.keys where !["columns", "index", "data"].contains(key) {
            throw MartletError(
                .invalidArgument,
                "'dataframe_split.\(key.prefix(100))' is not known; it has columns, index and data."
            )
        }
        guard let rows = object["data"]?.arrayValue else {
            throw MartletError(.invalidArgument, "'dataframe_split.data' is missing: an array of rows.")
        }
        guard rows.count <= ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
        guard let columns = object["columns"], columns != .null else {
            if fields.isEmpty { return try array(.array(rows), "dataframe_split.data") }
            return try positional(rows, "dataframe_split.data")
        }
        guard let names = columns.arrayValue, names.count <= CoreLimits.tableColumns else {
            throw MartletError(.invalidArgument, "'dataframe_split.columns' must be an array of names.")
        }
        let texts = names.map { $0.stringValue ?? $0.description }
        return try matrix(rows, columns: texts, "dataframe_split.data")
    }
}
