import Storage
import Testing

/// The shared SQL in PostgreSQL's words.
@Suite struct PostgresDialectTests {
    @Test(arguments: [
        ("SELECT ? , ?", "SELECT $1 , $2"),
        ("SELECT '?', \"?\", ? -- ?\n, ? /* ? */", "SELECT '?', \"?\", $1 -- ?\n, $2 /* ? */"),
        ("SELECT 'it''s ?' || ?", "SELECT 'it''s ?' || $1"),
        ("SELECT 'open ?", "SELECT 'open ?"),
        ("SELECT 1 /* open ?", "SELECT 1 /* open ?"),
        ("SELECT 'ä?' = ?", "SELECT 'ä?' = $1"),
        ("", ""),
    ])
    func placeholdersAreNumbered(sql: String, expected: String) {
        #expect(PostgresDialect.translate(sql) == expected)
    }

    @Test(arguments: [
        ("a LIKE ?", "a LIKE $1 ESCAPE ''"),
        ("a like ? and b = ?", "a like $1 ESCAPE '' and b = $2"),
        ("a NOT LIKE 'it''s%' OR b", "a NOT LIKE 'it''s%' ESCAPE '' OR b"),
        ("LOWER(a) LIKE LOWER(?)", "LOWER(a) LIKE LOWER($1 COLLATE \"C\") ESCAPE ''"),
        ("a LIKE (? || '%') AND b", "a LIKE ($1 || '%') ESCAPE '' AND b"),
        (#"a LIKE ? ESCAPE '\'"#, #"a LIKE $1 ESCAPE '\'"#),
        (#"LOWER(a) LIKE LOWER(?) escape '!'"#, #"LOWER(a) LIKE LOWER($1 COLLATE "C") escape '!'"#),
        ("a LIKE ? OR a LIKE ?", "a LIKE $1 ESCAPE '' OR a LIKE $2 ESCAPE ''"),
        ("SELECT 'LIKE ?'", "SELECT 'LIKE ?'"),
        ("unlike = ?", "unlike = $1"),
    ])
    func patternsHaveNoEscapeOfTheirOwn(sql: String, expected: String) {
        #expect(PostgresDialect.translate(sql) == expected)
    }

    @Test(arguments: [
        ("CREATE TABLE a (b TEXT NOT NULL, c BLOB)", "CREATE TABLE a (b TEXT COLLATE \"C\" NOT NULL, c BYTEA)"),
        ("create table a (b text)", "create table a (b TEXT COLLATE \"C\")"),
        (
            "ALTER TABLE a ADD COLUMN context TEXT DEFAULT 'TEXT'",
            "ALTER TABLE a ADD COLUMN context TEXT COLLATE \"C\" DEFAULT 'TEXT'"
        ),
        ("CREATE TABLE a (b BIGINT PRIMARY KEY) WITHOUT ROWID", "CREATE TABLE a (b BIGINT PRIMARY KEY)  "),
        ("-- TEXT\nCREATE TABLE a (\"TEXT\" TEXT)", "-- TEXT\nCREATE TABLE a (\"TEXT\" TEXT COLLATE \"C\")"),
        ("CREATE INDEX text ON a (b)", "CREATE INDEX text ON a (b)"),
        ("SELECT CAST(a AS TEXT) FROM b", "SELECT CAST(a AS TEXT) FROM b"),
    ])
    func tablesKeepTheirMeaning(sql: String, expected: String) {
        #expect(PostgresDialect.translate(sql) == expected)
    }
}
