package import Core
package import Plots

extension Attributions {
    /// Takes a library's contributions for labelled rows apart: rows × outputs × (features + 1).
    ///
    /// - Parameters:
    ///   - rows: the rows that were explained.
    ///   - contributions: as the library returned them.
    ///   - outputs: outputs a row: 1 for two classes.
    ///   - output: which output to keep.
    ///   - name: what it is called.
    /// - Throws: `internal` when the sizes do not fit.
    package init(
        _ rows: LabelledRows,
        contributions: [Float],
        outputs: Int,
        output: Int,
        name: String
    ) throws(MartletError) {
        try self.init(
            featureNames: rows.featureNames,
            values: rows.values,
            groups: contributions,
            outputs: outputs,
            output: output,
            name: name
        )
    }
}
