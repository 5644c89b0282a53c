/// The named maxima of the values that every module shares.
package enum CoreLimits {
    /// Deepest nesting of a JSON document.
    package static let jsonDepth = 64
    /// Largest JSON document read into values, in bytes.
    package static let jsonBytes = 16 * 1024 * 1024
    /// Most elements of a tensor.
    package static let tensorElements = 64 * 1024 * 1024
    /// Most dimensions of a tensor.
    package static let tensorRank = 16
    /// Most columns, tensors or parameters that a signature lists.
    package static let signatureFields = 100_000
    /// Most columns of a table.
    package static let tableColumns = 16_384
    /// Longest `traceparent` header that is read, in bytes.
    package static let traceParentBytes = 128
    /// Longest `tracestate` header that is passed on, in bytes.
    package static let traceStateBytes = 512
    /// Longest page token accepted, in bytes.
    package static let pageTokenBytes = 4096
    /// Most rules for files that a sandbox is made of; each takes the kernel about 3 µs when a process starts.
    package static let fileRules = 50_000
    /// Most of a file of the kernel that is read, in bytes.
    package static let kernelFileBytes = 1024 * 1024
    /// Longest CSV field, in bytes.
    package static let csvFieldBytes = 1024 * 1024
}
