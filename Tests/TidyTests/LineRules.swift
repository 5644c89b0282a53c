import Foundation

/// A rule that one line of code breaks on its own.
struct LineRule: Sendable {
    let name: String
    let pattern: LinePattern
    let message: String
    /// Paths (prefixes) where the rule holds.
    let scope: [String]
    /// Paths (prefixes) inside the scope where it does not.
    var except: [String] = []
    /// How the paths end that it holds for.
    var suffix = ""
    /// Looks at the text as written instead of the code alone.
    var raw = false

    /// Every line of the file that breaks the rule.
    func violations(in file: SourceFile) -> [Violation] {
        guard scope.contains(where: file.path.hasPrefix), !except.contains(where: file.path.hasPrefix),
            file.path.hasSuffix(suffix)
        else { return [] }
        return file.matches(pattern, in: raw ? \.lines : \.code).map { line, _ in
            Violation(path: file.path, line: line, message: message)
        }
    }
}

extension LineRule {
    /// No task that nobody waits for: work belongs to a task group, a service or a handle that is kept.
    static let bareTask = LineRule(
        name: "bare task",
        pattern: LinePattern(#"^\s*(_\s*=\s*)?Task(\.\w+)?\s*(<[^>]*>)?\s*(\([^)]*\))?\s*\{"#),
        message: "a task nobody waits for; use a task group or a Service, or keep the handle and cancel it",
        scope: ["Sources/"]
    )

    /// Output goes through a logger or the command line's `Terminal`.
    static let printing = LineRule(
        name: "print",
        pattern: LinePattern(#"(?<![\w.])(print|debugPrint|dump|NSLog)\("#),
        message: "print in product code; use the logger, or Terminal in the command line",
        scope: ["Sources/"]
    )

    /// No operation that ends the process on a value it did not expect.
    static let traps = LineRule(
        name: "trap",
        pattern: LinePattern(#"\btry!|\bas!|(?<![\w.])(fatalError|preconditionFailure)\("#),
        message: "ends the process; throw a MartletError instead",
        scope: ["Sources/"]
    )

    /// Tests fail with a message, they do not trap.
    static let trapsInTests = LineRule(
        name: "trap in a test",
        pattern: LinePattern(#"\btry!|\bas!"#),
        message: "ends the test process; use try, #require or as?",
        scope: ["Tests/"]
    )

    /// `value!` and `Type!`.
    static let forceUnwrap = LineRule(
        name: "force unwrap",
        pattern: LinePattern(#"[\w)\]}"]!(?![=])"#),
        message: "force unwrap; use guard let, ?? or #require",
        scope: ["Sources/", "Tests/"],
        suffix: ".swift"
    )

    /// Names say what a thing does.
    static let utils = LineRule(
        name: "Utils",
        pattern: LinePattern(
            #"\b(struct|class|enum|actor|protocol|extension|typealias)\s+\w*(Utils?|Utilities|Helpers?)\b"#
        ),
        message: "a name that says nothing; name the thing for what it does",
        scope: ["Sources/", "Tests/"]
    )

    /// `package` access is enough for tests, and they run in release mode.
    static let testableImport = LineRule(
        name: "@testable",
        pattern: LinePattern(#"@testable\b"#),
        message: "@testable import; make the declaration package instead",
        scope: ["Tests/"]
    )

    /// Routes are registered through HTTPSupport's RouteTable, whose methods require a permission.
    static let routerOutsideTable = LineRule(
        name: "route without permission",
        pattern: LinePattern(#"\b\w*[rR]outer\w*\.(get|post|put|patch|delete|head|on|ws|group)\("#),
        message: "a route outside RouteTable has no permission; register it with RouteTable",
        scope: ["Sources/"],
        except: ["Sources/HTTPSupport/"]
    )

    /// One router, made where everything meets.
    static let routerOutsideServer = LineRule(
        name: "router outside Server",
        pattern: LinePattern(#"\bRouter(Group)?\s*[<(]"#),
        message: "a router of its own; take the RouteTable that Server makes",
        scope: ["Sources/"],
        except: ["Sources/HTTPSupport/", "Sources/Server/", "Sources/Fuzzing/"]
    )

    /// Middleware answers requests too, and knows of no permission: what stands around the routes is seen in one place.
    static let middlewareOutsideServer = LineRule(
        name: "middleware outside Server",
        pattern: LinePattern(#"\.(add|addMiddleware)\s*(\(\s*middleware:|\s*\{)"#),
        message: "middleware that is put around routes elsewhere than where everything meets",
        scope: ["Sources/"],
        except: ["Sources/Server/"]
    )

    /// SQL stays in the subset that SQLite and PostgreSQL share.
    static let sqlDialect = LineRule(
        name: "SQL dialect",
        pattern: LinePattern(
            #"^(?!\s*//).*(\bAUTOINCREMENT\b|\bINSERT OR \w|\bREPLACE INTO\b|\bPRAGMA\b|\bIFNULL\(|\bstrftime\(|\bjson_extract\()"#
        ),
        message: "SQL of one database only; use the subset that SQLite and PostgreSQL share",
        scope: ["Sources/"],
        except: ["Sources/Storage/"],
        raw: true
    )

    /// Nothing names the machine it was written on.
    static let machinePath = LineRule(
        name: "path of a machine",
        pattern: LinePattern(#"(^|[^\w./-])/(work|root)(/|\b)|\.\./shared\b"#),
        message: "a path of one machine",
        scope: [""],
        except: ["Tests/TidyTests/"],
        raw: true
    )

    /// Work that is left is an issue, not a comment.
    static let leftover = LineRule(
        name: "leftover",
        pattern: LinePattern(#"\b(TODO|FIXME|XXX|HACK)\b"#),
        message: "work left in a comment; finish it or file an issue",
        scope: [""],
        except: ["Tests/TidyTests/"],
        raw: true
    )

    /// Every rule that looks at lines.
    static let all: [LineRule] = [
        bareTask, printing, traps, trapsInTests, forceUnwrap, utils, testableImport, routerOutsideTable,
        routerOutsideServer, middlewareOutsideServer, sqlDialect,
        machinePath, leftover,
    ]
}
