package import Storage

extension AccessStore {
    /// The tables of accounts and what they may do.
    package static let migrations: [Migration] = [
        Migration(
            id: "access-0001",
            statements: accountTables + credentialTables + workspaceTables + issuerTables
        )
    ]

    private static let accountTables = [
        "CREATE TABLE access_versions (part TEXT PRIMARY KEY, version BIGINT NOT NULL)",
        "INSERT INTO access_versions (part, version) VALUES ('identities', 1)",
        "INSERT INTO access_versions (part, version) VALUES ('sessions', 1)",
        """
        CREATE TABLE access_accounts (
            account_id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
            is_server_administrator INTEGER NOT NULL, is_disabled INTEGER NOT NULL, password_hash TEXT,
            created_at BIGINT NOT NULL, password_changed_at BIGINT, last_login_at BIGINT)
        """,
        """
        CREATE TABLE access_roles (
            account_id TEXT NOT NULL REFERENCES access_accounts (account_id), workspace TEXT NOT NULL,
            source TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (account_id, workspace, source))
        """,
        """
        CREATE TABLE access_grants (
            grant_id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES access_accounts (account_id),
            workspace TEXT NOT NULL, kind TEXT NOT NULL, resource TEXT NOT NULL, permissions TEXT NOT NULL,
            created_at BIGINT NOT NULL, UNIQUE (account_id, workspace, kind, resource))
        """,
        "CREATE INDEX access_grants_by_resource ON access_grants (workspace, kind, resource)",
    ]

    private static let credentialTables = [
        """
        CREATE TABLE access_tokens (
            token_id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES access_accounts (account_id),
            secret_hash TEXT NOT NULL UNIQUE, prefix TEXT NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
            workspace TEXT, parent_id TEXT, created_at BIGINT NOT NULL, expires_at BIGINT, last_used_at BIGINT,
            rate_per_second DOUBLE PRECISION)
        """,
        "CREATE INDEX access_tokens_of ON access_tokens (account_id)",
        """
        CREATE TABLE access_sessions (
            session_id TEXT PRIMARY KEY, account_id TEXT NOT NULL REFERENCES access_accounts (account_id),
            secret_hash TEXT NOT NULL UNIQUE, created_at BIGINT NOT NULL, seen_at BIGINT NOT NULL,
            expires_at BIGINT NOT NULL, agent TEXT NOT NULL, token_id TEXT, scopes TEXT NOT NULL,
            workspace TEXT)
        """,
        "CREATE INDEX access_sessions_of ON access_sessions (account_id)",
    ]

    private static let workspaceTables = [
        """
        CREATE TABLE access_workspaces (
            name TEXT PRIMARY KEY, description TEXT NOT NULL, created_at BIGINT NOT NULL, deleted_at BIGINT,
            storage_bytes BIGINT, requests_per_second DOUBLE PRECISION, concurrent_tasks BIGINT,
            model_memory_bytes BIGINT)
        """,
        """
        INSERT INTO access_workspaces (name, description, created_at)
        VALUES ('default', 'The workspace that every server has.', 0)
        """,
    ]

    private static let issuerTables = [
        """
        CREATE TABLE access_subjects (
            issuer TEXT NOT NULL, subject TEXT NOT NULL,
            account_id TEXT NOT NULL REFERENCES access_accounts (account_id), group_names TEXT NOT NULL,
            is_server_administrator INTEGER NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (issuer, subject))
        """,
        "CREATE INDEX access_subjects_of ON access_subjects (account_id)",
        """
        CREATE TABLE access_group_rules (
            position INTEGER PRIMARY KEY, issuer TEXT, group_name TEXT NOT NULL, workspace TEXT NOT NULL, role TEXT,
            is_server_administrator INTEGER NOT NULL)
        """,
    ]
}
