package import Core

/// What a request gives a model.
package enum ModelInput: Sendable, Equatable {
    /// Tabular numbers in the order of the model's columns, row-major; NaN is missing.
    case rows([Float], count: Int)
    /// Tensors, and how they belong together.
    case tensors([NamedTensor], TensorLayout)
    /// A JSON value that the model reads itself, such as a chat request.
    case json(JSONValue)
}

/// How the tensors of a request or an answer belong together.
package enum TensorLayout: String, Sendable, Equatable {
    /// A table: each tensor is a column and its first extent the number of rows.
    case columns
    /// Arrays by name.
    case named
    /// One array without a name.
    case single
}

/// One call of a model.
package struct ModelCall: Sendable {
    /// What the model shall look at.
    package var input: ModelInput
    /// The outputs that are wanted; nil for all.
    package var outputs: [String]?
    /// Parameters of the call, such as those of an MLflow signature.
    package var parameters: JSONObject
    /// When the answer is of no use any more, in `Clock.monotonicNanoseconds`; nil for never.
    package var deadline: UInt64?

    /// Makes a call.
    package init(
        _ input: ModelInput,
        outputs: [String]? = nil,
        parameters: JSONObject = [:],
        deadline: UInt64? = nil
    ) {
        self.input = input
        self.outputs = outputs
        self.parameters = parameters
        self.deadline = deadline
    }
}

/// What a model answered.
package struct ModelResult: Sendable, Equatable {
    /// The values.
    package enum Content: Sendable, Equatable {
        /// `count` rows of a `RowRuntime`'s outputs, row-major.
        case rows([Float], count: Int)
        /// Tensors, and how they belong together.
        case tensors([NamedTensor], TensorLayout)
        /// A JSON value.
        case json(JSONValue)
    }

    /// The values.
    package let content: Content

    /// Makes an answer.
    package init(_ content: Content) {
        self.content = content
    }
}
