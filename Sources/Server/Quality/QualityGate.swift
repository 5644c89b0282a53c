package import Core
package import Datasets
package import Quality
import Synchronization

/// Runs suites of data quality on datasets, a few at a time: each holds its rows in memory.
package final class QualityGate: Sendable {
    /// What is tested.
    package struct Request: Sendable {
        /// The dataset.
        package let dataset: String
        /// The part of its split; nil for all rows.
        package let split: String?
        /// The dataset that it is compared with; nil for none.
        package let reference: String?
        /// The part of the reference's split; nil for all rows.
        package let referenceSplit: String?
        /// The tests.
        package let suite: QualitySuite

        /// Reads `reference`, `split`, `reference_split` and `suite`, which is everything that can be derived when it is left out.
        ///
        /// A part of a split of the dataset itself is a reference, too: `reference_split` alone.
        ///
        /// - Parameters:
        ///   - dataset: the dataset's name.
        ///   - fields: the rest.
        /// - Throws: `invalidArgument` naming the field.
        package init(dataset: String, _ fields: JSONFields) throws(MartletError) {
            self.dataset = dataset
            split = try fields.optionalString("split")
            referenceSplit = try fields.optionalString("reference_split")
            reference = try fields.optionalString("reference") ?? (referenceSplit == nil ? nil : dataset)
            suite =
                try fields.optionalFields("suite").map { section throws(MartletError) in
                    try QualitySuite(section)
                } ?? .derived
        }
    }

    private let datasets: DatasetStore
    private let running = Mutex(0)

    /// A gate over the datasets of one workspace.
    package init(datasets: DatasetStore) {
        self.datasets = datasets
    }

    /// Runs a suite for a caller who waits, when there is room.
    ///
    /// - Parameter request: what is tested.
    /// - Returns: the report and the content version of the dataset.
    /// - Throws: as `test`, and `resourceExhausted` when `ServerLimits.qualityRuns` suites run already.
    package func run(_ request: Request) async throws -> (report: QualityReport, version: String) {
        try await occupying { try await test(request) }
    }

    /// Runs a suite for a task; how many tasks run at a time is the pipelines' business.
    ///
    /// - Parameter request: what is tested.
    /// - Returns: the report and the content version of the dataset.
    /// - Throws: `notFound` or `failedPrecondition` when a dataset has no rows.
    package func test(_ request: Request) async throws -> (report: QualityReport, version: String) {
        let current = try await datasets.rowSet(request.dataset, split: request.split)
        var reference: Table?
        if let name = request.reference {
            reference = try await datasets.rowSet(name, split: request.referenceSplit).table
        }
        let (suite, compared) = (request.suite, reference)
        let report = try await BlockingWork.run { try suite.run(current: current.table, reference: compared) }
        return (report, current.version)
    }

    /// The profile of a dataset's rows.
    ///
    /// - Parameters:
    ///   - dataset: the dataset's name.
    ///   - split: the part of its split; nil for all rows.
    /// - Returns: the profile with correlations.
    /// - Throws: as `run`.
    package func profile(_ dataset: String, split: String?) async throws -> QualityProfile {
        try await occupying {
            let rows = try await datasets.rowSet(dataset, split: split)
            return try await BlockingWork.run { try QualityProfile(of: rows.table) }
        }
    }

    /// Does one piece of work while no more than `ServerLimits.qualityRuns` are under way.
    ///
    /// - Parameter body: the work.
    /// - Returns: what the work returns.
    /// - Throws: `resourceExhausted` when there are too many.
    package func occupying<Result>(_ body: () async throws -> Result) async throws -> Result {
        let isFree = running.withLock { running in
            guard running < ServerLimits.qualityRuns else { return false }
            running += 1
            return true
        }
        guard isFree else {
            throw MartletError(
                .resourceExhausted,
                "\(ServerLimits.qualityRuns) datasets are being tested already; try again when one is done."
            )
        }
        defer { running.withLock { $0 -= 1 } }
        return try await body()
    }
}
