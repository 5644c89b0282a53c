/// Values stored feature by feature: feature f of row r is at `f * stride + r`.
///
/// The stride leaves room for reading whole vectors past the last row.
struct FeatureColumns: Sendable {
    /// How far past the last row a reader may look.
    static let padding = 12

    let rows: Int
    let features: Int
    let stride: Int
    let values: [Float]

    /// How many floats one feature of `rows` rows takes.
    static func stride(for rows: Int) -> Int { (rows + padding + 7) / 8 * 8 }
}
