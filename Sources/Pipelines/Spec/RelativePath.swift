import Core

/// Paths that authors write: below a directory, never out of it.
enum RelativePath {
    /// Throws unless `text` is a plain path below a directory: no `..`, not absolute, nothing empty.
    static func require(_ text: String, path: String) throws(MartletError) {
        let names = text.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = names.allSatisfy { name in
            !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
                && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0x5C && $0 != 0x23 && $0 != 0x25 }
        }
        guard isPlain, names.count <= PipelinesLimits.pathDepth else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' must be a path below the task's directory such as out/model, without '..', but is '\(text.prefix(80))'."
            )
        }
    }
}
