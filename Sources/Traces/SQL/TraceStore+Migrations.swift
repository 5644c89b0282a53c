package import Storage

extension TraceStore {
    /// The tables of traces.
    ///
    /// Traces have small integer keys beside their public ids, and their rows hold nothing long, so that a search reads
    /// few pages; previews and the content of spans stand apart. Tables without row ids are clustered by their keys in
    /// SQLite; PostgreSQL has no such clause, its back end leaves it out. Names, tags and metadata are indexed by their
    /// first characters: a whole value can be too long for an index of PostgreSQL. The index by time holds what traces
    /// are mostly searched for, so that a search reads it alone.
    package static let migrations: [Migration] = [
        Migration(id: "traces-0001", statements: traceTables + pairTables + spanTables + assessmentTables + linkTables)
    ]

    private static let traceTables = [
        """
        CREATE TABLE traces (
            trace_number BIGINT PRIMARY KEY, trace_id TEXT NOT NULL UNIQUE, experiment_id BIGINT NOT NULL,
            request_time BIGINT NOT NULL, duration BIGINT, state TEXT NOT NULL, trace_name TEXT, name_head TEXT,
            session_id TEXT, client_request_id TEXT, is_finalized INTEGER NOT NULL, has_own_usage INTEGER NOT NULL,
            has_own_cost INTEGER NOT NULL) WITHOUT ROWID
        """,
        """
        CREATE INDEX traces_by_time
            ON traces (experiment_id, request_time DESC, trace_id, state, duration, name_head, session_id)
        """,
        "CREATE INDEX traces_by_session ON traces (session_id)",
        """
        CREATE TABLE trace_previews (
            trace_number BIGINT PRIMARY KEY, request_preview TEXT, response_preview TEXT)
        """,
    ]

    private static let pairTables = [
        """
        CREATE TABLE trace_tags (
            trace_number BIGINT NOT NULL, tag_key TEXT NOT NULL, tag_value TEXT NOT NULL, tag_head TEXT NOT NULL,
            PRIMARY KEY (trace_number, tag_key)) WITHOUT ROWID
        """,
        "CREATE INDEX trace_tags_by_value ON trace_tags (tag_key, tag_head, trace_number)",
        """
        CREATE TABLE trace_metadata (
            trace_number BIGINT NOT NULL, metadata_key TEXT NOT NULL, metadata_value TEXT NOT NULL,
            metadata_head TEXT NOT NULL, PRIMARY KEY (trace_number, metadata_key)) WITHOUT ROWID
        """,
        "CREATE INDEX trace_metadata_by_value ON trace_metadata (metadata_key, metadata_head, trace_number)",
    ]

    private static let spanTables = [
        """
        CREATE TABLE spans (
            trace_number BIGINT NOT NULL, span_id TEXT NOT NULL, parent_id TEXT, span_name TEXT NOT NULL,
            name_head TEXT NOT NULL, span_type TEXT, type_head TEXT, span_status TEXT NOT NULL,
            start_time BIGINT NOT NULL, end_time BIGINT, token_usage TEXT, llm_cost TEXT,
            PRIMARY KEY (trace_number, span_id)) WITHOUT ROWID
        """,
        "CREATE INDEX spans_by_name ON spans (name_head, trace_number)",
        "CREATE INDEX spans_by_type ON spans (type_head, trace_number)",
        "CREATE INDEX spans_by_status ON spans (span_status, trace_number)",
        """
        CREATE TABLE span_contents (
            trace_number BIGINT NOT NULL, span_id TEXT NOT NULL, content TEXT NOT NULL,
            PRIMARY KEY (trace_number, span_id))
        """,
    ]

    private static let assessmentTables = [
        """
        CREATE TABLE assessments (
            assessment_id TEXT PRIMARY KEY, trace_number BIGINT NOT NULL, assessment_name TEXT NOT NULL,
            kind TEXT NOT NULL, assessment_value TEXT NOT NULL, number_value DOUBLE PRECISION, error TEXT,
            source_type TEXT NOT NULL, source_id TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
            span_id TEXT, run_id TEXT, rationale TEXT, overrides TEXT, is_valid INTEGER NOT NULL,
            is_about_session INTEGER NOT NULL, metadata TEXT)
        """,
        "CREATE INDEX assessments_by_trace ON assessments (trace_number)",
        "CREATE INDEX assessments_by_name ON assessments (kind, assessment_name)",
        "CREATE INDEX assessments_by_run ON assessments (run_id)",
    ]

    private static let linkTables = [
        """
        CREATE TABLE trace_runs (
            run_id TEXT NOT NULL, trace_id TEXT NOT NULL, PRIMARY KEY (run_id, trace_id)) WITHOUT ROWID
        """,
        "CREATE INDEX trace_runs_by_trace ON trace_runs (trace_id)",
        """
        CREATE TABLE trace_prompts (
            prompt_name TEXT NOT NULL, prompt_version BIGINT NOT NULL, trace_id TEXT NOT NULL,
            PRIMARY KEY (prompt_name, prompt_version, trace_id)) WITHOUT ROWID
        """,
        "CREATE INDEX trace_prompts_by_trace ON trace_prompts (trace_id)",
    ]
}
