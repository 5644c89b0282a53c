package import Core

/// An exception of the model as the worker tells it.
package struct WorkerComplaint {
    /// Whose fault it is.
    package enum Fault: String {
        /// The request does not fit the model.
        case request
        /// The model failed.
        case model
        /// The memory limit is too small.
        case memory
    }

    /// Whose fault it is.
    package let fault: Fault
    /// The exception's class.
    package let type: String
    /// The exception's text without paths of this host.
    package let message: String
    /// The package that is missing, if that is what is wrong.
    package let module: String?

    /// Reads a frame of the kind `error` or `failed`.
    package init(_ frame: WorkerFrame) throws(WorkerProtocolError) {
        guard let header = try? JSONValue.parse(frame.header), let type = header["type"]?.stringValue,
            let fault = header["code"]?.stringValue.flatMap(Fault.init(rawValue:))
        else { throw WorkerProtocolError(description: "An error without type and code.") }
        self.fault = fault
        self.type = HostPaths.removed(from: String(type.prefix(100)))
        let text = HostPaths.removed(from: header["message"]?.stringValue ?? "")
        message = String(text.prefix(WorkerLimits.messageCharacters))
        module = header["module"]?.stringValue.map { String($0.prefix(100)) }
    }

    /// What the caller of the model gets.
    package var callError: MartletError {
        switch fault {
        case .request: MartletError(.invalidArgument, "The model refused the input: \(type): \(message)")
        case .model: MartletError(.internal, "The model failed: \(type): \(message)")
        case .memory:
            MartletError(.unavailable, "The model's worker ran out of memory; try again, or with fewer rows.")
        }
    }

    /// What whoever loads the model gets.
    package var loadError: MartletError {
        if let module {
            return MartletError(
                .failedPrecondition,
                "The model needs the Python package '\(module)', which its interpreter lacks. Prepare an environment"
                    + " with `martlet model env`, or name an interpreter that has the model's requirements."
            )
        }
        if fault == .memory {
            return MartletError(.resourceExhausted, "The model does not fit into its worker's memory limit; raise it.")
        }
        return MartletError(.failedPrecondition, "The model cannot be loaded: \(type): \(message)")
    }
}
