import Core

/// When an earlier result of a task is taken instead of running it: same inputs, same parameters, same code.
package struct CachePolicy: Sendable, Equatable {
    /// How old a result may be; nil for any age.
    package var age: Duration?
    /// Files and directories of the pipeline's directory that are code of the task, beside those that its command names.
    package var files: [String] = []
    /// A text of the author's choice; changing it forgets earlier results.
    package var version: String?

    static let keys = ["age", "files", "version"]

    /// Any age, and no files beside those that the command names.
    package init() {}

    /// Reads `cache`: true, false or an object.
    static func parse(_ fields: JSONFields) throws(MartletError) -> CachePolicy? {
        switch fields.value("cache") {
        case nil, .bool(false): return nil
        case .bool(true): return CachePolicy()
        default: break
        }
        let declared = try fields.fields("cache")
        try declared.rejectUnknown(keys)
        var policy = CachePolicy()
        policy.age = try declared.optionalDuration("age")
        policy.files = try declared.strings("files")
        policy.version = try declared.optionalString("version")
        guard policy.files.count <= PipelinesLimits.cacheFiles else {
            throw MartletError(
                .invalidArgument,
                "'\(declared.path(of: "files"))' names more than \(PipelinesLimits.cacheFiles) files."
            )
        }
        for (position, file) in policy.files.enumerated() {
            try RelativePath.require(file, path: "\(declared.path(of: "files"))[\(position)]")
        }
        return policy
    }
}
