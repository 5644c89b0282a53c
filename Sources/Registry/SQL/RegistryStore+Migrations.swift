package import Storage

extension RegistryStore {
    /// The tables of registered models, versions and aliases.
    package static let migrations: [Migration] = [
        Migration(id: "registry-0001", statements: modelTables + versionTables),
        Migration(id: "registry-0002", statements: downloads),
        Migration(id: "registry-0003", statements: supplyTables),
    ]

    private static let supplyTables = [
        // When the files of a version were written down, and which of them run code when they are loaded.
        """
        CREATE TABLE model_version_supply (
            model_number BIGINT NOT NULL, version BIGINT NOT NULL, fixed_at BIGINT NOT NULL, pickles TEXT NOT NULL,
            PRIMARY KEY (model_number, version),
            FOREIGN KEY (model_number, version) REFERENCES model_versions (model_number, version))
        """,
        """
        CREATE TABLE model_signing_keys (
            key_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, public_key TEXT NOT NULL, created_at BIGINT NOT NULL,
            revoked_at BIGINT)
        """,
        """
        CREATE TABLE model_version_signatures (
            model_number BIGINT NOT NULL, version BIGINT NOT NULL,
            key_id TEXT NOT NULL REFERENCES model_signing_keys (key_id), signature TEXT NOT NULL,
            signed_at BIGINT NOT NULL, PRIMARY KEY (model_number, version, key_id),
            FOREIGN KEY (model_number, version) REFERENCES model_versions (model_number, version))
        """,
        // By name and not by number: a policy outlives the model, whose name somebody may give to another.
        """
        CREATE TABLE model_alias_policies (
            model TEXT NOT NULL, alias TEXT NOT NULL, signatures BIGINT NOT NULL, key_ids TEXT NOT NULL,
            PRIMARY KEY (model, alias))
        """,
    ]

    private static let downloads = [
        // Where clients are sent; NULL in versions from before, whose files are where the server reads them.
        "ALTER TABLE model_versions ADD COLUMN download_uri TEXT",
        "CREATE INDEX model_versions_by_stage ON model_versions (model_number, is_deleted, stage, version)",
    ]

    private static let modelTables = [
        """
        CREATE TABLE registered_models (
            model_number BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT, is_prompt INTEGER NOT NULL,
            last_version BIGINT NOT NULL, creation_time BIGINT NOT NULL, last_update_time BIGINT NOT NULL)
        """,
        """
        CREATE TABLE registered_model_tags (
            model_number BIGINT NOT NULL REFERENCES registered_models (model_number), tag_key TEXT NOT NULL,
            tag_value TEXT NOT NULL, PRIMARY KEY (model_number, tag_key))
        """,
    ]

    private static let versionTables = [
        // A deleted version leaves its row behind, marked, so that its number is not used again.
        """
        CREATE TABLE model_versions (
            model_number BIGINT NOT NULL REFERENCES registered_models (model_number), version BIGINT NOT NULL,
            is_deleted INTEGER NOT NULL, description TEXT NOT NULL, stage TEXT NOT NULL, source TEXT NOT NULL,
            artifact_uri TEXT NOT NULL, run_id TEXT NOT NULL, run_link TEXT NOT NULL, creation_time BIGINT NOT NULL,
            last_update_time BIGINT NOT NULL, PRIMARY KEY (model_number, version))
        """,
        """
        CREATE TABLE model_version_tags (
            model_number BIGINT NOT NULL, version BIGINT NOT NULL, tag_key TEXT NOT NULL, tag_value TEXT NOT NULL,
            PRIMARY KEY (model_number, version, tag_key),
            FOREIGN KEY (model_number, version) REFERENCES model_versions (model_number, version))
        """,
        """
        CREATE TABLE model_version_files (
            model_number BIGINT NOT NULL, version BIGINT NOT NULL, file_path TEXT NOT NULL, file_size BIGINT NOT NULL,
            sha256 TEXT NOT NULL, PRIMARY KEY (model_number, version, file_path),
            FOREIGN KEY (model_number, version) REFERENCES model_versions (model_number, version))
        """,
        """
        CREATE TABLE model_aliases (
            model_number BIGINT NOT NULL, alias TEXT NOT NULL, version BIGINT NOT NULL,
            PRIMARY KEY (model_number, alias),
            FOREIGN KEY (model_number, version) REFERENCES model_versions (model_number, version))
        """,
    ]
}
