import Core
import Storage
import Testing

@Suite struct SearchFilterTests {
    private func comparison(
        _ entity: String?,
        _ key: String,
        _ operation: SearchComparison.Operator,
        _ value: SearchComparison.Value
    ) -> SearchComparison {
        SearchComparison(field: SearchField(entity: entity, key: key), operation: operation, value: value)
    }

    @Test func readsEveryForm() throws {
        let cases: [(String, SearchComparison)] = [
            ("metrics.loss < 0.5", comparison("metrics", "loss", .less, .number("0.5"))),
            ("metrics.train.loss>=-1e3", comparison("metrics", "train.loss", .greaterOrEqual, .number("-1e3"))),
            ("metric.a = .5", comparison("metric", "a", .equal, .number(".5"))),
            ("params.`learning rate` != 'x'", comparison("params", "learning rate", .notEqual, .text("x"))),
            ("tags.\"a b\" like \"%x_\"", comparison("tags", "a b", .like, .text("%x_"))),
            ("tags.'k' ILIKE 'X%'", comparison("tags", "k", .ilike, .text("X%"))),
            ("name = 'it\"s'", comparison(nil, "name", .equal, .text("it\"s"))),
            ("`run name` = \"it's\"", comparison(nil, "run name", .equal, .text("it's"))),
            ("run_id IN ('a','b' , 'c')", comparison(nil, "run_id", .isIn, .texts(["a", "b", "c"]))),
            ("attributes.run_id not in ('a')", comparison("attributes", "run_id", .isNotIn, .texts(["a"]))),
            ("params.x IS NULL", comparison("params", "x", .isNull, .none)),
            ("params.x is not null", comparison("params", "x", .isNotNull, .none)),
            ("tags.and = 'AND'", comparison("tags", "and", .equal, .text("AND"))),
            ("metrics.日本 > 1", comparison("metrics", "日本", .greater, .number("1"))),
        ]
        for (text, expected) in cases { #expect(try SearchFilter.parse(text) == [expected], "\(text)") }
        #expect(try SearchFilter.parse(nil).isEmpty)
        #expect(try SearchFilter.parse("").isEmpty)
        #expect(try SearchFilter.parse("a = '1' AND b.c > 2 and d IS NULL").count == 3)
    }

    @Test(arguments: [
        "  ", "'; DROP TABLE runs;--", "a", "a =", "= 'x'", "a == 'x'", "a <> 'x'", "a = 'x' OR b = 'y'", "NOT a = 'x'",
        "(a = 'x')", "a = 'x' AND", "AND a = 'x'", "a = 'x' b = 'y'", "a = 'x", "a = x", "a = +1", "a = 1x", "a IN 'x'",
        "a IN ('x'", "a IN ('x',,)", "a IN ()", "a IN (1)", "a IS 'x'", "a IS NOT", "metrics. > 1", "a.b. = 'x' ;",
        "a = 'x' -- y", "a # 'x'", "a !> 1", "a NOT LIKE 'x'", "a = NaN",
    ])
    func refuses(_ text: String) {
        #expect {
            try SearchFilter.parse(text)
        } throws: { error in
            (error as? MartletError)?.code == .invalidArgument
        }
    }

    @Test func limits() throws {
        let one = "a = 'x'"
        let many = Array(repeating: one, count: SearchLimits.comparisons).joined(separator: " AND ")
        #expect(try SearchFilter.parse(many).count == SearchLimits.comparisons)
        #expect(throws: MartletError.self) { try SearchFilter.parse(many + " AND " + one) }
        let list = { (count: Int) in "a IN (" + Array(repeating: "'x'", count: count).joined(separator: ",") + ")" }
        #expect(try SearchFilter.parse(list(SearchLimits.listValues)).count == 1)
        #expect(throws: MartletError.self) { try SearchFilter.parse(list(SearchLimits.listValues + 1)) }
        let padding = { (bytes: Int) in one + String(repeating: " ", count: bytes - one.utf8.count) }
        #expect(try SearchFilter.parse(padding(SearchLimits.filterBytes)).count == 1)
        #expect(throws: MartletError.self) { try SearchFilter.parse(padding(SearchLimits.filterBytes + 1)) }
    }

    @Test func orders() throws {
        let orders = try SearchOrder.parse(["metrics.`a b` desc", "start_time", "params.x ASC"])
        #expect(orders.map(\.isAscending) == [false, true, true])
        #expect(orders.map(\.field.key) == ["a b", "start_time", "x"])
        for bad in ["", "a b", "a ASC DESC", "a DESC x", "1", "a = 1", "a;"] {
            #expect(throws: MartletError.self, "\(bad)") { try SearchOrder.parse([bad]) }
        }
        #expect(throws: MartletError.self) { try SearchOrder.parse(["a", "a DESC"]) }
        let entries = { (count: Int) in (0..<count).map { "k\($0)" } }
        #expect(try SearchOrder.parse(entries(SearchLimits.orderEntries)).count == SearchLimits.orderEntries)
        #expect(throws: MartletError.self) { try SearchOrder.parse(entries(SearchLimits.orderEntries + 1)) }
    }

    /// The beginnings of texts that MLflow's own tests look for.
    @Test(arguments: [
        ("a foo", "Invalid ordering key in order_by clause 'a foo'."),
        ("a ASC x", "Invalid order_by clause 'a ASC x'. Could not be parsed"),
        ("a, b", "Invalid order_by clause 'a, b'. Could not be parsed"),
        ("", "Invalid order_by clause ''. Could not be parsed"),
    ])
    func textsOfWrongOrders(_ entry: String, _ text: String) {
        #expect { try SearchOrder.parse([entry]) } throws: { error in
            (error as? MartletError)?.message.hasPrefix(text) == true
        }
    }

    @Test(arguments: ["a = 1 OR b = 2", "(a = 1)", "a", "a =", "a = 1;", "NOT a = 1", "a = 'x", "   "])
    func textsOfWrongFilters(_ filter: String) {
        #expect { try SearchFilter.parse(filter) } throws: { error in
            (error as? MartletError)?.message.hasPrefix("Invalid clause(s) in filter string") == true
        }
    }

    @Test func listsMayEndWithAComma() throws {
        #expect(try SearchFilter.parse("a IN ('x',)") == SearchFilter.parse("a IN ('x')"))
        for bad in ["a IN (,)", "a IN ()", "a IN ('x',,)", "a IN ('x', 1)"] {
            #expect(throws: MartletError.self, "\(bad)") { try SearchFilter.parse(bad) }
        }
    }

    @Test func valuesMustSuitTheirField() throws {
        let number = try #require(try SearchFilter.parse("a > 1").first)
        let text = try #require(try SearchFilter.parse("a = 'x'").first)
        #expect(try number.condition(onNumber: "c", named: "a") == SQLFragment("c > ?", [.integer(1)]))
        #expect(try text.condition(onText: "c", named: "a") == SQLFragment("c = ?", ["x"]))
        #expect(throws: MartletError.self) { try number.condition(onText: "c", named: "a") }
        #expect(throws: MartletError.self) { try text.condition(onNumber: "c", named: "a") }
        let huge = try #require(try SearchFilter.parse("a > 1e999").first)
        #expect(throws: MartletError.self) { try huge.condition(onNumber: "c", named: "a") }
    }
}
