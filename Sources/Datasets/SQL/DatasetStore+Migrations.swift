package import Storage

extension DatasetStore {
    /// The tables that every dataset shares; each dataset's own two are made when its columns are known.
    package static let migrations: [Migration] = [
        Migration(
            id: "datasets-0001",
            statements: [
                """
                CREATE TABLE datasets (
                    name TEXT PRIMARY KEY, stem TEXT NOT NULL UNIQUE, spec TEXT NOT NULL, directory TEXT,
                    version TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL
                )
                """,
                """
                CREATE TABLE dataset_columns (
                    dataset TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, identifier TEXT NOT NULL,
                    kind TEXT NOT NULL, invalid BIGINT NOT NULL, invalid_rows TEXT NOT NULL,
                    PRIMARY KEY (dataset, position)
                )
                """,
                """
                CREATE TABLE dataset_cursors (
                    dataset TEXT NOT NULL, stage TEXT NOT NULL, byte_offset BIGINT NOT NULL, prefix_sha256 TEXT NOT NULL,
                    total_rows BIGINT NOT NULL, blocks BIGINT NOT NULL, finished INTEGER NOT NULL,
                    updated_at BIGINT NOT NULL, PRIMARY KEY (dataset, stage)
                )
                """,
                """
                CREATE TABLE dataset_checks (
                    dataset TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, column_name TEXT,
                    passed INTEGER NOT NULL, observed DOUBLE PRECISION NOT NULL, expected TEXT NOT NULL,
                    message TEXT NOT NULL, example_rows TEXT NOT NULL, version TEXT, checked_at BIGINT NOT NULL,
                    PRIMARY KEY (dataset, position)
                )
                """,
            ]
        ),
        Migration(
            id: "datasets-0002",
            statements: [
                // Which names the dataset's own tables have: 1 is dataset_…_raw and dataset_…_clean with the label in
                // `split`, 2 is raw_… and clean_… with the label in `dataset`.
                "ALTER TABLE datasets ADD COLUMN layout INTEGER NOT NULL DEFAULT 1",
                // Where a source that is no file goes on, as JSON.
                "ALTER TABLE dataset_cursors ADD COLUMN position TEXT",
                """
                CREATE TABLE dataset_drift (
                    dataset TEXT NOT NULL, sequence BIGINT NOT NULL, kind TEXT NOT NULL, column_name TEXT NOT NULL,
                    detail TEXT NOT NULL, policy TEXT NOT NULL, block BIGINT NOT NULL, happened_at BIGINT NOT NULL,
                    PRIMARY KEY (dataset, sequence)
                )
                """,
                """
                CREATE TABLE dataset_versions (
                    dataset TEXT NOT NULL, sequence BIGINT NOT NULL, version TEXT NOT NULL, total_rows BIGINT NOT NULL,
                    columns TEXT NOT NULL, sources TEXT NOT NULL, created_at BIGINT NOT NULL,
                    PRIMARY KEY (dataset, sequence)
                )
                """,
                """
                CREATE TABLE dataset_transforms (
                    dataset TEXT PRIMARY KEY, document TEXT NOT NULL, spec TEXT NOT NULL, part TEXT NOT NULL,
                    version TEXT NOT NULL, total_rows BIGINT NOT NULL, fitted_at BIGINT NOT NULL
                )
                """,
            ]
        ),
    ]
}
