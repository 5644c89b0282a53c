package import Core

/// How two tables are compared.
package struct DriftOptions: Sendable, Equatable {
    /// The test of each column.
    package var columns = DetectorSpec(.automatic)
    /// Detectors over whole rows, or further tests by column.
    package var detectors: [DetectorSpec] = []
    /// When something about the data counts as an event.
    package var events = DataEventOptions()
    /// A column whose values split both tables into segments that are compared one by one.
    package var segment: String?
    /// The column of the labels; marked in the report.
    package var target: String?
    /// The column of the predictions; marked in the report.
    package var prediction: String?
    /// When the comparison was made; left out of the report when nil.
    package var at: Timestamp?

    /// The defaults: Evidently's choice of a test for each column, dataset drift from half of the columns on.
    package init() {}
}
