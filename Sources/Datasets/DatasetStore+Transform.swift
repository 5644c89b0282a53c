package import Core
import Storage
package import Transforms

/// A dataset's transform as it was fitted.
package struct DatasetTransform: Sendable, Equatable {
    /// The transform.
    package let transform: FittedTransform
    /// The part of the split that it was fitted on.
    package let part: String
    /// The content version of the rows.
    package let version: String
    /// How many rows it was fitted on.
    package let rows: Int64
    /// When.
    package let at: Timestamp

    /// As the API shows it.
    package var json: JSONValue {
        [
            "part": .string(part), "version": .string(version), "rows": .integer(rows),
            "fitted_at": .integer(at.milliseconds), "transform": transform.json,
        ]
    }
}

extension DatasetStore {
    /// Fits the dataset's transform on one part of its rows and keeps it with the dataset.
    ///
    /// - Parameters:
    ///   - name: The dataset, which declares a `transform`.
    ///   - part: The part of the split, by the manifest's convention `train`.
    /// - Returns: The fitted transform.
    /// - Throws: `failedPrecondition` without a transform, rows or split, `invalidArgument` naming the step that does not
    ///   fit the rows.
    package func fitTransform(_ name: String, part: String = "train") async throws -> DatasetTransform {
        let spec = try await transformSpec(name)
        let rows = try await rowSet(name, split: part)
        let (transform, _) = try await Self.fitting(spec, rows)
        let fitted = DatasetTransform(
            transform: transform,
            part: part,
            version: rows.version,
            rows: Int64(rows.ids.count),
            at: clock.now
        )
        try await database.write { connection in
            let record = try DatasetRecord.loadWithRows(name, on: connection)
            guard record.version == fitted.version else {
                throw MartletError(
                    .failedPrecondition,
                    "The dataset '\(name)' has got other rows while its transform was fitted; run the step again."
                )
            }
            try connection.execute(
                """
                INSERT INTO dataset_transforms (dataset, document, spec, part, version, total_rows, fitted_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (dataset) DO UPDATE SET document = excluded.document, spec = excluded.spec,
                    part = excluded.part, version = excluded.version, total_rows = excluded.total_rows,
                    fitted_at = excluded.fitted_at
                """,
                [
                    .text(name), .text(transform.json.description), .text(spec.json.description), .text(part),
                    .text(fitted.version), .integer(fitted.rows), .integer(fitted.at.milliseconds),
                ]
            )
        }
        return fitted
    }

    /// The transform that was fitted last; nil when none was, or when another one is declared since.
    package func transform(_ name: String) async throws -> DatasetTransform? {
        let declared = try await spec(name).transform
        let row = try await database.read { connection in
            try connection.first("SELECT * FROM dataset_transforms WHERE dataset = ?", [.text(name)])
        }
        guard let row, let declared, try row.text("spec") == declared.json.description else { return nil }
        return DatasetTransform(
            transform: try FittedTransform(json: try row.json("document")),
            part: try row.text("part"),
            version: try row.text("version"),
            rows: try row.int("total_rows"),
            at: try row.timestamp("fitted_at")
        )
    }

    /// The rows as a model sees them: transformed where the dataset declares a transform, with the target behind.
    ///
    /// For the rows that the transform was fitted on, what is encoded by the target comes from the other rows.
    ///
    /// - Parameters:
    ///   - name: The dataset.
    ///   - split: Only the rows in this part of the split.
    /// - Returns: The rows, with their ids and version.
    /// - Throws: as `rowSet`, and `failedPrecondition` when the declared transform is not fitted.
    package func transformedRows(_ name: String, split: String? = nil) async throws -> DatasetRows {
        let rows = try await rowSet(name, split: split)
        guard let spec = try await self.spec(name).transform else { return rows }
        guard let fitted = try await transform(name) else {
            throw MartletError(
                .failedPrecondition,
                "The transform of the dataset '\(name)' is not fitted; run the step data.transform first."
            )
        }
        let table: Table
        let target = rows.target.map { [$0.column] } ?? []
        if split == fitted.part, rows.version == fitted.version {
            let (_, training) = try await Self.fitting(spec, rows)
            let kept = try target.map { name throws(MartletError) in try rows.table.column(name) }
            table = try Table(columns: training.columns + kept)
        } else {
            let whole = rows.table
            table = try await BlockingWork.run { try fitted.transform.apply(whole, keeping: target) }
        }
        return DatasetRows(ids: rows.ids, splits: rows.splits, table: table, version: rows.version, target: rows.target)
    }

    /// Some rows of a dataset transformed, by the fitted transform or by one that is fitted for the purpose and not kept.
    ///
    /// - Parameters:
    ///   - name: The dataset, which declares a `transform`.
    ///   - limit: Most rows.
    /// - Returns: The rows and whether the kept transform made them.
    /// - Throws: `notFound`, `failedPrecondition` without a transform or rows.
    package func transformPreview(_ name: String, limit: Int) async throws -> (table: Table, isFitted: Bool) {
        let page = try await page(name, limit: limit)
        let target = page.target.map { [$0.column] } ?? []
        if let fitted = try await transform(name) {
            return (try fitted.transform.apply(page.table, keeping: target), true)
        }
        let parts = try await dataset(name).splits.map(\.name)
        let rows = try await rowSet(name, split: parts.contains("train") ? "train" : nil)
        let (transform, _) = try await Self.fitting(try await transformSpec(name), rows)
        return (try transform.apply(page.table, keeping: target), false)
    }

    private func transformSpec(_ name: String) async throws -> TransformSpec {
        if let spec = try await spec(name).transform { return spec }
        throw MartletError(
            .failedPrecondition,
            "The dataset '\(name)' declares no 'transform'; add one to its section of the manifest."
        )
    }

    private static func fitting(
        _ spec: TransformSpec,
        _ rows: DatasetRows
    ) async throws -> (transform: FittedTransform, training: Table) {
        if let target = rows.target, target.classes.count > 2, spec.usesTarget {
            throw MartletError(
                .invalidArgument,
                "The target '\(target.column)' has \(target.classes.count) classes; encoding by the target takes two, or a number."
            )
        }
        let (table, target) = (rows.table, rows.target?.column)
        return try await BlockingWork.run { try FittedTransform.fitting(spec, table, target: target) }
    }
}

extension TransformSpec {
    /// Whether a step looks at the target.
    fileprivate var usesTarget: Bool {
        steps.contains { if case .encode(_, .target, _) = $0 { true } else { false } }
    }
}
