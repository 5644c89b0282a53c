import Core
import Runtimes

/// The body of MLflow's `/invocations` for models that do not take rows of numbers.
struct InvocationsInput {
    /// What the model shall see.
    let input: ModelInput
    /// Number of rows.
    let count: Int
    /// The parameters of the call, with the signature's defaults.
    let parameters: JSONObject
    /// Whether the answer stands under `predictions`; not so for the unified LLM form.
    let isWrapped: Bool

    private static let forms = ["dataframe_split", "dataframe_records", "instances", "inputs"]
    private static let objectKeys = ["messages", "prompt", "input"]

    /// Reads a JSON body.
    ///
    /// Columns are matched by name, and those that the model does not have are dropped. Bare `NaN` is read as Python
    /// writes it.
    ///
    /// - Throws: `invalidArgument` unless exactly one of the forms is there and fits the model.
    init(json bytes: UnsafeBufferPointer<UInt8>, _ model: LoadedModel) throws(MartletError) {
        guard let object = try JSONValue.parse(bytes, limits: .lenientNumbers).objectValue else {
            throw Self.formMissing()
        }
        let present = Self.forms.filter { object[$0] != nil }
        if present.isEmpty, Self.objectKeys.contains(where: { object[$0] != nil }) {
            self.init(input: .json(.object(object)), count: 1, parameters: [:], isWrapped: false)
            return
        }
        guard present.count == 1, let value = object[present[0]] else { throw Self.formMissing() }
        let known = present + ["params"]
        if let extra = object.keys.first(where: { !known.contains($0) }) {
            throw MartletError(
                .invalidArgument,
                "'\(extra.prefix(100))' is not known; beside '\(present[0])' there may be 'params'."
            )
        }
        let meaning = try Self.meaning(present[0], value, JSONInput(model, dropsUnknown: true))
        self.init(
            input: meaning.input,
            count: meaning.count,
            parameters: try Self.parameters(object["params"], model),
            isWrapped: true
        )
    }

    /// Reads CSV with a header row; the signature says which columns are numbers.
    ///
    /// - Throws: `invalidArgument` when the text is not CSV or does not fit the model.
    init(csv bytes: some Collection<UInt8>, _ model: LoadedModel) throws(MartletError) {
        let table = try CSV.parse(Array(bytes))
        guard table.rowCount <= ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
        let fields = Dictionary(model.signature.inputs.map { ($0.name, $0) }) { first, _ in first }
        var objects = [JSONObject](repeating: [:], count: table.rowCount)
        for column in table.columns {
            for (row, cell) in Self.cells(column, fields[column.name]).enumerated() { objects[row][column.name] = cell }
        }
        let meaning = try JSONInput(model, dropsUnknown: true).records(objects)
        self.init(
            input: meaning.input,
            count: meaning.count,
            parameters: try Self.parameters(nil, model),
            isWrapped: true
        )
    }

    /// Rows of numbers, which have no parameters.
    init(_ rows: FeatureRows) {
        self.init(input: .rows(rows.values, count: rows.count), count: rows.count, parameters: [:], isWrapped: true)
    }

    private init(input: ModelInput, count: Int, parameters: JSONObject, isWrapped: Bool) {
        self.input = input
        self.count = count
        self.parameters = parameters
        self.isWrapped = isWrapped
    }

    private static func meaning(
        _ form: String,
        _ value: JSONValue,
        _ input: JSONInput
    ) throws(MartletError) -> JSONInput.Meaning {
        switch (form, value) {
        case ("dataframe_split", .object(let split)): return try input.split(split)
        case ("dataframe_records", .array), ("instances", .array): return try input.rows(value, form)
        case ("inputs", .object(let columns)): return try input.named(columns, form)
        case ("inputs", .array): return try input.rows(value, form)
        default:
            throw MartletError(
                .invalidArgument,
                "'\(form)' is \(value.kind); expected \(form == "dataframe_split" ? "an object" : "an array")."
            )
        }
    }

    /// The parameters of the call.
    ///
    /// - Throws: `invalidArgument` for a parameter that the signature does not name.
    static func parameters(_ value: JSONValue?, _ model: LoadedModel) throws(MartletError) -> JSONObject {
        guard let value, value != .null else { return try model.signature.parameters(from: [:]) }
        guard let object = value.objectValue else {
            throw MartletError(.invalidArgument, "'params' is \(value.kind); expected an object.")
        }
        return try model.signature.parameters(from: object)
    }

    /// A column's cells as JSON of the declared type; a table of text has no types of its own.
    private static func cells(_ column: Column, _ field: ModelSignature.Field?) -> [JSONValue] {
        let isText = field.map { !$0.type.isNumeric } ?? false
        switch column.values {
        case .strings(let texts):
            return texts.map { text in
                guard let text else { return .null }
                if field?.type == .boolean, let truth = ["true": true, "false": false][text.lowercased()] {
                    return .bool(truth)
                }
                return .string(text)
            }
        case .integers(let numbers): return numbers.map { $0.map { isText ? .string("\($0)") : .integer($0) } ?? .null }
        case .numbers(let numbers): return numbers.map { $0.isNaN ? .null : isText ? .string("\($0)") : .number($0) }
        }
    }

    private static func formMissing() -> MartletError {
        MartletError(
            .invalidArgument,
            "The body must be an object with exactly one of \(forms.joined(separator: ", "))."
        )
    }
}
