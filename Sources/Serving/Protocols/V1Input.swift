import Core
import Runtimes

/// The body of KServe V1's `:predict` for models that do not take rows of numbers.
enum V1Input {
    /// What `{"instances": [rows]}`, `{"inputs": [rows]}` or `{"inputs": {name: array}}` mean to the model.
    ///
    /// - Throws: `invalidArgument` when neither key is there, both are, or the values do not fit the model.
    static func meaning(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ model: LoadedModel
    ) throws(MartletError) -> JSONInput.Meaning {
        guard let object = try JSONValue.parse(bytes).objectValue else {
            throw MartletError(.invalidArgument, "The body must be an object with 'instances'.")
        }
        let input = JSONInput(model, dropsUnknown: false)
        switch (object["instances"], object["inputs"]) {
        case (let rows?, nil): return try input.rows(rows, "instances")
        case (nil, .object(let columns)?): return try input.named(columns, "inputs")
        case (nil, let rows?): return try input.rows(rows, "inputs")
        case (.some, .some):
            throw MartletError(.invalidArgument, "Send the rows once, as 'instances' or as 'inputs'.")
        case (nil, nil):
            throw MartletError(.invalidArgument, "'instances' is missing: an array with one element for each row.")
        }
    }
}
