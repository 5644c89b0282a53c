import Core

/// The names of pipelines, tasks and parameters.
enum PipelineName {
    /// Letters, digits, `_` and `-`, at most `nameBytes`; so a name is safe in a path, a log and a reference.
    static func isValid(_ name: String) -> Bool {
        (1...PipelinesLimits.nameBytes).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                default: false
                }
            }
    }

    static func require(_ name: String, path: String) throws(MartletError) {
        guard isValid(name) else {
            throw MartletError(
                .invalidArgument,
                "'\(path)': a name has letters, digits, '_' and '-', at most \(PipelinesLimits.nameBytes)."
            )
        }
    }
}
